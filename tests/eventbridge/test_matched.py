"""What rules match is counted with it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from tests.eventbridge.test_routing import BUS, ORDERS, House, event

from cairn.core.clock import TestClock
from cairn.core.tallies import Tallies
from cairn.eventbridge.compiled import compile_patterns
from cairn.eventbridge.counting import tallies
from cairn.eventbridge.matched import MatchCounts
from cairn.eventbridge.routing import Router


def test_matches_are_counted_by_rule_and_for_the_account(tmp_path: Path, clock: TestClock) -> None:
    house = House(tmp_path, clock)
    router = Router(house.state, clock, compile_patterns, house._owe, None, MatchCounts(Tallies(tallies)))
    fired = house.rule(BUS, "a", targets=2)
    house.rule(BUS, "b")
    house.rule(ORDERS, "c", targets=0)
    router.put(BUS, [event(number=1), event("bank", 2), event(number=3)])
    router.put(ORDERS, [event(number=4)])
    with house.state.write() as connection:
        router.fire(connection, fired, event("aws.events", 5))
    summed = sa.select(tallies.c.name, tallies.c.dimensions, sa.func.sum(tallies.c.value * tallies.c.times))
    with house.state.read() as connection:
        rows = connection.execute(summed.group_by(tallies.c.name, tallies.c.dimensions))
        found = {(name, dimensions): total for name, dimensions, total in rows}
    of_orders = '[["EventBusName","orders"],["RuleName","c"]]'
    assert found == {
        ("MatchedEvents", "[]"): 4,
        ("MatchedEvents", '[["RuleName","a"]]'): 3,
        ("MatchedEvents", '[["RuleName","b"]]'): 2,
        ("MatchedEvents", of_orders): 1,
        ("TriggeredRules", "[]"): 6,
        ("TriggeredRules", '[["RuleName","a"]]'): 3,
        ("TriggeredRules", '[["RuleName","b"]]'): 2,
        ("TriggeredRules", of_orders): 1,
        ("InvocationsCreated", "[]"): 8,
    }
    house.state.close()
