"""Sending a request to a server that speaks HTTP, its body and the reply's streamed."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import aiohttp
from yarl import URL

from cairn.wire.http import Headers, Response, UpstreamUnavailable

CONNECT_S = 5.0
READ_S = 300.0
CONNECTIONS_MAX = 200
CHUNK_BYTES = 64 << 10

_HOP_BY_HOP = ("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection")


class HttpClient:
    """A pool of connections. Make it inside a running event loop; close it there."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=60),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=READ_S),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None = None
    ) -> Response:
        """The reply, its body an iterator that must be read to its end or closed.

        Args:
            url: absolute; its path and query are sent as they stand.
            headers: sent as they stand, without those that concern one connection only. A streamed body needs
                content-length, or is sent in chunks.

        Raises:
            UpstreamUnavailable: no connection, or it broke before the reply's head.
            Exception: whatever `body` raised, such as that it is not what its caller signed. The upstream then has
                not got all of it.
        """
        sent = [(name, value) for name, value in headers if name not in _HOP_BY_HOP]
        failed: list[Exception] = []
        data = body if body is None or isinstance(body, bytes) else _watched(body, failed)
        try:
            reply = await self._session.request(
                method, URL(url, encoded=True), headers=sent, data=data, allow_redirects=False
            )
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError, ssl.SSLError) as error:
            if failed:
                raise failed[0] from None
            raise UpstreamUnavailable(f"{URL(url).origin()}: {error or type(error).__name__}") from error
        received = Headers(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in reply.raw_headers
            if name.decode("latin-1").lower() not in _HOP_BY_HOP
        )
        return Response(reply.status, received, _chunks(reply))

    async def close(self) -> None:
        await self._session.close()


async def _watched(body: AsyncIterator[bytes], failed: list[Exception]) -> AsyncIterator[bytes]:
    """`body`, keeping the error that ends it: the HTTP library only says that the connection broke."""
    try:
        async for chunk in body:
            yield chunk
    except Exception as error:
        failed.append(error)
        raise


async def _chunks(reply: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in reply.content.iter_chunked(CHUNK_BYTES):
            yield chunk
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
        raise UpstreamUnavailable(f"the reply broke off: {error or type(error).__name__}") from error
    finally:
        reply.release()


async def read_body(response: Response, *, bytes_max: int) -> bytes:
    """The whole body of a reply.

    Raises:
        UpstreamUnavailable: it is larger than `bytes_max`, or broke off.
    """
    if isinstance(response.body, bytes):
        return response.body
    parts = []
    size = 0
    async for chunk in response.body:
        size += len(chunk)
        if size > bytes_max:
            raise UpstreamUnavailable(f"the reply is larger than {bytes_max} bytes")
        parts.append(chunk)
    return b"".join(parts)
