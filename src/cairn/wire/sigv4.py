"""Verifying SigV4: the signature in the Authorization header or in the query of a presigned URL.

`read` takes apart what a request says of its signature and refuses what is malformed, expired or leaves out headers
that must be signed. `Claim.verify` then proves it with the key's secret. What the request was sent as is what is
signed: the raw path and query, never their parsed form.
"""

from __future__ import annotations

import calendar
import functools
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_tz
from typing import Literal
from urllib.parse import unquote

from cairn.core.clock import utc
from cairn.core.errors import AwsError
from cairn.wire.canonical import canonical_requests
from cairn.wire.http import Request
from cairn.wire.refusals import (
    Dialect,
    Reason,
    bad_payload_hash,
    not_signed,
    refusal,
    skewed,
    two_mechanisms,
    unsupported_algorithm,
    url_expired,
)

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_CHUNKS_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNKED = (SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER, UNSIGNED_CHUNKS_TRAILER)
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

URL_SECONDS_MAX = 604_800
URL_SECONDS_DEFAULT = 900
SIGNING_KEYS_MAX = 4096

_PRESIGNED = re.compile(r"(?:^|&)X-Amz-(?:Algorithm|Signature)=")
_HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_BASIC_TIME = re.compile(r"\d{8}T\d{6}Z")
_ONCE = ("authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "host")
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
    """What is signed in the place of the body's hash: a hex SHA-256, one of the constants above, or empty where the
    request leaves it to the receiver to compute."""
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


def declared_payload(request: Request) -> str:
    """What a request that nobody verifies says of its body's hash or encoding; empty if nothing that can be used."""
    declared = request.headers.get("x-amz-content-sha256")
    if declared in CHUNKED or _HEX_SHA256.fullmatch(declared):
        return declared
    is_chunked = "aws-chunked" in request.headers.get("content-encoding")
    return UNSIGNED_CHUNKS_TRAILER if is_chunked else ""


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
    _check_once(request, dialect)
    timestamp, time = _header_time(request, dialect)
    if abs(now - time) > skew:
        raise skewed(dialect, timestamp, time, now, skew)
    key_id, region, service = _credential(parts["Credential"], timestamp, Reason.MALFORMED, dialect)
    signed = _signed_headers(request, parts["SignedHeaders"], Reason.MALFORMED, dialect)
    return Claim(
        key_id=key_id,
        token=request.headers.get("x-amz-security-token"),
        presigned=False,
        timestamp=timestamp,
        region=region,
        service=service,
        signed_headers=signed,
        signature=parts["Signature"],
        payload=_payload(request.headers.get("x-amz-content-sha256"), dialect),
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
    _check_once(request, dialect)
    timestamp = given["X-Amz-Date"]
    time = _basic_time(timestamp)
    if time is None:
        text = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise refusal(Reason.MALFORMED_QUERY, dialect, text)
    _check_url_time(given.get("X-Amz-Expires", str(URL_SECONDS_DEFAULT)), timestamp, time, dialect, now, skew)
    key_id, region, service = _credential(given["X-Amz-Credential"], timestamp, Reason.MALFORMED_QUERY, dialect)
    signed = _signed_headers(request, given["X-Amz-SignedHeaders"], Reason.MALFORMED_QUERY, dialect)
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
        payload=_payload(declared, dialect),
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


def _check_url_time(expires: str, timestamp: str, time: float, dialect: Dialect, now: float, skew: float) -> None:
    if not re.fullmatch(r"-?\d{1,12}", expires):
        raise refusal(Reason.MALFORMED_QUERY, dialect, "X-Amz-Expires should be a number")
    seconds = int(expires)
    if seconds < 1:
        raise refusal(Reason.MALFORMED_QUERY, dialect, "X-Amz-Expires must be non-negative")
    if seconds > URL_SECONDS_MAX:
        text = f"X-Amz-Expires must be less than a week (in seconds) that is {URL_SECONDS_MAX}"
        raise refusal(Reason.MALFORMED_QUERY, dialect, text)
    if time > now + skew:
        if dialect is Dialect.S3:
            raise AwsError("AccessDenied", "Request is not valid yet", 403)
        raise skewed(dialect, timestamp, time, now, skew)
    if now > time + seconds:
        raise url_expired(dialect, timestamp, time + seconds, now, **{"X-Amz-Expires": expires})


def _check_once(request: Request, dialect: Dialect) -> None:
    """A field that decides must not be there twice: whoever reads it next could take the other one."""
    seen = set()
    for name, _ in request.headers:
        if name in _ONCE:
            if name in seen:
                raise refusal(Reason.MALFORMED, dialect, f"The request has more than one {name} header.")
            seen.add(name)


def _header_time(request: Request, dialect: Dialect) -> tuple[str, float]:
    """The request's time as in the string to sign, and in seconds."""
    text = request.headers.get("x-amz-date")
    time = _basic_time(text)
    if time is not None:
        return text, time
    date = request.headers.get("date")
    if not text and (time := _basic_time(date)) is not None:
        return date, time
    parsed = parsedate_tz(date) if date and not text else None
    if parsed is not None:
        try:
            time = calendar.timegm(parsed[:6]) - (parsed[9] or 0)
            return utc(time).strftime("%Y%m%dT%H%M%SZ"), time
        except (ValueError, OverflowError):
            parsed = None  # a year or an hour that no calendar has
    if dialect is Dialect.S3:
        raise AwsError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403)
    text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    raise refusal(Reason.MALFORMED, dialect, text)


def _basic_time(text: str) -> int | None:
    """Seconds since the epoch of `20231114T221320Z`; None if it is no such time."""
    if not _BASIC_TIME.fullmatch(text) or not text.isascii():
        return None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    hour, minute, second = int(text[9:11]), int(text[11:13]), int(text[13:15])
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def _credential(text: str, timestamp: str, reason: Reason, dialect: Dialect) -> tuple[str, str, str]:
    """Access key, region and service of `key/date/region/service/aws4_request`."""
    parts = text.rsplit("/", 4)
    if len(parts) != 5 or not parts[0]:
        if dialect is Dialect.S3:
            problem = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        else:
            problem = (
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
                f"got '{text}'"
            )
        raise _malformed_credential(problem, reason, dialect)
    key_id, date, region, service, term = parts
    if term != "aws4_request":
        problem = f"Credential should be scoped with a valid terminator: 'aws4_request', not '{term}'."
        raise _malformed_credential(problem, reason, dialect)
    if date != timestamp[:8]:
        if dialect is Dialect.S3:
            problem = f'Invalid credential date "{date}". This date is not the same as X-Amz-Date: "{timestamp[:8]}".'
            raise _malformed_credential(problem, reason, dialect)
        problem = (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{date}' != '{timestamp[:8]}', from '{timestamp}'."
        )
        raise refusal(Reason.MISMATCH, dialect, problem)
    if not region or not service:
        raise _malformed_credential("Credential must name a region and a service.", reason, dialect)
    return key_id, region, service


def _malformed_credential(problem: str, reason: Reason, dialect: Dialect) -> AwsError:
    if dialect is Dialect.S3:
        start = (
            "Error parsing the X-Amz-Credential parameter"
            if reason is Reason.MALFORMED_QUERY
            else ("The authorization header is malformed")
        )
        problem = f"{start}; {problem}"
    return refusal(reason, dialect, problem)


def _signed_headers(request: Request, text: str, reason: Reason, dialect: Dialect) -> tuple[str, ...]:
    """The names that the signature covers; all that must be covered are among them."""
    names = tuple(text.split(";"))
    if list(names) != sorted(set(names)) or text != text.lower() or "" in names:
        raise refusal(reason, dialect, "SignedHeaders must be lower-case names in alphabetical order, each once.")
    missing = sorted({name for name in _must_be_signed(request) if name not in names})
    if missing:
        raise not_signed(dialect, missing)
    return names


def _must_be_signed(request: Request) -> Iterator[str]:
    yield "host"
    for name, _ in request.headers:
        if name.startswith("x-amz-"):
            yield name


def _payload(declared: str, dialect: Dialect) -> str:
    if not declared:
        if dialect is Dialect.S3:
            raise AwsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        return ""
    if declared == UNSIGNED_PAYLOAD or declared in CHUNKED or _HEX_SHA256.fullmatch(declared):
        return declared
    raise bad_payload_hash(dialect, declared, [UNSIGNED_PAYLOAD, *CHUNKED])
