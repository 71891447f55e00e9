"""Delivery to the destinations of subscription filters: each filter's messages in order, at least once.

Each filter has at most one job under way. Those whose destination fails run in threads of their own, so that however
many hang, none that is well waits for them.
"""

from __future__ import annotations

import logging
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import msgspec
import sqlalchemy as sa
from prometheus_client import Counter

from cairn.cloudwatch.logs import LogStore
from cairn.cloudwatch.subscriptions.destinations import Destination, DestinationError, Destinations
from cairn.cloudwatch.subscriptions.filters import BY_STREAM, Filters, SubscriptionFilter
from cairn.cloudwatch.subscriptions.sink import drop
from cairn.cloudwatch.subscriptions.tables import messages
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint

POLL_S = 0.5
SETTLE_S = 0.1
"""How long a step waits for jobs under way before it looks for other work."""
RETRIED_FOR_S = 86_400.0
"""What a destination has not taken by then is dropped."""
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 60.0
MESSAGES_A_JOB = 50
HEALTHY_THREADS = 4
TROUBLED_THREADS = 2

DELIVERED = Counter("cairn_subscription_events_delivered", "Log events that subscriptions' destinations took.")

log = logging.getLogger(__name__)


class Trouble(msgspec.Struct, frozen=True):
    """A filter whose last message was not taken."""

    failures: int
    """In a row."""
    error: str
    retry_at: float
    """Monotonic."""


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
        self._healthy = ThreadPoolExecutor(HEALTHY_THREADS, "subscriptions")
        self._troubled = ThreadPoolExecutor(TROUBLED_THREADS, "subscriptions-troubled")
        self._jobs: dict[int, tuple[SubscriptionFilter, Future[int]]] = {}
        self._troubles: dict[int, tuple[SubscriptionFilter, Trouble]] = {}

    def step(self) -> float:
        """Begin what is due. Returns the seconds until there may be more."""
        progress = self._settle()
        waiting = self._waiting()
        known = {filter.id: filter for filter in self._filters.all()} if waiting else {}
        for row in waiting:
            filter = known.get(row)
            if filter is not None and row not in self._jobs and self._may_try(row):
                threads = self._troubled if row in self._troubles else self._healthy
                self._jobs[row] = filter, threads.submit(self._deliver, filter)
                progress = True
        for row in [row for row in self._troubles if row not in waiting and row not in self._jobs]:
            self._troubles.pop(row, None)  # its filter is gone, or nothing is left to send
        return 0.0 if progress or self._jobs else POLL_S

    def troubles(self) -> dict[str, Trouble]:
        """Filters whose destination fails now, by group and name."""
        return {f"{filter.group.arn} ({filter.name})": trouble for filter, trouble in list(self._troubles.values())}

    def close(self) -> None:
        """Wait for the jobs under way. What waits is delivered at the next start."""
        self._healthy.shutdown(cancel_futures=True)
        self._troubled.shutdown(cancel_futures=True)

    def _waiting(self) -> set[int]:
        with self._store.state.read() as connection:
            return set(connection.scalars(sa.select(messages.c.filter).distinct()))

    def _may_try(self, row: int) -> bool:
        trouble = self._troubles.get(row)
        return trouble is None or self._clock.monotonic() >= trouble[1].retry_at

    def _settle(self) -> bool:
        """Forget the jobs that ended. Returns whether any delivered something."""
        if self._jobs:
            wait([job for _, job in self._jobs.values()], SETTLE_S, FIRST_COMPLETED)
        progress = False
        for row, (filter, job) in list(self._jobs.items()):
            if job.done():
                del self._jobs[row]
                error = job.exception()
                if error is not None:  # of ours, or the database's: the messages are still there
                    log.debug("trace of the subscription filter %s", filter.name, exc_info=error)
                    self._note(filter, f"{type(error).__name__}: {error}")
                progress |= error is None and job.result() > 0
        return progress

    def _deliver(self, filter: SubscriptionFilter) -> int:
        """Deliver some messages of a filter. Returns how many are done with. In a job's thread."""
        destination = Destination.parse(filter.destination, filter.role)
        done = 0
        for message in self._next(filter.id):
            key = message.stream if filter.distribution == BY_STREAM else uuid.uuid4().hex
            try:
                self._destinations.deliver(
                    destination, message.content, group_arn=filter.group.arn, partition_key=key[:256]
                )
            except DestinationError as error:
                if self._clock.now() * 1000 - message.owed_ms < RETRIED_FOR_S * 1000:
                    self._note(filter, f"{error.code or 'no answer'}: {error.message}")
                    return done
                self._forget(message, dropped_of=filter.id)
            else:
                failpoint("subscriptions.delivered")
                self._troubles.pop(filter.id, None)
                self._forget(message)
                DELIVERED.inc(message.events)
            done += 1
        return done

    def _next(self, row: int) -> list[_Message]:
        query = sa.select(messages.c.id, messages.c.stream, messages.c.events, messages.c.owed_ms, messages.c.content)
        query = query.where(messages.c.filter == row).order_by(messages.c.id).limit(MESSAGES_A_JOB)
        with self._store.state.read() as connection:
            return [_Message(*each) for each in connection.execute(query)]

    def _forget(self, message: _Message, *, dropped_of: int | None = None) -> None:
        with self._store.state.write() as connection:
            gone = connection.execute(sa.delete(messages).where(messages.c.id == message.id)).rowcount
            if dropped_of is not None and gone:
                drop(connection, dropped_of, message.events)

    def _note(self, filter: SubscriptionFilter, text: str) -> None:
        before = self._troubles.get(filter.id)
        failures = before[1].failures + 1 if before is not None else 1
        pause = min(RETRY_FIRST_S * 2.0 ** (failures - 1), RETRY_MAX_S)
        self._troubles[filter.id] = (filter, Trouble(failures, text, self._clock.monotonic() + pause))
        place = (filter.name, filter.group.arn, failures, pause, text)
        log.warning("the subscription filter %s of %s failed (%d in a row), next in %.0f s: %s", *place)
