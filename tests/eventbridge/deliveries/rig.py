"""Deliveries over a database of their own, to endpoints that do as they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cairn.core.clock import TestClock
from cairn.core.state import State
from cairn.core.tallies import Tallies
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.counting import tallies
from cairn.eventbridge.deliveries.dead_letters import message_of
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError, Outcome
from cairn.eventbridge.deliveries.loop import Deliveries
from cairn.eventbridge.deliveries.outbox import owe
from cairn.eventbridge.event import BusEvent, BusId, envelope
from cairn.eventbridge.inputs import payload
from cairn.eventbridge.rules import rows as rules
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schema import EVENTS

BUS = BusId("111122223333", "eu-west-2")
QUEUE = "arn:aws:sqs:eu-west-2:111122223333:q"
DLQ = {"DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-2:111122223333:dlq"}}
Answer = Callable[[Address], DeliveryError | None]


def event(number: int) -> BusEvent:
    id = f"00000000-0000-0000-0000-{number:012}"
    fields: dict[str, Any] = {"detail_type": "ordered", "account": BUS.account, "region": BUS.region}
    text = envelope(
        id=id, source="shop", time="2026-11-28T12:00:00Z", resources=[], detail=b'{"n":%d}' % number, **fields
    )
    return BusEvent(id=id, source="shop", envelope=text, **fields)


TOGETHER = 10


class FakeEndpoints:
    """Notes what it gets, by ARN."""

    def __init__(self) -> None:
        self.got: dict[str, list[bytes]] = {}
        self.buried: list[tuple[str, dict[str, str]]] = []
        self.calls: list[tuple[str, int]] = []
        self.answers: dict[str, Answer] = {}
        """By ARN; what has none takes everything."""

    def together(self, address: Address) -> int:
        return TOGETHER

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        self.calls.append((address.arn, len(deliveries)))
        outcomes = [self._outcome(address, address.arn) for _ in deliveries]
        taken = [each.payload for each, outcome in zip(deliveries, outcomes, strict=True) if outcome is None]
        self.got.setdefault(address.arn, []).extend(taken)
        return outcomes

    def bury(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        outcomes = [self._outcome(address, address.dead_letter_queue) for _ in deliveries]
        taken = [message_of(each) for each, outcome in zip(deliveries, outcomes, strict=True) if outcome is None]
        self.buried += taken
        return outcomes

    def _outcome(self, address: Address, arn: str) -> Outcome:
        return self.answers[arn](address) if arn in self.answers else None


class Rig:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.state = State.in_folder(folder, EVENTS)
        self.state.migrate()
        self.endpoints = FakeEndpoints()
        self.deliveries = Deliveries(self.state, self.endpoints, Tallies(tallies), clock)

    def rule(self, name: str, *targets: Target, role: str = "") -> Rule:
        with self.state.write() as connection:
            bus = buses.find_saved(connection, BUS, 0.0)
            assert bus is not None
            rule = rules.put(connection, bus, Rule(row=0, bus=BUS, name=name, pattern="{}", role=role))
            rules.put_targets(connection, bus, rule, targets)
        return rule

    def remove_targets(self, rule: Rule, *ids: str) -> None:
        with self.state.write() as connection:
            bus = buses.find(connection, BUS)
            assert bus is not None
            rules.remove_targets(connection, bus, rule, ids)

    def owe(self, rule: Rule, target: Target, *numbers: int) -> None:
        now = self.clock.now()
        with self.state.write() as connection:
            for number in numbers:
                each = event(number)
                made = payload(target, each, rule_arn=rule.arn, rule_name=rule.name, ingested=now)
                owe(connection, rule, target, made, each, now)

    def run(self) -> None:
        """Step until there is nothing to do now."""
        while self.deliveries.step() == 0.0:
            pass

    def run_for(self, seconds: float) -> None:
        """Step until there is nothing to do until then, and no longer."""
        end = self.clock.now() + seconds
        while True:
            self.run()
            following = self.due()
            if following is None or following > end:
                break
            self.clock.advance(max(following - self.clock.now(), 0.0) + 0.001)
        self.clock.advance(max(end - self.clock.now(), 0.0))

    def due(self) -> float | None:
        with self.state.read() as connection:
            found: float | None = connection.scalar(sa.text("select min(due) from event_deliveries"))
        return found

    def waiting(self) -> int:
        with self.state.read() as connection:
            return connection.scalar(sa.text("select count(*) from event_deliveries")) or 0

    def counted(self) -> dict[str, float]:
        """What was counted of rules: the sum of the values by metric."""
        rows = sa.text(
            "select name, sum(value * times) total from event_tallies where dimensions like '%RuleName%' group by 1"
        )
        with self.state.read() as connection:
            return {row.name: row.total for row in connection.execute(rows)}

    def close(self) -> None:
        self.deliveries.close()
        self.state.close()
