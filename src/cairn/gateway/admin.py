"""`/_cairn/...`: what the commands ask of a running server. JSON in, JSON or JSON lines out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.errors import AwsError, CairnError
from cairn.wire.http import Call, Headers, Response

PREFIX = "/_cairn/"
BODY_BYTES_MAX = 16 << 20
DIGITS_MAX = 18
"""Of a number in a query."""

Answer = Callable[[Mapping[str, str], bytes], Any]
"""Plain and blocking: takes the query and the body, gives what is answered as JSON."""
Stream = Callable[[Mapping[str, str]], AsyncIterator[Any]]
"""Gives the lines of an answer that does not end by itself."""
Authorize = Callable[[Call], Awaitable[None]]
"""Raises `AwsError` where the caller may not do what the call's operation says."""


class Admin:
    """Answers the commands of those who may give them: each is an action of the service `cairn`, such as
    `cairn:Search`.

    Args:
        answers: by method and name: `("POST", "flush")`.
        streams: by name, for GET.
    """

    def __init__(
        self, *, answers: Mapping[tuple[str, str], Answer], streams: Mapping[str, Stream], authorize: Authorize
    ) -> None:
        self._answers = answers
        self._streams = streams
        self._authorize = authorize
        self._names = {name for _, name in answers} | set(streams)

    async def send(self, call: Call) -> Response:
        """The reply to a call of the service `cairn`."""
        name = call.request.path.removeprefix(PREFIX)
        call.operation = name.title().replace("-", "") if name in self._names else ""
        if not call.operation:
            raise AwsError("UnknownOperationException", f"There is no {PREFIX}{name}.", 404)
        await self._authorize(call)
        query = dict(call.request.query_pairs())
        stream = self._streams.get(name)
        if stream is not None and call.request.method == "GET":
            headers = Headers([("content-type", "application/x-ndjson")])
            return Response(200, headers, _lines(stream(query)))
        answer = self._answers.get((call.request.method, name))
        if answer is None:
            raise AwsError("UnknownOperationException", f"There is no {call.request.method} {PREFIX}{name}.", 404)
        try:
            result = await asyncio.to_thread(answer, query, call.body or b"")
        except CairnError as error:
            raise AwsError("ValidationException", error.message, 400, advice=error.advice) from error
        except UNREADABLE as error:
            raise AwsError("ValidationException", str(error), 400) from error
        return Response(200, Headers([("content-type", "application/json")]), msgspec.json.encode(result))


def whole(text: str, of: str) -> int:
    """The number that a query has.

    Args:
        of: what it counts.

    Raises:
        CairnError: it is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > DIGITS_MAX:
        raise CairnError(f"{text!r} is no number of {of}")
    return int(text)


def refusal(error: AwsError) -> Response:
    """The answer that says why not."""
    advice = error.members.get("advice", "")
    content = msgspec.json.encode({"code": error.code, "message": error.message, "advice": advice})
    return Response(error.status, Headers([("content-type", "application/json")]), content)


async def _lines(items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    async for item in items:
        yield msgspec.json.encode(item) + b"\n"
