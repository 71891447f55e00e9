"""Delivery to the destinations of subscription filters: each filter's messages in order, at least once.

Each filter has at most one job under way, in a lane: a destination that fails or hangs delays no other.
"""

from __future__ import annotations

import logging
import uuid
from functools import partial

import msgspec
import sqlalchemy as sa
from prometheus_client import Counter

from cairn.cloudwatch.logs import LogStore
from cairn.cloudwatch.subscriptions import payload
from cairn.cloudwatch.subscriptions.destinations import Destination, DestinationError, Destinations
from cairn.cloudwatch.subscriptions.filters import BY_STREAM, Filters, SubscriptionFilter
from cairn.cloudwatch.subscriptions.sink import drop
from cairn.cloudwatch.subscriptions.tables import messages
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.lanes import Lanes, Trouble

POLL_S = 0.5
SETTLE_S = 0.1
"""How long a step waits for jobs under way before it looks for other work."""
RETRIED_FOR_S = 86_400.0
"""What a destination has not taken by then is dropped."""
MESSAGES_A_JOB = 50

DELIVERED = Counter("cairn_subscription_events_delivered", "Log events that subscriptions' destinations took.")

log = logging.getLogger(__name__)


class _Message(msgspec.Struct, frozen=True):
    id: int
    stream: str
    events: int
    owed_ms: int
    content: bytes


class Deliveries:
    """One a database; `step` is for one thread."""

    name = "subscription deliveries"

    def __init__(self, store: LogStore, destinations: Destinations, clock: Clock) -> None:
        self._store = store
        self._filters = Filters(store)
        self._destinations = destinations
        self._clock = clock
        self._lanes: Lanes[int] = Lanes(clock, "subscriptions", owner="filter")
        self._known: dict[int, SubscriptionFilter] = {}

    def step(self) -> float:
        """Begin what is due. Returns the seconds until there may be more."""
        self._lanes.settle(SETTLE_S)
        waiting = self._waiting()
        self._known = {filter.id: filter for filter in self._filters.all()} if waiting else {}
        started = False
        for row in waiting:
            filter = self._known.get(row)
            if filter is not None and not self._lanes.busy(row) and self._may_try(row):
                self._lanes.start(row, partial(self._deliver, filter))
                started = True
        for row in [row for row in self._lanes.troubles if row not in waiting and not self._lanes.busy(row)]:
            self._lanes.troubles.pop(row, None)  # its filter is gone
        return 0.0 if started or not self._lanes.idle else POLL_S

    def troubles(self) -> dict[str, Trouble]:
        """Filters whose destination fails now, by group and name."""
        known, found = self._known, list(self._lanes.troubles.items())
        return {f"{known[row].group.arn} ({known[row].name})": trouble for row, trouble in found if row in known}

    def close(self) -> None:
        """Wait for the jobs under way. What waits is delivered at the next start."""
        self._lanes.close()

    def _waiting(self) -> set[int]:
        with self._store.state.read() as connection:
            return set(connection.scalars(sa.select(messages.c.filter).distinct()))

    def _may_try(self, row: int) -> bool:
        trouble = self._lanes.troubles.get(row)
        return trouble is None or self._clock.monotonic() >= trouble.retry_at

    def _deliver(self, filter: SubscriptionFilter) -> None:
        """Deliver some messages of a filter, in a lane's thread; what it raises is trouble."""
        destination = Destination.parse(filter.destination, filter.role)
        for message in self._next(filter.id):
            key = message.stream if filter.distribution == BY_STREAM else uuid.uuid4().hex
            too_large = 0
            try:
                too_large = self._hand_over(filter, destination, message.content, key[:256])
            except Exception:  # an error of ours too: what can never be delivered must not wait for ever
                if self._clock.now() * 1000 - message.owed_ms < RETRIED_FOR_S * 1000:
                    raise
                self._forget(filter, message, dropped=message.events, why="its destination took none for too long")
            else:
                failpoint("subscriptions.delivered")
                self._forget(filter, message, dropped=too_large, why="each is too large for its destination")
                DELIVERED.inc(message.events - too_large)

    def _hand_over(self, filter: SubscriptionFilter, destination: Destination, content: bytes, key: str) -> int:
        """Deliver a message, in parts where it is too large. Returns how many events are too large by themselves.

        Where a part fails for another reason, all parts are delivered again the next time.
        """
        waiting, too_large = [content], 0
        while waiting:
            part = waiting.pop()
            try:
                self._destinations.deliver(destination, part, group_arn=filter.group.arn, partition_key=key)
            except DestinationError as error:
                if not error.too_large:
                    raise
                parts = payload.halves(part)
                too_large += not parts
                waiting += reversed(parts)
        return too_large

    def _next(self, row: int) -> list[_Message]:
        query = sa.select(messages.c.id, messages.c.stream, messages.c.events, messages.c.owed_ms, messages.c.content)
        query = query.where(messages.c.filter == row).order_by(messages.c.id).limit(MESSAGES_A_JOB)
        with self._store.state.read() as connection:
            return [_Message(*each) for each in connection.execute(query)]

    def _forget(self, filter: SubscriptionFilter, message: _Message, *, dropped: int, why: str) -> None:
        with self._store.state.write() as connection:
            gone = connection.execute(sa.delete(messages).where(messages.c.id == message.id)).rowcount
            if dropped and gone:
                drop(connection, filter.id, dropped, why)
