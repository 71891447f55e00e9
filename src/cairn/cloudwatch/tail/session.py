"""One session of live tail: what came in since it was last asked, at most so many events.

Source: CloudWatch Logs API reference, StartLiveTail.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import msgspec

from cairn.cloudwatch.logs import GroupId, LogBatch, LogStore
from cairn.cloudwatch.logs.joints import Matches

UPDATE_EVENTS_MAX = 500
"""Events of an update; of more, some are chosen at random."""
READ_BYTES_MAX = 1 << 20
READS_MAX = 8
"""Stretches of puts that one update reads: a session that falls further behind goes on from there the next time."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a session shows."""

    groups: frozenset[GroupId]
    streams: frozenset[str] = frozenset()
    """By name; empty: all, or those of `prefixes`."""
    prefixes: tuple[str, ...] = ()
    matches: Matches

    def takes(self, batch: LogBatch) -> bool:
        if batch.group not in self.groups:
            return False
        if self.streams:
            return batch.stream in self.streams
        return not self.prefixes or batch.stream.startswith(self.prefixes)


class Shown(msgspec.Struct, frozen=True):
    """One event as it is shown; the members are AWS's."""

    timestamp: int
    ingestionTime: int
    logGroupIdentifier: str
    logStreamName: str
    message: str


class Update(msgspec.Struct, frozen=True):
    """What came in."""

    sampled: bool
    """Whether there was more than is shown."""
    events: Sequence[Shown]

    def document(self) -> dict[str, Any]:
        """As `sessionUpdate`."""
        return {"sessionMetadata": {"sampled": self.sampled}, "sessionResults": self.events}


class Session:
    """Used by one thread at a time."""

    def __init__(self, store: LogStore, wanted: Wanted) -> None:
        self._store = store
        self._wanted = wanted
        self._next = store.end()

    def update(self) -> Update:
        """What came in since the last one, in the order of its coming."""
        chosen: list[tuple[int, Shown]] = []
        found = 0
        end = self._store.end()
        for _ in range(READS_MAX):
            if self._next >= end:
                break
            batches = self._store.read_from(self._next, bytes_max=READ_BYTES_MAX)
            self._next = batches[-1].seq + 1 if batches else end
            for batch in batches:
                if not self._wanted.takes(batch):
                    continue
                for event in batch.events:
                    if self._wanted.matches(event.message):
                        found += 1
                        shown = (batch.group.arn, batch.stream, event.message)
                        _choose(chosen, found, Shown(event.timestamp_ms, batch.ingestion_ms, *shown))
        chosen.sort(key=lambda each: each[0])
        return Update(found > UPDATE_EVENTS_MAX, [event for _, event in chosen])


def _choose(chosen: list[tuple[int, Shown]], number: int, event: Shown) -> None:
    """Keep the `number`th event, or not, such that each of all has had the same chance."""
    if number <= UPDATE_EVENTS_MAX:
        chosen.append((number, event))
        return
    place = random.randrange(number)  # noqa: S311 - nobody gains from guessing it
    if place < UPDATE_EVENTS_MAX:
        chosen[place] = (number, event)
