"""Sending a call on to an AWS-shaped endpoint elsewhere: MinIO, Ceph, AWS itself, another Cairn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from cairn.core.errors import ConfigurationError
from cairn.wire.client import HttpClient
from cairn.wire.http import Call, Response
from cairn.wire.models import index
from cairn.wire.signing import UNSIGNED, Credentials, sign

_QUERY_AUTH = {
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
    "expires",
}


class HttpUpstream:
    """An endpoint by URL.

    The call is signed anew with the credentials that the URL holds (`http://KEY:SECRET@minio:9000`, `/` and `+` in the
    secret written as `%2F` and `%2B`), or else with the caller's own, where Cairn knows their secret. A caller whose
    secret is unknown is passed on as it came, under the host name that it signed.
    """

    def __init__(
        self,
        url: str,
        *,
        client: Callable[[], HttpClient],
        credentials_of: Callable[[str], Credentials | None],
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(f"the upstream {url} is no http:// or https:// address")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._netloc = f"{host}:{parts.port}" if parts.port else host
        self._base = urlunsplit((parts.scheme, self._netloc, parts.path.rstrip("/"), "", ""))
        self._credentials = _credentials(parts)
        self._client = client
        self._credentials_of = credentials_of

    async def send(self, call: Call) -> Response:
        request = call.request
        headers = request.headers.copy()
        credentials = self._credentials or self._credentials_of(call.identity.access_key_id)
        query = request.query
        if credentials is not None:
            query = _without_signature(query)
            headers.set("host", self._netloc)
        url = self._base + request.path + (f"?{query}" if query else "")
        if credentials is not None:
            headers.remove("authorization")
            headers = sign(
                request.method,
                url,
                headers,
                credentials,
                service=index().services[call.service].signing_name,
                region=call.region,
                payload_hash=UNSIGNED
                if call.body is None or call.service == "s3"
                else hashlib.sha256(call.body).hexdigest(),
            )
        if call.body is not None:
            headers.set("content-length", str(len(call.body)))
        headers.remove("expect")
        return await self._client().send(
            request.method, url, headers, call.body if call.body is not None else request.body
        )


def _credentials(url: SplitResult) -> Credentials | None:
    return Credentials(unquote(url.username), unquote(url.password or "")) if url.username else None


def _without_signature(query: str) -> str:
    """`query` without the members of a presigned URL, its other bytes untouched."""
    return "&".join(part for part in query.split("&") if part.partition("=")[0].lower() not in _QUERY_AUTH)
