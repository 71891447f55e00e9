"""Signing what Cairn sends with SigV4, over the same canonical request as it verifies."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from cairn.core.clock import SystemClock, utc
from cairn.wire.canonical import canonical_request
from cairn.wire.http import Headers
from cairn.wire.sigv4 import ALGORITHM, signing_key

UNSIGNED = "UNSIGNED-PAYLOAD"

_OWN = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")

_clock = SystemClock()


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key to sign with."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


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
        headers: with `host`, their values as text that is sent as UTF-8.
        service: its signing name.
        payload_hash: hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    """
    timestamp = _timestamp(int(_clock.now()))
    signed = headers.copy()
    signed.remove(*_OWN)
    signed.add("x-amz-content-sha256", payload_hash)
    signed.add("x-amz-date", timestamp)
    if credentials.session_token:
        signed.add("x-amz-security-token", credentials.session_token)
    parts = urlsplit(url)
    # Any whitespace of Unicode's is a space to botocore and to Go's servers, who see text where we verify bytes.
    covered = Headers((name, " ".join(value.split())) for name, value in signed if _is_signed(name))
    names = tuple(sorted({name for name, _ in covered}))
    canonical = canonical_request(
        method, parts.path, parts.query, covered, service=service, signed_headers=names, payload=payload_hash
    )
    scope = f"{timestamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = signing_key(credentials.secret_access_key, timestamp[:8], region, service)
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    signed.add(
        "authorization",
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}",
    )
    return signed


def _is_signed(name: str) -> bool:
    return name == "host" or name.startswith("x-amz-") or name == "content-md5"


@lru_cache(maxsize=2)
def _timestamp(second: int) -> str:
    return utc(second).strftime("%Y%m%dT%H%M%SZ")
