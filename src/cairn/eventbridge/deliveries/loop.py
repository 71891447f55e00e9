"""The loop that hands events to targets, each target at its own pace.

What is due for a target of a rule is one job in a lane (`core.lanes`), so that one that hangs delays no other. A
delivery is forgotten once the target has the event, once its dead-letter queue has it, or once there is nowhere left
to go; what dies between handing over and forgetting hands over again. Where nobody answers at all, that counts as an
attempt of everything that was due there: a dead target costs one connection a round, however much waits for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from prometheus_client import Counter, Gauge

from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.lanes import JobFailed, Lanes
from cairn.core.state import State
from cairn.core.tallies import Tallies
from cairn.eventbridge.deliveries.delivery import Address, Delivery, Owner
from cairn.eventbridge.deliveries.endpoints import INTERNAL_ERROR, DeliveryError, Endpoints, Outcome
from cairn.eventbridge.deliveries.fate import Fate, after_attempt, after_burial, refused
from cairn.eventbridge.deliveries.queue import Queue

log = logging.getLogger(__name__)

POLL_S = 0.05
SETTLE_S = 0.05
"""How long a step waits for jobs under way before it looks for other work."""
COUNTED_S = 5.0
IDLE_S = 60.0
"""How long nothing is looked for where nothing has changed and nothing is due."""
HEALTHY_WORKERS = 8
TROUBLED_WORKERS = 4
TARGETS_A_STEP = 500
DELIVERIES_A_JOB = 400
BYTES_A_JOB = 4 << 20
"""Of events and payloads, unless a single one has more."""
JOB_S = 1.0
"""After which a job leaves the rest to the next one, so that other targets get their turn."""
PAUSE_S = 5.0
"""Before a job is tried again whose outcome could not be noted."""

DELIVERIES = Counter("cairn_event_deliveries_total", "Events handed to targets.", ["outcome"])
WAITING = Gauge("cairn_event_deliveries_waiting", "Deliveries to targets of rules that are not done.")


class DeliveryFailed(JobFailed):
    """Some of a job's events did not reach their target."""


@dataclass(frozen=True)
class Refusal:
    """A target that did not take the last event that it was handed."""

    failures: int
    """In a row."""
    error: str


class Deliveries:
    """The deliveries of all rules. `step` is for one thread, in one process."""

    name = "event-targets"

    def __init__(self, state: State, endpoints: Endpoints, tallies: Tallies, clock: Clock) -> None:
        self._queue = Queue(state, tallies)
        self._endpoints = endpoints
        self._clock = clock
        self._lanes: Lanes[Owner] = Lanes(
            clock, "events", owner="target", healthy=HEALTHY_WORKERS, troubled=TROUBLED_WORKERS
        )
        self._closed = threading.Event()
        self._not_before: dict[Owner, float] = {}  # monotonic; jobs add to it
        self._refusals: dict[Owner, Refusal] = {}  # those of one owner are its job's
        self._revision: int | None = None
        """Of the database, when there was nothing to do in it."""
        self._idle_until = 0.0
        self._counted: float | None = None

    def step(self) -> float:
        """Begin what is due. Returns the seconds until there may be more to do."""
        self._lanes.settle(SETTLE_S)
        now, wall, revision = self._clock.monotonic(), self._clock.now(), self._queue.revision()
        for owner, when in list(self._not_before.items()):
            if when <= now:
                del self._not_before[owner]
        if self._counted is None or now - self._counted >= COUNTED_S:
            self._counted = now
            WAITING.set(self._queue.waiting())
        if revision == self._revision and wall < self._idle_until and self._lanes.idle:
            return POLL_S
        progress = False
        # Targets that are seen to already come first, having waited longest: they must not be all that is looked at.
        due = self._queue.due(wall, TARGETS_A_STEP + len(self._lanes) + len(self._not_before))
        for owner in due:
            if not self._lanes.busy(owner) and owner not in self._not_before:
                self._lanes.start(owner, partial(self._serve, owner))
                progress = True
        if progress or not self._lanes.idle:
            self._revision = None
            return 0.0
        if not due:  # what is due and held back comes without any change
            following = self._queue.next_due(wall)
            self._revision = revision
            self._idle_until = following if following is not None else wall + IDLE_S
        return POLL_S

    def troubles(self) -> dict[str, Refusal]:
        """Targets that take nothing now, by the rule's ARN and the target's id."""
        refusals = dict(self._refusals)
        names = self._queue.names(list(refusals))
        for owner in refusals.keys() - names.keys():
            self._refusals.pop(owner, None)
        return {names[owner]: refusal for owner, refusal in refusals.items() if owner in names}

    def close(self) -> None:
        """End the jobs under way, as soon as they may, and begin no other."""
        self._closed.set()
        self._lanes.close()

    def _serve(self, owner: Owner) -> None:
        """A job: what is due for a target, in order. Raises where something failed."""
        failed: list[Fate] = []
        try:
            work = self._queue.work(owner, self._clock.now(), DELIVERIES_A_JOB, BYTES_A_JOB)
            end = self._clock.monotonic() + JOB_S
            for dead, deliveries in groupby(work, lambda each: each.dead):
                self._hand_over(owner, list(deliveries), failed, self._bury if dead else self._deliver, end)
        except Exception:
            self._not_before[owner] = self._clock.monotonic() + PAUSE_S  # what is due was perhaps handed over already
            raise
        if failed:
            again = [fate.delivery.due - self._clock.now() for fate in failed if not fate.is_over]
            raise DeliveryFailed(failed[-1].error, max(min(again), 0.0) if again else None)

    def _hand_over(
        self,
        owner: Owner,
        deliveries: Sequence[Delivery],
        failed: list[Fate],
        attempt: Callable[[Owner, Sequence[Delivery], DeliveryError | None], list[Fate]],
        end: float,
    ) -> None:
        nobody: DeliveryError | None = None
        for together in _batches(deliveries, self._endpoints.together):
            if self._closed.is_set() or (self._clock.monotonic() > end and nobody is None):
                return
            fates = attempt(owner, together, nobody)
            failpoint("events.delivered")
            self._note(fates)
            failpoint("events.noted")
            failed += [fate for fate in fates if fate.error]
            self._remember(owner, fates)
            nobody = next((fate.outcome for fate in fates if fate.unreachable), nobody)

    def _deliver(self, owner: Owner, deliveries: Sequence[Delivery], nobody: DeliveryError | None) -> list[Fate]:
        began = self._clock.now()
        sound = [each for each in deliveries if each.failure is None or each.attempts]
        outcomes = self._asked(self._endpoints.deliver, sound, nobody) if sound else []
        ended = self._clock.now()
        fates = [refused(each, ended) for each in deliveries if each not in sound]
        may_return = not any(outcomes) or self._queue.is_there(owner)
        for delivery, outcome in zip(sound, outcomes, strict=True):
            fates.append(after_attempt(delivery, outcome, began, ended, may_return=may_return))
        return fates

    def _bury(self, _owner: Owner, deliveries: Sequence[Delivery], nobody: DeliveryError | None) -> list[Fate]:
        outcomes = self._asked(self._endpoints.bury, deliveries, nobody)
        now = self._clock.now()
        return [after_burial(each, outcome, now) for each, outcome in zip(deliveries, outcomes, strict=True)]

    def _asked(
        self,
        ask: Callable[[Address, Sequence[Delivery]], Sequence[Outcome]],
        deliveries: Sequence[Delivery],
        nobody: DeliveryError | None,
    ) -> Sequence[Outcome]:
        """What became of deliveries; where just now nobody answered there, that holds for these too."""
        if nobody is not None:
            return [nobody] * len(deliveries)
        address = deliveries[0].address
        try:
            return ask(address, deliveries)
        except DeliveryError as error:
            return [error] * len(deliveries)
        except Exception as error:
            log.exception("events of %s to %s", address.rule_arn, address.arn)
            ours = DeliveryError(INTERNAL_ERROR, f"an error of ours: {type(error).__name__}: {error}")
            return [ours] * len(deliveries)

    def _remember(self, owner: Owner, fates: Sequence[Fate]) -> None:
        for fate in fates:
            if fate.name == "delivered":
                self._refusals.pop(owner, None)
            elif fate.error:
                before = self._refusals.get(owner)
                self._refusals[owner] = Refusal(before.failures + 1 if before is not None else 1, fate.error)

    def _note(self, fates: Sequence[Fate]) -> None:
        finished = [fate.delivery for fate in fates if fate.is_over]
        changed = [fate.delivery for fate in fates if not fate.is_over]
        self._queue.note(finished, changed, [tally for fate in fates for tally in fate.tallies], self._clock.now())
        for fate in fates:
            DELIVERIES.labels(fate.name).inc()
            if fate.is_loss:
                place = (fate.delivery.event.id, fate.delivery.address.rule_arn, fate.delivery.address.arn, fate.error)
                log.error("gave up event %s of %s for %s: %s", *place)


def _batches(deliveries: Sequence[Delivery], most: Callable[[Address], int]) -> list[list[Delivery]]:
    """Those next to each other that go to the same address, a few at a time."""
    found: list[list[Delivery]] = []
    for each in deliveries:
        if not found or found[-1][0].address != each.address or len(found[-1]) >= most(each.address):
            found.append([])
        found[-1].append(each)
    return found
