"""The door itself: HTTP in by ASGI, one `Request` to the gateway, one `Response` back out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from cairn.core.errors import AwsError
from cairn.gateway.addresses import TrustedProxies
from cairn.gateway.protocol import HANG_UP
from cairn.wire.http import ClientDisconnected, Headers, Request, Response

log = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Answer = Callable[[Request], Awaitable[Response]]

HEADER_BYTES_MAX = 64 << 10
STALLED_S_MAX = 120.0
"""How long a client may send nothing of a body that it has begun, and read nothing of a reply."""
ENDLESS = ("application/vnd.amazon.eventstream", "application/x-ndjson", "text/event-stream")
"""Content types of replies that go on for as long as somebody listens."""


class Door:
    """The ASGI application.

    Args:
        answer: what to do with a request.
        start, stop: run inside the event loop before the first request and after the last.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        proxies: TrustedProxies,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._answer = answer
        self._proxies = proxies
        self._start = start
        self._stop = stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:  # websockets: nothing here speaks them
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._start()
        except Exception as error:
            log.exception("the gateway cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._request(scope, receive)
        if sum(len(name) + len(value) for name, value in request.headers) > HEADER_BYTES_MAX:
            await _send(Response(431, Headers(), b""), request, send, receive)
            return
        try:
            response = await self._answer(request)
        except ClientDisconnected as error:
            log.debug("the client left: %s", error)
            return
        try:
            await _send(response, request, send, receive)
        except TimeoutError:
            log.debug("the client does not read")
            scope["extensions"][HANG_UP]()
            await asyncio.sleep(0)  # for the server to see that it is gone
        except (ClientDisconnected, OSError) as error:
            log.debug("the client left: %s", error)
        finally:
            if isinstance(response.body, AsyncIterator) and hasattr(response.body, "aclose"):
                await response.body.aclose()

    def _request(self, scope: Scope, receive: Receive) -> Request:
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        peer = scope["client"][0] if scope.get("client") else ""
        client, scheme = self._proxies.origin(peer, scope["scheme"], headers)
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        return Request(
            method=scope["method"],
            path=raw_path.decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=_body(receive),
            client=client,
            scheme=scheme,
            http_version=scope["http_version"],
            tls=scope.get("extensions", {}).get("tls", {}),
        )


class _Listening:
    """Whether the client still listens to a reply that has no end of its own. uvicorn takes what is sent to nobody
    without a word, and the request was read whole before such a reply begins."""

    def __init__(self, response: Response, receive: Receive) -> None:
        endless = response.headers.get("content-type") in ENDLESS
        self._gone = asyncio.ensure_future(_hung_up(receive)) if endless else None

    def check(self) -> None:
        """
        Raises:
            ClientDisconnected: it does not.
        """
        if self._gone is not None and self._gone.done():
            raise ClientDisconnected("while we told it what comes in")

    def stop(self) -> None:
        if self._gone is not None:
            self._gone.cancel()


_STALLED = (
    "Your socket connection to the server was not read from or written to within the timeout period. Idle connections "
    "will be closed."
)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(STALLED_S_MAX):
                message = await receive()
        except TimeoutError:
            raise AwsError("RequestTimeout", _STALLED) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnected("before its request was whole")
        chunk: bytes = message.get("body", b"")
        if chunk:
            yield chunk
        if not message.get("more_body", False):
            return


async def _send(response: Response, request: Request, send: Send, receive: Receive) -> None:
    if isinstance(response.body, bytes) and "content-length" not in response.headers and response.status >= 200:
        response.headers.set("content-length", str(len(response.body)))
    headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers
        if name != "date"  # the server that carries it gives one, and a second reads as a list
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if isinstance(response.body, bytes):
        body = b"" if request.method == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body})
        return
    listening = _Listening(response, receive)
    try:
        async for chunk in response.body:
            listening.check()
            async with asyncio.timeout(STALLED_S_MAX):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except asyncio.CancelledError:
        raise ClientDisconnected("before our reply was whole") from None
    finally:
        listening.stop()
    await send({"type": "http.response.body", "body": b""})
