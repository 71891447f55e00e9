"""Delivery to event buses: the sink that gives what trails log to the default buses of EventBridge, as it happens.

It reads the journal beside delivery to buckets and log groups, by the same spans and selections, with one position for
all trails. What an event leads to is stored in the transaction that moves the position, so each reaches its bus once.
An event that several trails log is one event. Where no bus wants any, reading on is all there is to do; the position is
then saved only now and then, since what is read again after a crash had no effect.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

from prometheus_client import Counter

from cairn.cloudtrail import spans
from cairn.cloudtrail.envelopes import RECORD_BYTES_MAX, TrailEvent, is_withheld, trail_event
from cairn.cloudtrail.gather import UNDELIVERED_ORIGINS, compiled
from cairn.cloudtrail.spans import Span
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.journal.journal import Journal, JournalEntry
from cairn.core.records.event import Event
from cairn.core.state import State

log = logging.getLogger(__name__)

LEFT_OUT = Counter("cairn_trail_events_left_out", "Events that trails log and that no event bus was given.", ["reason"])

WAIT_S = 0.5
"""How long a step waits for the journal to grow."""
PAUSE_S = 0.04
"""Between two reads, so that transactions do not cost more than events."""
IDLE_PAUSE_S = 0.1
"""The same while no bus wants what is read."""
NOTE_S = 10.0
"""How often the position is saved where there was nothing to give."""
READ_BYTES_MAX = 1 << 20
"""Journal bytes that are taken in at once."""


class EventBuses(Protocol):
    """The default buses of all accounts and regions."""

    def position(self) -> int:
        """The journal position up to which events were given; 0: never any."""

    def interested(self, account: str, region: str, *, withheld: bool) -> bool:
        """Whether an event could have any effect there. Cheap."""

    def give(self, events: Sequence[TrailEvent], position: int) -> None:
        """Have events reach their buses, and note that the journal is read up to `position`: both, once, durably."""

    def start_at(self, position: int) -> None:
        """Note that the journal is read from `position` on, whatever was noted before."""


class EventDelivery:
    """The delivery of all trails to event buses. `step` is for one thread.

    Args:
        wait_s: how long a step waits for the journal to grow.
    """

    name = "event buses"

    def __init__(
        self, state: State, journal: Journal, buses: EventBuses, clock: Clock, *, wait_s: float = WAIT_S
    ) -> None:
        self._state = state
        self._journal = journal
        self._buses = buses
        self._clock = clock
        self._wait_s = wait_s
        self._reached = 0
        """The next position to read; 0 before the first step."""
        self._noted = 0.0
        """When the position was saved, monotonic."""

    def step(self) -> float:
        """Give what there is, a bounded stretch. Returns the seconds until it should read on."""
        if not self._reached:
            self._begin()
        entries = self._journal.read_from(self._reached, bytes_max=READ_BYTES_MAX, wait_s=self._wait_s)
        if not entries:
            return 0.0 if self._wait_s else PAUSE_S
        reached = entries[-1].position + 1
        wanted = self._wanted(entries)
        events = list(self._events(wanted)) if wanted else []
        failpoint("events.gathered")
        now = self._clock.monotonic()
        if events or now - self._noted >= NOTE_S:
            self._buses.give(events, reached)
            self._noted = now
            failpoint("events.given")
        self._reached = reached
        return PAUSE_S if wanted else IDLE_PAUSE_S

    @property
    def position(self) -> int:
        """The journal position before which nothing waits: what may be trimmed."""
        return self._reached or self._buses.position() or self._journal.bounds().next

    def _begin(self) -> None:
        """Go on where the last process was; the first one begins at the journal's end, and so does one whose journal
        was made anew."""
        saved, end = self._buses.position(), self._journal.bounds().next
        if saved > end:
            log.error("event buses stand at journal position %d, and the journal ends at %d", saved, end)
        if not 0 < saved <= end:
            saved = end
            self._buses.start_at(end)
        self._noted = self._clock.monotonic()
        self._reached = saved

    def _wanted(self, entries: Sequence[JournalEntry]) -> list[tuple[JournalEntry, Event]]:
        """Events whose bus wants such, by their headers alone."""
        known: dict[tuple[str, str, bool], bool] = {}
        found = []
        for entry in entries:
            if entry.batch.origin in UNDELIVERED_ORIGINS:
                continue
            for event in entry.batch.of_kind():
                place = (event.header.account, event.header.region, is_withheld(event.header))
                if place not in known:
                    known[place] = self._buses.interested(place[0], place[1], withheld=place[2])
                if known[place]:
                    found.append((entry, event))
        return found

    def _events(self, wanted: Sequence[tuple[JournalEntry, Event]]) -> Iterator[TrailEvent]:
        """Those that a trail logs, by the spans as they stand now that the journal was read."""
        with self._state.read() as connection:
            logged = spans.reaching(connection, wanted[0][0].position)
        for entry, event in wanted:
            if not any(_logs(span, entry, event) for span in logged):
                continue
            if len(event.record) > RECORD_BYTES_MAX:
                self._leave_out(event, "too large", f"its record has {len(event.record)} bytes")
            elif (given := trail_event(event)) is None:
                self._leave_out(event, "malformed", "its record is no JSON object, or nested too deeply")
            else:
                yield given

    def _leave_out(self, event: Event, reason: str, told: str) -> None:
        LEFT_OUT.labels(reason).inc()
        log.warning("event %s (%s) reaches no event bus: %s", event.header.id, event.header.name, told)


def _logs(span: Span, entry: JournalEntry, event: Event) -> bool:
    """Whether an event is one of a span's, and the trail selects it."""
    return span.holds(entry.position, entry.time, event.header.time) and compiled(span.selection).wants(event)
