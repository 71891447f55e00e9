"""Calls that the console makes: what becomes of those for which nobody waits any longer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from cairn.console.calls import Calls
from cairn.console.exchange import Peer, Refusal
from cairn.console.keys import Key
from cairn.core.records.identity import root
from cairn.wire.http import Headers, Request, Response

ROOT = Key("AKIAROOT", "secret", root("000000000000", "AKIAROOT"))


@pytest.fixture
def answered() -> list[str]:
    """Paths of the requests that were answered to the end, which takes a moment."""
    return []


@pytest.fixture
def calls(answered: list[str]) -> Iterator[Calls]:
    async def answer(request: Request) -> Response:
        await asyncio.sleep(0.5)
        answered.append(request.method)
        return Response(200, Headers([("content-type", "text/xml")]), b"<x/>")

    made = Calls(answer, endpoint="http://127.0.0.1:1")
    yield made
    made.close()


def test_a_call_is_answered_and_so_recorded_though_nobody_waits_any_longer(
    calls: Calls, answered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.console.calls.CALL_S_MAX", 0.1)

    async def ask() -> None:
        with pytest.raises(Refusal, match="no answer within"):
            await calls.call(ROOT, "iam", "ListUsers", {}, region="us-east-1", peer=Peer("192.0.2.1", "https"))
        assert answered == []
        await asyncio.sleep(1)

    asyncio.run(ask())
    assert answered == ["POST"]
