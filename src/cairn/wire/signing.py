"""Signing what Cairn sends: SigV4 by botocore's own signer."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from cairn.wire.http import Headers

UNSIGNED = "UNSIGNED-PAYLOAD"

_OWN = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key to sign with."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


class _Signer(SigV4Auth):
    """S3's dialect: the path is signed as it stands, and the payload's hash is what the header says."""

    def _normalize_url_path(self, path: str) -> str:
        return path

    def payload(self, request: AWSRequest) -> str:
        declared: str = request.headers["X-Amz-Content-SHA256"]
        return declared


def sign(
    method: str,
    url: str,
    headers: Headers,
    credentials: Credentials,
    *,
    service: str,
    region: str,
    payload_hash: str = UNSIGNED,
) -> Headers:
    """`headers` with a new SigV4 signature in place of whatever signature they had.

    Args:
        url: absolute, percent-encoded as it will be sent, with its query.
        payload_hash: hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    """
    signed = headers.copy()
    signed.remove(*_OWN)
    signed.set("x-amz-content-sha256", payload_hash)
    request = AWSRequest(method=method, url=url)
    for name, value in signed:
        if name == "host" or name.startswith("x-amz-") or name == "content-md5":
            request.headers[name] = value
    _Signer(
        BotoCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token or None),
        service,
        region,
    ).add_auth(request)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
        if name in request.headers:
            signed.set(name.lower(), request.headers[name])
    return signed
