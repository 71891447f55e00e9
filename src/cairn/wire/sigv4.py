"""Verifying SigV4: the signature in the Authorization header or in the query of a presigned URL.

`read` takes apart what a request says of its signature and refuses what is malformed, expired or leaves out headers
that must be signed. `Claim.verify` then proves it with the key's secret. What the request was sent as is what is
signed: the raw path and query, never their parsed form.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from cairn.wire.canonical import canonical_requests
from cairn.wire.http import Request
from cairn.wire.refusals import Dialect, Reason, refusal, skewed, two_mechanisms, unsupported_algorithm
from cairn.wire.sigv4_fields import (
    UNSIGNED_PAYLOAD,
    URL_SECONDS_DEFAULT,
    basic_time,
    check_once,
    check_url_time,
    header_time,
    parse_credential,
    parse_payload,
    parse_signed_headers,
)

ALGORITHM = "AWS4-HMAC-SHA256"
SIGNING_KEYS_MAX = 4096

_PRESIGNED = re.compile(r"(?:^|&)X-Amz-(?:Algorithm|Signature)=")
_QUERY_ONCE = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
)


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature that held, and what the chunks of its body are signed with."""

    signature: str
    signing_key: bytes
    timestamp: str
    scope: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its own signature. Nothing of it is proven before `verify`."""

    key_id: str
    token: str
    presigned: bool
    timestamp: str
    """As in the string to sign: `20231114T221320Z`."""
    region: str
    service: str
    """The scope's service: a signing name, such as `monitoring`."""
    signed_headers: tuple[str, ...]
    signature: str
    payload: str
    """What is signed in the place of the body's hash: a hex SHA-256, a constant of `sigv4_fields`, or empty where
    the request leaves it to the receiver to compute."""
    dialect: Dialect

    version: Literal["SigV4"] = "SigV4"

    @property
    def method(self) -> Literal["AuthHeader", "QueryString"]:
        return "QueryString" if self.presigned else "AuthHeader"

    @property
    def scope(self) -> str:
        return f"{self.timestamp[:8]}/{self.region}/{self.service}/aws4_request"

    def verify(self, request: Request, secret: str, body_sha256: str = "") -> Proof:
        """Prove the signature.

        Args:
            body_sha256: hex SHA-256 of the body, needed where `payload` is empty.

        Raises:
            AwsError: it does not hold.
        """
        key = signing_key(secret, self.timestamp[:8], self.region, self.service)
        to_sign, canonical = "", b""
        for canonical in canonical_requests(
            request,
            service=self.service,
            signed_headers=self.signed_headers,
            payload=self.payload or body_sha256,
            without="X-Amz-Signature" if self.presigned else "",
        ):
            digest = hashlib.sha256(canonical).hexdigest()
            to_sign = f"{ALGORITHM}\n{self.timestamp}\n{self.scope}\n{digest}"
            expected = hmac.digest(key, to_sign.encode(), "sha256").hex()
            if hmac.compare_digest(expected.encode(), self.signature.encode()):
                return Proof(self.signature, key, self.timestamp, self.scope)
        raise refusal(
            Reason.MISMATCH,
            self.dialect,
            AWSAccessKeyId=self.key_id,
            StringToSign=to_sign,
            SignatureProvided=self.signature,
            CanonicalRequest=canonical.decode("utf-8", "replace"),
        )


def read(request: Request, dialect: Dialect, *, now: float, skew: float) -> Claim | None:
    """What `request` says of its SigV4 signature; None if it has none.

    Args:
        now: seconds since the epoch.
        skew: how many seconds the request's time may be from `now`.

    Raises:
        AwsError: malformed, unsupported, out of time, or it leaves out headers that must be signed.
    """
    header = request.headers.get("authorization")
    presigned = _PRESIGNED.search(request.query) is not None
    if presigned and header:
        raise two_mechanisms(dialect)
    if presigned:
        return _from_query(request, dialect, now, skew)
    if header.startswith("AWS4-"):
        return _from_header(request, header, dialect, now, skew)
    return None


def key_id_of(request: Request) -> str:
    """The access key that `request` names, however malformed the rest of its signature is; empty if it names none."""
    header = request.headers.get("authorization")
    if header.startswith("AWS4-"):
        credential = header.partition("Credential=")[2].partition(",")[0].strip()
    else:
        credential = dict(request.query_pairs()).get("X-Amz-Credential", "")
    return credential.rsplit("/", 4)[0]


@functools.lru_cache(maxsize=SIGNING_KEYS_MAX)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _from_header(request: Request, header: str, dialect: Dialect, now: float, skew: float) -> Claim:
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise unsupported_algorithm(dialect, algorithm)
    parts = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        parts[name] = value
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    if missing:
        text = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        raise refusal(Reason.MALFORMED, dialect, text)
    check_once(request, dialect)
    timestamp, time = header_time(request, dialect)
    if abs(now - time) > skew:
        raise skewed(dialect, timestamp, time, now, skew)
    key_id, region, service = parse_credential(parts["Credential"], timestamp, Reason.MALFORMED, dialect)
    signed = parse_signed_headers(request, parts["SignedHeaders"], Reason.MALFORMED, dialect)
    return Claim(
        key_id=key_id,
        token=request.headers.get("x-amz-security-token"),
        presigned=False,
        timestamp=timestamp,
        region=region,
        service=service,
        signed_headers=signed,
        signature=parts["Signature"],
        payload=parse_payload(request.headers.get("x-amz-content-sha256"), dialect),
        dialect=dialect,
    )


def _from_query(request: Request, dialect: Dialect, now: float, skew: float) -> Claim:
    given = _query_parameters(request, dialect)
    algorithm = given.get("X-Amz-Algorithm", "")
    if algorithm != ALGORITHM:
        raise unsupported_algorithm(dialect, algorithm)
    required = ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders"]
    if dialect is Dialect.S3:
        required.append("X-Amz-Expires")
    if missing := [name for name in required if not given.get(name)]:
        if dialect is Dialect.S3:
            text = (
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
            )
        else:
            text = " ".join(f"AWS query-string parameters must include '{name}'." for name in missing)
        raise refusal(Reason.MALFORMED_QUERY, dialect, text)
    check_once(request, dialect)
    timestamp = given["X-Amz-Date"]
    time = basic_time(timestamp)
    if time is None:
        text = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise refusal(Reason.MALFORMED_QUERY, dialect, text)
    check_url_time(given.get("X-Amz-Expires", str(URL_SECONDS_DEFAULT)), timestamp, time, dialect, now, skew)
    key_id, region, service = parse_credential(given["X-Amz-Credential"], timestamp, Reason.MALFORMED_QUERY, dialect)
    signed = parse_signed_headers(request, given["X-Amz-SignedHeaders"], Reason.MALFORMED_QUERY, dialect)
    declared = request.headers.get("x-amz-content-sha256") or given.get("X-Amz-Content-Sha256", "")
    if not declared and dialect is Dialect.S3:
        declared = UNSIGNED_PAYLOAD
    return Claim(
        key_id=key_id,
        token=given.get("X-Amz-Security-Token", ""),
        presigned=True,
        timestamp=timestamp,
        region=region,
        service=service,
        signed_headers=signed,
        signature=given["X-Amz-Signature"],
        payload=parse_payload(declared, dialect),
        dialect=dialect,
    )


def _query_parameters(request: Request, dialect: Dialect) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in request.query.split("&"):
        name, _, value = part.partition("=")
        if name in _QUERY_ONCE:
            if name in given:
                raise refusal(Reason.MALFORMED_QUERY, dialect, f"The query names {name} more than once.")
            given[name] = unquote(value)
    return given
