"""Sending a call on to an AWS-shaped endpoint elsewhere: MinIO, Ceph, AWS itself, another Cairn."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable

from cairn.wire.checksums import ALGORITHMS, PREFIX
from cairn.wire.client import HttpClient
from cairn.wire.endpoint import Endpoint
from cairn.wire.http import Call, Headers, Response
from cairn.wire.models import index
from cairn.wire.signing import UNSIGNED, Credentials, sign
from cairn.wire.sigv4_fields import UNSIGNED_CHUNKS_TRAILER
from cairn.wire.trailing import Trailing

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
    """An endpoint elsewhere.

    The call is signed anew with the credentials that the endpoint came with (`http://KEY:SECRET@minio:9000`), or else
    with the caller's own, where Cairn knows their secret. A caller whose secret is unknown is passed on as it came,
    under the host name that it signed.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        client: Callable[[], HttpClient],
        credentials_of: Callable[[str], Credentials | None],
    ) -> None:
        self._endpoint = endpoint
        self._client = client
        self._credentials_of = credentials_of

    async def send(self, call: Call) -> Response:
        request = call.request
        headers = request.headers.copy()
        headers.remove("expect")
        body: bytes | AsyncIterator[bytes] = request.body if call.body is None else call.body
        if call.body is not None:
            headers.set("content-length", str(len(call.body)))
        credentials = self._endpoint.credentials or self._credentials_of(call.identity.access_key_id)
        if credentials is None:
            url = self._url(request.path, request.query)
            return await self._client().send(request.method, url, headers, body)
        url = self._url(_path(call), _without_signature(request.query))
        headers.remove("authorization")
        headers.set("host", self._endpoint.host)
        payload, body = _payload(call, headers, body)
        headers = sign(
            request.method,
            url,
            headers,
            credentials,
            service=index().services[call.service].signing_name,
            region=call.region,
            payload_hash=payload,
        )
        return await self._client().send(request.method, url, headers, body)

    def _url(self, path: str, query: str) -> str:
        return self._endpoint.url + path + (f"?{query}" if query else "")


def _path(call: Call) -> str:
    """The path with the bucket in it: the host that named it is not the endpoint's."""
    return f"/{call.host_bucket}{call.request.path}" if call.host_bucket else call.request.path


def _payload(
    call: Call, headers: Headers, body: bytes | AsyncIterator[bytes]
) -> tuple[str, bytes | AsyncIterator[bytes]]:
    """What to sign in the place of the body's hash, and the body to send. A checksum that came as a trailer is
    computed again and follows as one; content-encoding does not say so, since some servers would keep it."""
    if call.service != "s3":
        return hashlib.sha256(body).hexdigest() if isinstance(body, bytes) else UNSIGNED, body
    algorithm = headers.get("x-amz-sdk-checksum-algorithm").lower()
    length = headers.get("content-length")
    is_told = any(name.startswith(PREFIX) for name, _ in headers)
    if isinstance(body, bytes) or algorithm not in ALGORITHMS or is_told or not length:
        return UNSIGNED, body
    trailing = Trailing(int(length), algorithm)
    trailing.declare(headers)
    return UNSIGNED_CHUNKS_TRAILER, trailing.around(body)


def _without_signature(query: str) -> str:
    """`query` without the members of a presigned URL, its other bytes untouched."""
    return "&".join(part for part in query.split("&") if part.partition("=")[0].lower() not in _QUERY_AUTH)
