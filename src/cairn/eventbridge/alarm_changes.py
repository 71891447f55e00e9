"""The source that tells event buses of alarms: their changes of state and of configuration, each once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Protocol

from cairn.core.clock import Clock, iso_seconds
from cairn.eventbridge.event import BusEvent, BusId, envelope
from cairn.eventbridge.positions import Once
from cairn.eventbridge.routing import Router

POLL_S = 0.25
CHANGES_A_STEP = 100
LATE_S = 2.0
"""How long a number may be missing while those behind it are there: it is one of a transaction that has not ended."""
SOURCE = "alarms"

_IDS = uuid.UUID("a1f6f2f0-52d4-4a6c-8c1f-0d7e6f3b9a45")


class Change(Protocol):
    """What happened to an alarm."""

    @property
    def number(self) -> int:
        """Larger than those of all changes before it."""

    @property
    def account(self) -> str: ...

    @property
    def region(self) -> str: ...

    @property
    def alarm(self) -> str:
        """ARN."""

    @property
    def time(self) -> float:
        """Seconds since the epoch."""

    @property
    def detail_type(self) -> str: ...

    @property
    def detail(self) -> str:
        """JSON; empty: nobody is told of it."""


class AlarmHistory(Protocol):
    """The history of all alarms."""

    def revision(self) -> int:
        """Another number once anything has changed. Cheap."""

    def next_number(self) -> int:
        """A number above those of all changes there are, and not above those to come."""

    def changes_from(self, number: int, limit: int) -> Sequence[Change]:
        """Changes with that number or a larger one, in order."""


class AlarmChanges:
    """A `core.loops.Step`. Its position is the number of the next change."""

    name = "alarm changes"

    def __init__(self, history: AlarmHistory, router: Router, clock: Clock) -> None:
        self._history = history
        self._router = router
        self._clock = clock
        self._revision: int | None = None
        """Of the history, when nothing of it was left."""

    def step(self) -> float:
        """Tell of what is new. Returns the seconds until there may be more."""
        revision = self._history.revision()
        if revision == self._revision:
            return POLL_S
        position = self._router.position_of(SOURCE)
        if not position:  # what happened before there were event buses is told to nobody
            self._router.put_all({}, once=Once(SOURCE, self._history.next_number()))
            return 0.0
        found = self._history.changes_from(position, CHANGES_A_STEP)
        changes = self._settled(position, found)
        if changes:
            self._router.put_all(_by_bus(changes), once=Once(SOURCE, changes[-1].number + 1))
        if len(changes) < len(found):
            return POLL_S
        if len(found) < CHANGES_A_STEP:
            self._revision = revision
            return POLL_S
        return 0.0

    def _settled(self, position: int, found: Sequence[Change]) -> list[Change]:
        """Changes up to a number that may still come."""
        settled: list[Change] = []
        for change in found:
            if change.number != position and self._clock.now() - change.time < LATE_S:
                break
            settled.append(change)
            position = change.number + 1
        return settled


def _by_bus(changes: Sequence[Change]) -> dict[BusId, list[BusEvent]]:
    """What default buses are told, in order."""
    events: dict[BusId, list[BusEvent]] = {}
    for change in changes:
        if change.detail:
            events.setdefault(BusId(change.account, change.region), []).append(_event(change))
    return events


def _event(change: Change) -> BusEvent:
    ident = str(uuid.uuid5(_IDS, f"{change.alarm} {change.number}"))
    source = "aws.cloudwatch"
    return BusEvent(
        id=ident,
        source=source,
        detail_type=change.detail_type,
        account=change.account,
        region=change.region,
        envelope=envelope(
            id=ident,
            detail_type=change.detail_type,
            source=source,
            account=change.account,
            time=iso_seconds(change.time),
            region=change.region,
            resources=[change.alarm],
            detail=change.detail.encode(),
        ),
    )
