"""Verifications from the console: one a session, told of while it lasts, and broken off when nobody listens."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from cairn.console import verifications
from cairn.console.exchange import Held, Refusal, Visit
from cairn.console.keys import Key
from cairn.console.sessions import Person
from cairn.console.verifications import Verifications, VerifyRequest
from cairn.core.clock import SystemClock
from cairn.core.records.identity import root
from cairn.wire.http import Headers, Request, Response

ACCOUNT = "000000000000"
ASKED = VerifyRequest(
    trail=f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/hangs",
    start="2026-11-01T00:00:00Z",
    end="2026-11-02T00:00:00Z",
)


class Hanging:
    """A gateway that answers nothing, and the calls beside it."""

    def __init__(self) -> None:
        self.asked = 0
        self.broken_off = asyncio.Event()

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.broken_off.set()
            raise
        raise AssertionError

    async def call(self, key: Key, service: str, operation: str, *_: Any, **__: Any) -> dict[str, Any]:
        assert operation == "GetTrail"
        return {"Trail": {"S3BucketName": "hangs"}}


def person(id: str) -> Person:
    key = Key("ASIAEXAMPLE", "secret", root(ACCOUNT))
    return Person(id, key, key, "csrf", 0.0, 1e12)


async def nothing() -> Any:
    for part in ():
        yield part


def visit() -> Visit:
    return Visit(Request("POST", "/console/api/verify", "", Headers(), nothing()), "/api/verify")


def test_whoever_leaves_ends_it_and_only_then_another_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifications, "TELL_S", 0.01)
    asyncio.run(_leave())


async def _leave() -> None:
    hanging = Hanging()
    running = Verifications(hanging, hanging.answer, SystemClock(), endpoint="http://127.0.0.1:1")  # type: ignore[arg-type]
    body = (await running.begin(visit(), person("one"), ASKED)).body
    assert isinstance(body, Held)
    told = json.loads(await anext(body))
    assert told == {"type": "progress", "digests": 0, "digestsTotal": 0, "logs": 0}
    with pytest.raises(Refusal, match="TooManyVerifications"):
        await running.begin(visit(), person("one"), ASKED)
    others = [await running.begin(visit(), person(id), ASKED) for id in ("two", "three")]
    with pytest.raises(Refusal, match="TooManyVerifications"):
        await running.begin(visit(), person("four"), ASKED)
    await body.aclose()
    await asyncio.wait_for(hanging.broken_off.wait(), 10)
    asked = hanging.asked
    again = await running.begin(visit(), person("one"), ASKED)
    for response in (*others, again):  # though nobody ever read them
        assert isinstance(response.body, Held)
        await response.body.aclose()
    await asyncio.sleep(0.1)
    assert hanging.asked == asked
    running.close()


def test_it_ends_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifications, "TELL_S", 0.01)
    monkeypatch.setattr(verifications, "TIME_S_MAX", 0.05)
    asyncio.run(_take_too_long())


async def _take_too_long() -> None:
    hanging = Hanging()
    running = Verifications(hanging, hanging.answer, SystemClock(), endpoint="http://127.0.0.1:1")  # type: ignore[arg-type]
    body = (await running.begin(visit(), person("one"), ASKED)).body
    assert isinstance(body, Held)
    lines = [json.loads(line) async for line in body]
    assert lines[-1]["error"]["code"] == "TooLong"
    await body.aclose()
    await asyncio.wait_for(hanging.broken_off.wait(), 10)
    running.close()
