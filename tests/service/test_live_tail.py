"""StartLiveTail as the gateway asks for it: frames, and places that are given back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from cairn.cloudwatch.logs import LOGS, VALIDATION, GroupId, LogEvent, LogStore
from cairn.cloudwatch.tail import Sessions
from cairn.cloudwatch.tail.sessions import SESSION_S_MAX, SESSIONS_MAX
from cairn.core.clock import TestClock
from cairn.core.state import State
from cairn.service import live_tail
from cairn.service.live_tail import LiveTail
from cairn.wire.http import Call, Headers, Request, Response

GROUP = GroupId("111122223333", "us-east-1", "app")


class Nobody:
    async def send(self, call: Call) -> Response:
        raise AssertionError("it was not asked for")


@pytest.fixture
def store(tmp_path: Path, clock: TestClock) -> Iterator[LogStore]:
    state = State.in_folder(tmp_path, LOGS)
    state.migrate()
    store = LogStore(state, clock)
    store.groups.create(GROUP)
    store.streams.create(GROUP, "s")
    yield store
    state.close()


@pytest.fixture
def tail(store: LogStore, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> LiveTail:
    monkeypatch.setattr(live_tail, "UPDATE_EVERY_S", 0.0)
    return LiveTail(Sessions(store, lambda text: lambda message: True), clock, VALIDATION, Nobody())


def call() -> Call:
    async def nothing() -> AsyncIterator[bytes]:
        return
        yield b""

    request = Request("POST", "/", "", Headers([("content-type", "application/x-amz-json-1.1")]), nothing())
    params: dict[str, Any] = {"logGroupIdentifiers": [GROUP.arn]}
    return Call(request, "logs", "StartLiveTail", "us-east-1", account=GROUP.account, request_id="r", params=params)


async def frames(body: Any, count: int) -> list[tuple[dict[str, str], Any]]:
    buffer = EventStreamBuffer()
    found: list[tuple[dict[str, str], Any]] = []
    async for piece in body:
        buffer.add_data(piece)
        found += [(event.headers, json.loads(event.payload)) for event in buffer]
        if len(found) >= count:
            break
    return found


def test_a_session_begins_goes_on_and_ends(tail: LiveTail, store: LogStore, clock: TestClock) -> None:
    async def watch() -> tuple[list[Any], list[Any]]:
        response = await tail.send(call())
        assert response.headers.get("content-type") == "application/vnd.amazon.eventstream"
        first = await frames(response.body, 2)
        store.put(GROUP, "s", [LogEvent(1, "one")])
        first += await frames(response.body, 1)
        clock.advance(SESSION_S_MAX)
        return first, await frames(response.body, 99)

    (initial, started, update), ended = asyncio.run(watch())
    assert initial[0][":event-type"] == "initial-response"
    assert started[0][":event-type"] == "sessionStart"
    assert started[1]["logGroupIdentifiers"] == [GROUP.arn]
    assert update[0][":event-type"] == "sessionUpdate"
    assert [event["message"] for event in update[1]["sessionResults"]] == ["one"]
    assert ended[-1][0][":exception-type"] == "SessionTimeoutException"


def test_a_session_that_is_closed_gives_its_place_back(tail: LiveTail) -> None:
    async def open_all() -> list[int]:
        opened: list[Any] = [(await tail.send(call())).body for _ in range(SESSIONS_MAX)]
        await frames(opened[0], 3)
        replies = [await tail.send(call())]
        for body in opened[:2]:  # one that was begun, and one that never was
            await body.aclose()
        replies += [await tail.send(call()) for _ in range(3)]
        return [reply.status for reply in replies]

    assert asyncio.run(open_all()) == [400, 200, 200, 400]
