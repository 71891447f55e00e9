"""Sending a request to a server that speaks HTTP, its body and the reply's streamed."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import aiohttp
from yarl import URL

from cairn.wire.http import Headers, Response, UpstreamUnavailable

CONNECT_S = 5.0
READ_S = 900.0
"""Longest silence of a server that lives: some calls of AWS take so long."""
SILENT_S = 5.0
"""Silence after which a server is asked whether it lives, and again as long as it is silent."""
ALIVE_S = 10.0
"""What it has for any answer at all."""
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
        self._probe = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),  # its own: the pool may be full of those who wait
            timeout=aiohttp.ClientTimeout(total=ALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._probing: dict[str, asyncio.Task[bool]] = {}  # by origin

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None = None
    ) -> Response:
        """The reply, its body an iterator that must be read to its end or closed.

        Args:
            url: absolute; its path and query are sent as they stand.
            headers: sent as they stand, without those that concern one connection only. A streamed body needs
                content-length, or is sent in chunks.

        Raises:
            UpstreamUnavailable: no connection, it broke before the reply's head, or the server hangs: it answers
                nothing at all.
            Exception: whatever `body` raised, such as that it is not what its caller signed. The upstream then has
                not got all of it.
        """
        sent = [(name, value) for name, value in headers if name not in _HOP_BY_HOP]
        failed: list[Exception] = []
        data = body if body is None or isinstance(body, bytes) else _watched(body, failed)
        try:
            async with self._while_alive(str(URL(url).origin())):
                reply = await self._session.request(
                    method, URL(url, encoded=True), headers=sent, data=data, allow_redirects=False
                )
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError, ssl.SSLError) as error:
            if failed:
                raise failed[0] from None
            raise UpstreamUnavailable(f"{URL(url).origin()}: {_reason(error)}") from error
        received = Headers(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in reply.raw_headers
            if name.decode("latin-1").lower() not in _HOP_BY_HOP
        )
        return Response(reply.status, received, _chunks(reply))

    async def close(self) -> None:
        await self._session.close()
        await self._probe.close()

    @contextlib.asynccontextmanager
    async def _while_alive(self, origin: str) -> AsyncIterator[None]:
        """Go on for as long as the server lives.

        Raises:
            TimeoutError: it hangs.
        """
        loop = asyncio.get_running_loop()
        watching: list[asyncio.Task[None]] = []
        async with asyncio.timeout(None) as patience:

            def watch() -> None:
                watching.append(loop.create_task(self._watch(origin, patience)))

            silent = loop.call_later(SILENT_S, watch)
            try:
                yield
            finally:
                silent.cancel()
                for task in watching:
                    task.cancel()

    async def _watch(self, origin: str, patience: asyncio.Timeout) -> None:
        while await self._lives(origin):
            await asyncio.sleep(SILENT_S)
        patience.reschedule(asyncio.get_running_loop().time())

    async def _lives(self, origin: str) -> bool:
        """Whether the server answers anything. Those who wait for the same server share the question."""
        asking = self._probing.get(origin)
        if asking is None:
            asking = self._probing[origin] = asyncio.ensure_future(self._ask(origin))
            asking.add_done_callback(lambda _: self._probing.pop(origin))
        return await asyncio.shield(asking)

    async def _ask(self, origin: str) -> bool:
        try:
            async with self._probe.get(origin, allow_redirects=False):
                return True
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


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
        raise UpstreamUnavailable(f"the reply broke off: {_reason(error)}") from error
    finally:
        reply.release()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it hangs"
    return str(error) or type(error).__name__


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
