"""What is counted of deliveries (see `eventbridge.counting`). Latencies are whole milliseconds."""

from __future__ import annotations

from cairn.core.tallies import Tally
from cairn.eventbridge.counting import of_rule
from cairn.eventbridge.deliveries.delivery import Delivery


def attempted(delivery: Delivery, began: float, ended: float, *, arrived: bool) -> list[Tally]:
    """A target was invoked, from `began` to `ended` (seconds since the epoch)."""
    bus, rule = delivery.address.bus, delivery.address.rule
    found = of_rule(bus, rule, "InvocationAttempts")
    if delivery.attempts:
        found += of_rule(bus, rule, "RetryInvocationAttempts")
    else:
        found += _latency(delivery, "IngestionToInvocationStartLatency", began)
        found += _latency(delivery, "IngestionToInvocationCompleteLatency", ended)
    if arrived:
        found += of_rule(bus, rule, "SuccessfulInvocationAttempts")
        found += _latency(delivery, "IngestionToInvocationSuccessLatency", ended)
        found += _invoked(delivery)
    return found


def given_up(delivery: Delivery) -> list[Tally]:
    """A target will not be invoked any more."""
    bus, rule = delivery.address.bus, delivery.address.rule
    return _invoked(delivery) + of_rule(bus, rule, "FailedInvocations", of_bus=False, of_account=False)


def buried(delivery: Delivery, *, arrived: bool) -> list[Tally]:
    """The dead-letter queue has the event, or will never have it."""
    name = "InvocationsSentToDlq" if arrived else "InvocationsFailedToBeSentToDlq"
    return of_rule(delivery.address.bus, delivery.address.rule, name, of_bus=False, of_account=False)


def _invoked(delivery: Delivery) -> list[Tally]:
    return of_rule(delivery.address.bus, delivery.address.rule, "Invocations", of_bus=False)


def _latency(delivery: Delivery, metric: str, end: float) -> list[Tally]:
    passed = float(round(max(end - delivery.since, 0.0) * 1000))
    return of_rule(delivery.address.bus, delivery.address.rule, metric, passed, unit="Milliseconds")
