"""Verifying S3's older signature (HMAC-SHA1): the header `AWS key:signature`, and the presigned URLs that boto3 still
makes by default. It covers neither the body nor most of the query."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from botocore.auth import HmacV1Auth

from cairn.core.errors import AwsError
from cairn.wire.canonical import wire_bytes
from cairn.wire.http import Request
from cairn.wire.refusals import Dialect, Reason, refusal, skewed, two_mechanisms, url_expired
from cairn.wire.sigv4 import Proof
from cairn.wire.sigv4_fields import UNSIGNED_CHUNKS_TRAILER, UNSIGNED_PAYLOAD, mail_time

_SUB_RESOURCES = frozenset(HmacV1Auth.QSAOfInterest)
_IN_QUERY = ("content-md5", "content-type")
_ONCE = ("AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its own signature. Nothing of it is proven before `verify`."""

    key_id: str
    token: str
    presigned: bool
    signature: str
    payload: str
    expires: str
    """Of a presigned URL, seconds since the epoch as sent; empty otherwise."""
    host_bucket: str
    """The bucket, where the host names it."""
    dialect: Dialect = Dialect.S3

    version: Literal["SigV2"] = "SigV2"

    @property
    def method(self) -> Literal["AuthHeader", "QueryString"]:
        return "QueryString" if self.presigned else "AuthHeader"

    def verify(self, request: Request, secret: str, body_sha256: str = "") -> Proof:
        """Prove the signature. `body_sha256` is not used: the body is not signed.

        Raises:
            AwsError: it does not hold.
        """
        to_sign = b""
        for path in self._paths(request):
            to_sign = self._string_to_sign(request, path)
            expected = base64.b64encode(hmac.digest(secret.encode(), to_sign, "sha1"))
            if hmac.compare_digest(expected, self.signature.encode()):
                return Proof(self.signature, b"", "", "")
        raise refusal(
            Reason.MISMATCH,
            self.dialect,
            AWSAccessKeyId=self.key_id,
            StringToSign=to_sign.decode("utf-8", "replace"),
            SignatureProvided=self.signature,
        )

    def _paths(self, request: Request) -> list[str]:
        """The paths that may be signed: a bucket's own with a slash at its end too, as botocore does."""
        if self.host_bucket:
            return [f"/{self.host_bucket}{request.path}"]
        is_bucket = len(request.path) > 1 and request.path.count("/") == 1
        return [f"{request.path}/", request.path] if is_bucket else [request.path]

    def _string_to_sign(self, request: Request, path: str) -> bytes:
        fields: dict[str, str] = {}
        if self.presigned:  # botocore moves headers that it signs into the query
            for name, value in request.query_pairs():
                if name.lower().startswith("x-amz-") or name.lower() in _IN_QUERY:
                    fields[name.lower()] = value
        sent: dict[str, str] = {}
        for name, value in request.headers:
            sent[name] = f"{sent[name]},{value.strip(' ')}" if name in sent else value.strip(" ")
        fields |= sent
        # A header x-amz-date replaces Date, which is then signed as if it were empty.
        date = self.expires if self.presigned else "" if "x-amz-date" in fields else fields.get("date", "")
        lines = [request.method.upper(), fields.get("content-md5", ""), fields.get("content-type", ""), date]
        lines += [f"{name}:{fields[name]}" for name in sorted(fields) if name.startswith("x-amz-")]
        lines.append(_resource(request, path))
        return wire_bytes("\n".join(lines))


def read(request: Request, *, now: float, skew: float, host_bucket: str = "") -> Claim | None:
    """What `request` says of its SigV2 signature; None if it has none.

    Args:
        now: seconds since the epoch.
        skew: how many seconds the request's time may be from `now`.
        host_bucket: the bucket, where the host names it.

    Raises:
        AwsError: malformed, or out of time.
    """
    header = request.headers.get("authorization")
    given: dict[str, str] = {}
    for name, value in request.query_pairs():
        if name in _ONCE and name in given:
            raise AwsError("InvalidArgument", f"The query names {name} more than once.")
        given[name] = value
    presigned = "AWSAccessKeyId" in given and "Signature" in given
    if presigned and header:
        raise two_mechanisms(Dialect.S3)
    declared = request.headers.get("x-amz-content-sha256")
    payload = declared if declared == UNSIGNED_CHUNKS_TRAILER else UNSIGNED_PAYLOAD
    if presigned:
        _check_expires(given.get("Expires", ""), now)
        token = given.get("x-amz-security-token") or request.headers.get("x-amz-security-token")
        return Claim(given["AWSAccessKeyId"], token, True, given["Signature"], payload, given["Expires"], host_bucket)
    if not header.startswith("AWS "):
        return None
    key_id, _, signature = header[4:].strip().rpartition(":")
    if not key_id or not signature:
        text = "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature"
        raise AwsError("InvalidArgument", text, ArgumentName="Authorization", ArgumentValue=header)
    if len(request.headers.all("authorization")) > 1:
        raise refusal(Reason.MALFORMED, Dialect.S3, "The request has more than one authorization header.")
    _check_date(request, now, skew)
    return Claim(key_id, request.headers.get("x-amz-security-token"), False, signature, payload, "", host_bucket)


def key_id_of(request: Request) -> str:
    """The access key that `request` names, however malformed the rest of its signature is; empty if it names none."""
    header = request.headers.get("authorization")
    if header.startswith("AWS "):
        return header[4:].strip().rpartition(":")[0]
    return dict(request.query_pairs()).get("AWSAccessKeyId", "")


def _check_expires(expires: str, now: float) -> None:
    if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
        text = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        raise AwsError("AccessDenied", text, 403)
    if now > int(expires):
        raise url_expired(Dialect.S3, "", float(expires), now)


def _check_date(request: Request, now: float, skew: float) -> None:
    text = request.headers.get("x-amz-date") or request.headers.get("date")
    time = mail_time(text)
    if time is None:
        raise AwsError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403)
    if abs(now - time) > skew:
        raise skewed(Dialect.S3, text, time, now, skew)


def _resource(request: Request, path: str) -> str:
    """What is asked for: `path` with the sub-resources that the query names."""
    named = []
    for part in request.query.split("&"):
        name, equals, value = part.partition("=")
        if name in _SUB_RESOURCES:
            named.append((name, f"{name}{equals}{unquote(value)}"))
    if not named:
        return path
    named.sort(key=lambda pair: pair[0])
    return f"{path}?{'&'.join(text for _, text in named)}"
