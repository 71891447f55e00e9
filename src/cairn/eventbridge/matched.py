"""What is counted of rules that events matched (see `eventbridge.counting`)."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cairn.core.tallies import Tallies, Tally
from cairn.eventbridge.counting import of_rule
from cairn.eventbridge.event import BusId
from cairn.eventbridge.routing import Matched


class MatchCounts:
    """`routing.Count`."""

    def __init__(self, tallies: Tallies) -> None:
        self._tallies = tallies

    def __call__(self, connection: sa.Connection, bus: BusId, matched: Sequence[Matched], now: float) -> None:
        found: list[Tally] = []
        for of_event in matched:
            for rule, _ in of_event:
                found += of_rule(bus, rule.name, "MatchedEvents", of_bus=False, of_account=False)
                found += of_rule(bus, rule.name, "TriggeredRules", of_bus=False)
            if of_event:  # an event that matches two rules is one that matched
                found.append(Tally(bus.account, bus.region, "MatchedEvents", ()))
            created = sum(len(targets) for _, targets in of_event)
            if created:
                found.append(Tally(bus.account, bus.region, "InvocationsCreated", (), 1.0, created))
        self._tallies.add(connection, found, now)
