"""What the commands of the command line ask of a gateway: plain functions behind `gateway.admin`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from cairn.cloudtrail.flush import FlushAnswer, Flushes
from cairn.core.clock import Clock, from_iso
from cairn.core.config import Duration
from cairn.core.errors import CairnError
from cairn.core.journal.journal import Journal
from cairn.core.records.event import Event
from cairn.core.status import Standing, StatusBoard
from cairn.gateway.admin import Answer, Stream

FLUSH_S_MAX = 300.0
STALE_S = 15.0
"""A loop of which nothing was heard for so long no longer runs."""
TAIL_WAIT_S = 1.0


class FlushRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    trail: str = ""
    timeout_s: float = 60.0


class Commands:
    """The answers, by method and name."""

    def __init__(self, journal: Journal, flushes: Flushes, board: StatusBoard, clock: Clock) -> None:
        self._journal = journal
        self._flushes = flushes
        self._board = board
        self._clock = clock

    def answers(self) -> dict[tuple[str, str], Answer]:
        return {("GET", "status"): self.status, ("POST", "flush"): self.flush}

    def streams(self) -> dict[str, Stream]:
        return {"tail": self.tail}

    def status(self, query: Mapping[str, str], body: bytes) -> Any:
        """Every loop, and the journal's extent."""
        bounds = self._journal.bounds()
        now = self._clock.now()
        loops = [msgspec.to_builtins(standing) | {"state": _state(standing, now)} for standing in self._board.read()]
        return {
            "loops": loops,
            "journal": {"first": bounds.first, "next": bounds.next, "faults": self._journal.faults.total},
        }

    def flush(self, query: Mapping[str, str], body: bytes) -> Any:
        """Deliver now, and wait until it is done."""
        request = msgspec.json.decode(body, type=FlushRequest)
        number = self._flushes.request(request.trail)
        answer = self._flushes.wait(number, min(request.timeout_s, FLUSH_S_MAX))
        done = answer is not None
        return {"done": done} | msgspec.to_builtins(answer or FlushAnswer([], []))

    async def tail(self, query: Mapping[str, str]) -> AsyncIterator[Any]:
        """Records as they enter the journal, and an empty object as a sign of life while none do."""
        position = (await asyncio.to_thread(self._journal.bounds)).next
        while True:
            entries = await asyncio.to_thread(self._journal.read_from, position, wait_s=TAIL_WAIT_S)
            if not entries:
                yield {}
            for entry in entries:
                position = entry.position + 1
                for event in entry.batch.of_kind():
                    if _wanted(event, query):
                        yield msgspec.Raw(event.record)


def moment(text: str, now: float) -> float | None:
    """A time as people type it: `2h` before now, an ISO time, or nothing.

    Raises:
        CairnError: it is none.
    """
    if not text:
        return None
    try:
        return now - Duration.parse(text)
    except ValueError:
        pass
    try:
        return float(from_iso(text))
    except ValueError:
        raise CairnError(
            f"{text!r} is no time", advice="Give how long ago (30m, 2h, 3d) or a time such as 2026-01-31T12:00:00Z."
        ) from None


def _state(standing: Standing, now: float) -> str:
    if now - standing.written > STALE_S:
        return "gone"
    return "failing" if standing.failures else "ok"


def _wanted(event: Event, query: Mapping[str, str]) -> bool:
    header = event.header
    return (
        query.get("name", "") in ("", header.name)
        and query.get("source", "") in ("", header.source)
        and query.get("account", "") in ("", header.account)
        and not (query.get("writes") and header.read_only)
    )
