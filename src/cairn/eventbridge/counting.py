"""What EventBridge counts of its rules: the metrics of the namespace AWS/Events, in the account of the bus.

It is written with what is counted (`core.tallies`). Metrics of a rule of the default bus have the dimension RuleName;
those of other buses EventBusName beside it. Most are counted for the bus and for the account as a whole too.
"""

from __future__ import annotations

from cairn.core.tallies import Tally, tallies_table
from cairn.eventbridge.event import DEFAULT, BusId
from cairn.eventbridge.schema import EVENTS

NAMESPACE = "AWS/Events"

tallies = tallies_table("event_tallies", EVENTS.metadata)


def of_rule(
    bus: BusId,
    rule: str,
    metric: str,
    value: float = 1.0,
    *,
    unit: str = "Count",
    of_bus: bool = True,
    of_account: bool = True,
) -> list[Tally]:
    """Something happened once to a rule.

    Args:
        of_bus, of_account: whether AWS has the metric for buses, and without any dimension, too.
    """
    named = () if bus.name == DEFAULT else (("EventBusName", bus.name),)
    dimensions: list[tuple[tuple[str, str], ...]] = [(*named, ("RuleName", rule))]
    if of_bus:
        dimensions.append((("EventBusName", bus.name),))
    if of_account:
        dimensions.append(())
    return [Tally(bus.account, bus.region, metric, each, value, 1, unit) for each in dimensions]
