"""The sink of subscription filters: what they let through of each put becomes messages that wait for delivery.

Messages and position are stored in one transaction, so that nothing is missed and nothing is made twice, whatever
happens between. Delivery (`delivery`) is another loop: a destination that is away holds up no reading.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from prometheus_client import Counter

from cairn.cloudwatch.logs import LogBatch, LogStore, Once, Place
from cairn.cloudwatch.logs.joints import CompilePattern, Matches
from cairn.cloudwatch.logs.store import move
from cairn.cloudwatch.subscriptions import payload
from cairn.cloudwatch.subscriptions.filters import Filters, SubscriptionFilter
from cairn.cloudwatch.subscriptions.payload import Event
from cairn.cloudwatch.subscriptions.tables import filters, messages
from cairn.core.errors import AwsError
from cairn.core.failpoints import failpoint

READER = "subscriptions"
"""The name of its position."""
POLL_S = 0.5
READ_BYTES_MAX = 1 << 20
"""Packed bytes of puts that a step reads."""
WAITING_BYTES_MAX = 256 << 20
"""Of messages that wait for one filter's destination. Beyond, what comes is dropped and counted."""
PATTERNS_MAX = 1000
"""Compiled patterns that are kept."""

DROPPED = Counter("cairn_subscription_events_dropped", "Log events that a subscription's destination never took.")

log = logging.getLogger(__name__)


class SubscriptionSink:
    """One a database; `step` is for one thread."""

    name = READER

    def __init__(self, store: LogStore, compile_pattern: CompilePattern) -> None:
        self._store = store
        self._filters = Filters(store)
        self._compile = compile_pattern
        self._compiled: dict[str, Matches] = {}

    @property
    def position(self) -> int:
        """The number before which it needs no put."""
        return self._store.position_of(READER)

    def step(self) -> float:
        """Read some puts. Returns the seconds until there may be more."""
        position, end = self.position, self._store.end()
        if position >= end:
            return POLL_S
        known = _by_group(self._filters.all())
        batches = self._store.read_from(position, bytes_max=READ_BYTES_MAX, deleted=True) if known else []
        made: list[dict[str, Any]] = []
        for (filter, stream), found in self._found(batches, known).items():
            made += self._messages(filter, stream, found)
        reached = batches[-1].seq + 1 if batches else end
        with self._store.state.write() as connection:
            self._keep(connection, made)
            move(connection, Once(READER, reached))
            failpoint("subscriptions.written")
        failpoint("subscriptions.stored")
        return 0.0

    def _found(
        self, batches: Sequence[LogBatch], known: dict[int, list[SubscriptionFilter]]
    ) -> dict[tuple[SubscriptionFilter, str], list[Event]]:
        """What each filter lets through, by stream."""
        found: dict[tuple[SubscriptionFilter, str], list[Event]] = defaultdict(list)
        for batch in batches:
            for filter in known.get(batch.group_row, ()):
                if batch.seq < filter.first_seq:
                    continue
                matches = self._matches(filter)
                for number, event in enumerate(batch.events):
                    if matches(event.message):
                        place = Place(event.timestamp_ms, batch.seq, number)
                        found[filter, batch.stream].append(payload.event_of(place, event.message))
        return found

    def _matches(self, filter: SubscriptionFilter) -> Matches:
        found = self._compiled.get(filter.pattern)
        if found is None:
            if len(self._compiled) >= PATTERNS_MAX:
                self._compiled.clear()
            try:
                found = self._compile(filter.pattern)
            except AwsError as error:  # it was checked when it was put: another version's grammar
                log.error("the pattern of %s of %s lets nothing through: %s", filter.name, filter.group.arn, error)
                found = _nothing
            self._compiled[filter.pattern] = found
        return found

    def _messages(self, filter: SubscriptionFilter, stream: str, events: Sequence[Event]) -> list[dict[str, Any]]:
        now_ms = self._store.now_ms()
        made = []
        for part in payload.parts(events):
            content = payload.data_message(filter.group, stream, filter.name, part)
            made.append(
                {
                    "filter": filter.id,
                    "stream": stream,
                    "events": len(part),
                    "bytes": len(content),
                    "owed_ms": now_ms,
                    "content": content,
                }
            )
        return made

    def _keep(self, connection: sa.Connection, made: Sequence[dict[str, Any]]) -> None:
        """Store messages of filters that are still there and have room."""
        if not made:
            return
        concerned = {message["filter"] for message in made}
        waiting = sa.select(messages.c.filter, sa.func.sum(messages.c.bytes)).group_by(messages.c.filter)
        bytes_ = {row[0]: row[1] for row in connection.execute(waiting.where(messages.c.filter.in_(concerned)))}
        there = set(connection.scalars(sa.select(filters.c.id).where(filters.c.id.in_(concerned))))
        kept, dropped = [], defaultdict[int, int](int)
        for message in made:
            row = message["filter"]
            if row not in there:
                continue
            bytes_[row] = bytes_.get(row, 0) + message["bytes"]
            if bytes_[row] > WAITING_BYTES_MAX:
                dropped[row] += message["events"]
            else:
                kept.append(message)
        if kept:
            connection.execute(sa.insert(messages), kept)
        for row, events in dropped.items():
            drop(connection, row, events)


def drop(
    connection: sa.Connection, filter: int, events: int, why: str = "its destination took none for too long"
) -> None:
    """Count events that a filter's destination will never get."""
    known = sa.update(filters).where(filters.c.id == filter)
    connection.execute(known.values(dropped=filters.c.dropped + events))
    DROPPED.inc(events)
    log.error("dropped %d log events of the subscription filter %d: %s", events, filter, why)


def _by_group(found: Sequence[SubscriptionFilter]) -> dict[int, list[SubscriptionFilter]]:
    """Filters by the rows of their groups."""
    known: dict[int, list[SubscriptionFilter]] = defaultdict(list)
    for filter in found:
        known[filter.group_row].append(filter)
    return known


def _nothing(_message: str) -> bool:
    return False
