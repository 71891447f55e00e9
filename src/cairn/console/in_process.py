"""GETs of this very gateway by threads of its own process, authenticated, authorized and recorded like any others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from cairn.cloudtrail.verify.connections import NoReply, Reply
from cairn.console.calls import CALL_S_MAX, USER_AGENT, Answer
from cairn.console.exchange import Peer
from cairn.core.errors import CairnError, Refused
from cairn.wire.client import read_body
from cairn.wire.http import Headers, Request, UpstreamUnavailable
from cairn.wire.signing import Credentials, sign

AT_ONCE_MAX = 8
"""GETs under way at once: whoever else calls this gateway has to get a turn too."""
COMMAND_BYTES_MAX = 4 << 20
OBJECT_BYTES_MAX = 32 << 20
"""The largest object that is read. A log file has 50 MB at the most before it is zipped."""


class Stopped(CairnError):
    """Nobody waits for this any more."""


class InProcess:
    """Ways to the gateway, until `stop`. Made on the loop that the gateway answers on; used by many threads.

    Args:
        endpoint: where the gateway answers.
        peer: where the person is who asks.
    """

    def __init__(self, answer: Answer, credentials: Credentials, *, endpoint: str, region: str, peer: Peer) -> None:
        self._answer = answer
        self._credentials = credentials
        self._endpoint = endpoint
        self._region = region
        self._peer = peer
        self._loop = asyncio.get_running_loop()
        self._places = threading.BoundedSemaphore(AT_ONCE_MAX)
        self._lock = threading.Lock()
        self._waiting: set[Future[Reply]] = set()
        self._stopped = False

    def stop(self) -> None:
        """Break off what is under way; whatever is asked from now on is `Stopped`."""
        with self._lock:
            self._stopped = True
            waiting = list(self._waiting)
        for each in waiting:
            each.cancel()

    def get(self, target: str, headers: Iterable[tuple[str, str]], *, bytes_max: int) -> Reply:
        """The answer to a signed GET: `cloudtrail.verify.connections.Get`.

        Raises:
            NoReply: there was none in time, or it is too long.
            Stopped: by `stop`.
        """
        with self._places:
            answered = self._begin(target, Headers(headers), min(bytes_max, OBJECT_BYTES_MAX))
            try:
                return answered.result(CALL_S_MAX)
            except TimeoutError:
                answered.cancel()
                raise NoReply(f"there was no answer within {CALL_S_MAX:g} seconds") from None
            except CancelledError:
                raise Stopped("this was stopped") from None
            except UpstreamUnavailable as error:
                raise NoReply(str(error)) from error
            finally:
                with self._lock:
                    self._waiting.discard(answered)

    def command(self, path: str, query: Mapping[str, str]) -> Any:
        """The answer of `/_cairn/` to a GET: `cloudtrail.verify.servers_logs.Get`.

        Raises:
            Refused: the person may not, or it fails.
        """
        target = f"/_cairn/{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        unsigned = Headers([("host", urlsplit(self._endpoint).netloc)])
        url = f"{self._endpoint}{target}"
        headers = sign("GET", url, unsigned, self._credentials, service="cairn", region=self._region)
        reply = self.get(target, headers, bytes_max=COMMAND_BYTES_MAX)
        if reply.status != 200:
            raise Refused(f"{path} was answered with {reply.status}")
        return msgspec.json.decode(reply.content)

    def _begin(self, target: str, headers: Headers, bytes_max: int) -> Future[Reply]:
        headers.set("user-agent", USER_AGENT)
        path, _, query = target.partition("?")
        request = Request("GET", path, query, headers, _nothing(), self._peer.address, scheme=self._peer.scheme)
        with self._lock:
            if self._stopped:
                raise Stopped("this was stopped")
            answered = asyncio.run_coroutine_threadsafe(self._reply(request, bytes_max), self._loop)
            self._waiting.add(answered)
        return answered

    async def _reply(self, request: Request, bytes_max: int) -> Reply:
        response = await self._answer(request)
        try:
            content = await read_body(response, bytes_max=bytes_max)
        finally:
            if not isinstance(response.body, bytes) and hasattr(response.body, "aclose"):
                await response.body.aclose()
        return Reply(response.status, {name.lower(): value for name, value in response.headers}, content)


async def _nothing() -> AsyncIterator[bytes]:
    no_parts: tuple[bytes, ...] = ()
    for part in no_parts:
        yield part
