"""What becomes of a delivery after an attempt: done, tried again, buried in the dead-letter queue, or lost. Pure."""

from __future__ import annotations

import random

import msgspec

from cairn.core.tallies import Tally
from cairn.eventbridge.deliveries import counting
from cairn.eventbridge.deliveries.delivery import Delivery, Failure
from cairn.eventbridge.deliveries.endpoints import DeliveryError, Outcome
from cairn.eventbridge.deliveries.retries import Retries

BURIAL = Retries()
"""How often a dead-letter queue that does not answer is tried."""

LEAST_S = 0.1
"""For which a delivery is put off that was not tried."""


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a delivery, and what it is now."""

    name: str
    """`delivered`, `failed` (it is tried again), `held` (it was not), `given_up`, `buried` or `lost`."""
    delivery: Delivery
    is_over: bool
    """Whether there is nothing left to do."""
    tallies: list[Tally]
    error: str = ""
    outcome: DeliveryError | None = None

    @property
    def is_loss(self) -> bool:
        """Whether nobody has the event."""
        return self.is_over and self.name in ("given_up", "lost")

    @property
    def unreachable(self) -> bool:
        return self.outcome is not None and self.outcome.unreachable


def after_attempt(delivery: Delivery, outcome: Outcome, began: float, ended: float, *, may_return: bool) -> Fate:
    """After the target was invoked, from `began` to `ended`.

    Args:
        may_return: whether the rule still has the target; otherwise it is not invoked again.
    """
    retries = Retries.of(delivery.address.settings)
    if outcome is not None and not outcome.tried and ended - delivery.since < retries.age_s:
        later = msgspec.structs.replace(delivery, due=ended + max(outcome.retry_after_s, LEAST_S))
        return Fate(name="held", delivery=later, is_over=False, tallies=[], outcome=outcome)
    tallies = counting.attempted(delivery, began, ended, arrived=outcome is None)
    if outcome is None:
        return Fate(name="delivered", delivery=delivery, is_over=True, tallies=tallies)
    attempts = delivery.attempts + 1
    failure = Failure(code=outcome.code, message=str(outcome), retries=attempts - 1)
    due, condition = 0.0, ""
    if not outcome.final and may_return:
        wait_s, chance = outcome.retry_after_s, _chance(delivery)
        due, condition = retries.following(attempts, delivery.since, ended, wait_s, chance=chance)
    if due:
        later = msgspec.structs.replace(delivery, attempts=attempts, due=due, failure=failure)
        error = f"{failure.code}: {failure.message}"
        return Fate(name="failed", delivery=later, is_over=False, tallies=tallies, error=error, outcome=outcome)
    ended_by = msgspec.structs.replace(failure, condition=condition)
    return _dead(delivery, ended_by, ended, tallies, outcome)


def refused(delivery: Delivery, now: float) -> Fate:
    """Of a delivery that was never right: there is no point in an attempt."""
    assert delivery.failure is not None
    return _dead(delivery, delivery.failure, now, [], None)


def after_burial(delivery: Delivery, outcome: Outcome, now: float) -> Fate:
    """After the dead-letter queue was sent to."""
    if outcome is None:
        tallies = counting.buried(delivery, arrived=True)
        return Fate(name="buried", delivery=delivery, is_over=True, tallies=tallies)
    attempts, error = delivery.attempts + 1, f"dead-letter queue: {outcome.code}: {outcome}"
    due, _ = (0.0, "") if outcome.final else BURIAL.following(attempts, delivery.since, now)
    if due:
        later = msgspec.structs.replace(delivery, attempts=attempts, due=due)
        return Fate(name="failed", delivery=later, is_over=False, tallies=[], error=error, outcome=outcome)
    tallies = counting.buried(delivery, arrived=False)
    return Fate(name="lost", delivery=delivery, is_over=True, tallies=tallies, error=error, outcome=outcome)


def _dead(
    delivery: Delivery, failure: Failure, now: float, tallies: list[Tally], outcome: DeliveryError | None
) -> Fate:
    over = not delivery.address.dead_letter_queue
    dead = msgspec.structs.replace(delivery, dead=True, attempts=0, due=now, since=now, failure=failure)
    return Fate(
        name="given_up",
        delivery=delivery if over else dead,
        is_over=over,
        tallies=tallies + counting.given_up(delivery),
        error=f"{failure.code}: {failure.message}",
        outcome=outcome,
    )


def _chance(delivery: Delivery) -> float:
    """The same for all of a target's that were tried as often, so that they stay in their order."""
    named = f"{delivery.address.rule_arn} {delivery.address.target} {delivery.attempts}"
    return random.Random(named).random()  # noqa: S311 - it spreads attempts, and keeps no secret
