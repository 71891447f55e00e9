"""Delivery: the loop that hands messages to subscribers, each at its own pace.

What is due for a subscriber is one job in a lane (`core.lanes`), so that one that hangs delays no other. A delivery
is forgotten once the subscriber has it, once its dead-letter queue has it, or once the delivery policy gives it up;
what dies between handing over and forgetting hands over again. Where nobody answers at all, that counts as an attempt
of everything that was due there: a dead server costs one connection a round, however much waits for it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial

import msgspec
from prometheus_client import Counter, Gauge

from cairn.cloudwatch.sns import counting
from cairn.cloudwatch.sns.endpoints import EndpointError
from cairn.cloudwatch.sns.queue import Delivery, Queue, Work
from cairn.cloudwatch.sns.retries import MAIL
from cairn.cloudwatch.sns.sending import Sender, policy_of, retries_of
from cairn.cloudwatch.sns.subscription import Subscription
from cairn.cloudwatch.sns.subscriptions import Subscriptions
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.lanes import JobFailed, Lanes, Trouble
from cairn.core.tallies import Tally

log = logging.getLogger(__name__)

POLL_S = 0.2
SETTLE_S = 0.1
"""How long a step waits for jobs under way before it looks for other work."""
TIDY_S = 60.0
HEALTHY_WORKERS = 8
TROUBLED_WORKERS = 4
SUBSCRIPTIONS_A_STEP = 500
DELIVERIES_A_JOB = 100
NOTED_TOGETHER = 10
"""Deliveries that are forgotten in one transaction: as many may be handed over again after a crash."""
PAUSE_S = 5.0
"""Before a job is tried again whose outcome could not be noted."""
HELD_S = 60.0
"""For how long a question that there is no relay for is put off; it is not given up before its token is too old."""

DELIVERIES = Counter("cairn_sns_deliveries_total", "Messages handed to subscribers.", ["protocol", "outcome"])
WAITING = Gauge("cairn_sns_waiting", "Deliveries of SNS that are not done.")


class DeliveryFailed(JobFailed):
    """Some of a job's deliveries did not reach their subscriber."""


@dataclass
class _Round:
    """A job's work, and what became of it that is not noted yet."""

    work: Work
    finished: list[Delivery] = field(default_factory=list)
    failed: list[Delivery] = field(default_factory=list)
    counted: list[Tally] = field(default_factory=list)

    @property
    def delayed(self) -> list[Delivery]:
        return [each for each in self.failed if each not in self.finished]


class Deliveries:
    """The deliveries of all topics. `step` is for one thread, in one process."""

    name = "sns"

    def __init__(self, queue: Queue, subscriptions: Subscriptions, sender: Sender, clock: Clock) -> None:
        self._queue = queue
        self._subscriptions = subscriptions
        self._sender = sender
        self._clock = clock
        self._lanes: Lanes[int] = Lanes(
            clock, "sns", owner="subscription", healthy=HEALTHY_WORKERS, troubled=TROUBLED_WORKERS
        )
        self._not_before: dict[int, float] = {}  # by subscription, monotonic; jobs add to it
        self._tidied = clock.monotonic()
        self._revision: int | None = None
        """Of the database, when there was nothing to do in it."""
        self._idle_until = 0.0

    def step(self) -> float:
        """Begin what is due. Returns the seconds until there may be more to do."""
        self._lanes.settle(SETTLE_S)
        now = self._clock.monotonic()
        for row, when in list(self._not_before.items()):
            if when <= now:
                del self._not_before[row]
        wall, revision = self._clock.now(), self._queue.revision()
        if revision == self._revision and wall < self._idle_until and now - self._tidied < TIDY_S:
            return POLL_S
        progress = False
        # Those that are seen to already come first, having waited longest: they must not be all that is looked at.
        due = self._queue.due(wall, SUBSCRIPTIONS_A_STEP + len(self._lanes) + len(self._not_before))
        for row in due:
            if not self._lanes.busy(row) and row not in self._not_before:
                self._lanes.start(row, partial(self._serve, row))
                progress = True
        if now - self._tidied >= TIDY_S:
            self._tidied = now
            self._queue.tidy(self._clock.now())
            self._subscriptions.tidy()
        if progress or not self._lanes.idle:
            return 0.0
        WAITING.set(self._queue.waiting())
        if not due:  # what is due and held back comes without any change
            following = self._queue.next_due(wall)
            self._revision, self._idle_until = revision, following if following is not None else wall + TIDY_S
        return POLL_S

    def troubles(self) -> dict[str, Trouble]:
        """Subscriptions whose endpoint does not take messages now, or did not take the last one and nobody has it, by
        ARN."""
        troubles = dict(self._lanes.troubles)
        names = self._queue.names(list(troubles), self._lanes.failed_lately())
        return {names[row]: trouble for row, trouble in troubles.items() if row in names}

    def close(self) -> None:
        """End the jobs under way, and begin no other."""
        self._lanes.close()

    def _serve(self, row: int) -> None:
        """A job: what is due for a subscription, in order. Raises where something failed."""
        failed: list[Delivery] = []
        try:
            work = self._queue.work(row, self._clock.now(), DELIVERIES_A_JOB)
            if work is None:
                return
            round_ = _Round(work, failed=failed)
            try:
                self._hand_over(round_)
            finally:
                self._queue.note(round_.finished, round_.delayed, round_.counted, self._clock.now())
        except Exception as error:
            self._not_before[row] = self._clock.monotonic() + PAUSE_S  # what is due was perhaps handed over already
            raise DeliveryFailed(f"{type(error).__name__}: {error}", PAUSE_S) from error
        if failed:
            dues = [each.due for each in round_.delayed]
            raise DeliveryFailed(failed[-1].error, max(min(dues) - self._clock.now(), 0.0) if dues else None)

    def _hand_over(self, round_: _Round) -> None:
        work, finished = round_.work, round_.finished
        blocked: set[str] = set()
        for number, delivery in enumerate(work.deliveries):
            if delivery.group and delivery.group in blocked:
                continue
            if not self._may_receive(work, delivery):
                return
            try:
                self._attempt(round_, delivery)
            except EndpointError as error:
                together = work.deliveries[number:] if error.unreachable else [delivery]
                for each in together:
                    if each.dead == delivery.dead and each.group not in blocked:
                        self._failed(round_, each, error)
                        if each.group:
                            blocked.add(each.group)
                if error.unreachable:
                    return
            else:
                failpoint("sns.delivered")
                finished.append(delivery)
                if len(finished) >= NOTED_TOGETHER:
                    self._queue.note(finished, (), round_.counted, self._clock.now())
                    finished.clear()
                    round_.counted.clear()

    def _attempt(self, round_: _Round, delivery: Delivery) -> None:
        """Hand a delivery over, where it is still wanted. Raises `EndpointError`."""
        subscription, topic = round_.work.subscription, round_.work.topic
        try:
            if delivery.dead:
                self._sender.bury(delivery.message, subscription, topic)
                self._count(round_, delivery, "redriven", counting.REDRIVEN)
            elif _is_wanted(delivery, subscription):
                self._sender.send(delivery.message, subscription, topic)
                self._count(round_, delivery, "delivered", counting.DELIVERED)
        except EndpointError:
            raise
        except Exception as error:
            log.exception("message %s to %s", delivery.message.id, subscription.arn)
            raise EndpointError(f"an error of ours: {type(error).__name__}: {error}") from error

    def _failed(self, round_: _Round, delivery: Delivery, error: EndpointError) -> None:
        """Decide what becomes of a delivery that failed: later, the dead-letter queue, or nothing more."""
        subscription, failed = round_.work.subscription, round_.failed
        now, attempts, text = self._clock.now(), delivery.attempts + 1, str(error)
        if delivery.message.kind != "Notification" and subscription.protocol.startswith("email") and not error.final:
            failed.append(msgspec.structs.replace(delivery, due=now + HELD_S, attempts=attempts, error=text))
            return
        policy = MAIL if delivery.dead else retries_of(subscription, round_.work.topic)
        delay = None if error.final and not delivery.dead else policy.delay(attempts)
        metric = _failure(delivery, subscription, is_last=delay is None)
        if delay is not None:
            failed.append(msgspec.structs.replace(delivery, due=now + delay, attempts=attempts, error=text))
            self._count(round_, delivery, "failed", metric)
        elif not delivery.dead and subscription.dead_letter_queue and delivery.message.kind == "Notification":
            failed.append(msgspec.structs.replace(delivery, due=now, attempts=0, dead=True, error=text))
            self._count(round_, delivery, "given_up", metric)
        else:
            failed.append(msgspec.structs.replace(delivery, error=text))
            round_.finished.append(failed[-1])
            self._count(round_, delivery, "lost" if delivery.dead else "given_up", metric)
            place = (delivery.message.id, subscription.arn, attempts, text)
            log.error("gave up delivering message %s to %s after %d attempts: %s", *place)

    def _may_receive(self, work: Work, delivery: Delivery) -> bool:
        """Whether the subscriber may be sent one more now, as its delivery policy says."""
        if delivery.dead or work.subscription.protocol not in ("http", "https"):
            return True
        most = policy_of(work.subscription, work.topic).receives_a_second
        if most:
            row, now = work.subscription.id, self._clock.monotonic()
            if self._not_before.get(row, 0.0) > now:
                return False
            self._not_before[row] = now + 1.0 / most
        return True

    def _count(self, round_: _Round, delivery: Delivery, outcome: str, metric: str | None) -> None:
        """Count what became of a delivery: for who runs Cairn, and of a notification for its topic's metrics."""
        DELIVERIES.labels(round_.work.subscription.protocol, outcome).inc()
        if metric is not None and delivery.message.kind == "Notification":
            round_.counted.append(counting.one(round_.work.topic.topic, metric))


def _failure(delivery: Delivery, subscription: Subscription, *, is_last: bool) -> str | None:
    """The metric that an attempt which failed counts for: of servers each does, of others the last.

    Of a dead-letter queue the first does, since an alarm is to tell of one that takes nothing.
    """
    if delivery.dead:
        return counting.NOT_REDRIVEN if delivery.attempts == 0 else None
    return counting.FAILED if is_last or subscription.protocol in ("http", "https") else None


def _is_wanted(delivery: Delivery, subscription: Subscription) -> bool:
    """Whether a message still has somebody to go to, as it was meant."""
    state = {"Notification": "confirmed", "SubscriptionConfirmation": "pending", "UnsubscribeConfirmation": "ended"}
    return subscription.state == state[delivery.message.kind]
