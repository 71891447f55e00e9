"""StartLiveTail as an upstream: its reply is a stream of events that goes on for as long as somebody listens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack

import msgspec

from cairn.cloudwatch.tail import Session, Sessions
from cairn.cloudwatch.tail.sessions import OPERATION, SESSION_S_MAX, UPDATE_EVERY_S, start_document
from cairn.core.clock import Clock
from cairn.core.errors import AwsError
from cairn.wire import event_stream
from cairn.wire.http import Call, Headers, Response, Upstream
from cairn.wire.operation import Context
from cairn.wire.parse import parse_input
from cairn.wire.respond import error_response
from cairn.wire.validate import Validation, validate

log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode


class LiveTail:
    """Answers StartLiveTail; `otherwise` answers everything else of CloudWatch Logs."""

    def __init__(self, sessions: Sessions, clock: Clock, validation: Validation, otherwise: Upstream) -> None:
        self._sessions = sessions
        self._clock = clock
        self._validation = validation
        self._otherwise = otherwise

    async def send(self, call: Call) -> Response:
        if call.operation != OPERATION:
            return await self._otherwise.send(call)
        context = Context(call.account, call.region, call.identity, call.request_id, call.request.client)
        counted = ExitStack()
        try:
            if call.params is None:
                call.params = parse_input("logs", OPERATION, call.request, call.body or b"")
            validate("logs", OPERATION, call.params, self._validation)
            session = await asyncio.to_thread(self._sessions.begin, context, call.params)
            counted.enter_context(self._sessions.counted(context))
        except AwsError as error:
            return error_response(call, error)
        started = _encode(start_document(context, call.params))
        headers = Headers([("content-type", event_stream.CONTENT_TYPE), ("x-amzn-requestid", call.request_id)])
        return Response(200, headers, _Stream(self._events(session, started), counted))

    async def _events(self, session: Session, started: bytes) -> AsyncIterator[bytes]:
        until = self._clock.monotonic() + SESSION_S_MAX
        yield event_stream.initial_response("application/x-amz-json-1.1")
        yield event_stream.event("sessionStart", started)
        try:
            while self._clock.monotonic() < until:
                await asyncio.sleep(UPDATE_EVERY_S)
                update = await asyncio.to_thread(session.update)
                yield event_stream.event("sessionUpdate", _encode(update.document()))
        except Exception:
            log.exception("a session of live tail broke off")
            told = _encode({"message": "The session ended because of an error of ours."})
            yield event_stream.exception("SessionStreamingException", told)
            return
        yield event_stream.exception("SessionTimeoutException", _encode({"message": "The session has timed out."}))


class _Stream:
    """The body of a session. Whoever sends it closes it, even if it was never begun: only then is the place free."""

    def __init__(self, events: AsyncIterator[bytes], counted: ExitStack) -> None:
        self._events = events
        self._counted = counted

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await self._events.__anext__()

    async def aclose(self) -> None:
        self._counted.close()
        if hasattr(self._events, "aclose"):
            await self._events.aclose()
