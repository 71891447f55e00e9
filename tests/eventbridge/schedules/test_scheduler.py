"""Rules on a schedule fire when they are due, once, and follow what is changed about them."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from tests.eventbridge.naive_matcher import NaiveMatcher

from cairn.core.clock import TestClock, from_iso, iso_seconds
from cairn.core.failpoints import FailpointReached, arm
from cairn.core.state import State
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.event import BusEvent, BusId
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules import rows as rules
from cairn.eventbridge.rules.rule import DISABLED, ENABLED, Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schedules.scheduler import FIRED_A_STEP, POLL_S, Scheduler
from cairn.eventbridge.schedules.tables import schedules
from cairn.eventbridge.schema import EVENTS

BUS = BusId("111122223333", "eu-west-2")
START = from_iso("2026-11-28T12:00:00Z")


class House:
    """Rules, a router whose deliveries are rows of a table of the test's, and the scheduler."""

    owed = sa.Table("test_owed", sa.MetaData(), *[sa.Column(name, sa.String) for name in ("rule", "target", "event")])

    def __init__(self, folder: Path) -> None:
        self.clock = TestClock(START)
        self.state = State.in_folder(folder, EVENTS)
        self.state.migrate()
        self.owed.create(self.state.engine)
        self.restart()

    def restart(self) -> None:
        router = Router(self.state, self.clock, lambda patterns: NaiveMatcher(patterns), self._owe)
        self.scheduler = Scheduler(self.state, router, self.clock)

    def rule(self, name: str, schedule: str, *, state: str = ENABLED, bus: BusId = BUS) -> Rule:
        with self.state.write() as connection:
            found = buses.find_saved(connection, bus, 0.0) or buses.insert(connection, bus, {}, 0.0)
            old = rules.find(connection, found, name)
            new = Rule(row=old.row if old else 0, bus=bus, name=name, schedule=schedule, state=state)
            rule = rules.put(connection, found, new)
            rules.put_targets(connection, found, rule, [Target(id="queue", arn="arn:aws:sqs:eu-west-2:111122223333:q")])
        return rule

    def delete(self, rule: Rule) -> None:
        with self.state.write() as connection:
            found = buses.find(connection, rule.bus)
            assert found is not None
            rules.delete(connection, found, rule)

    def work(self) -> float:
        while (pause := self.scheduler.step()) == 0:
            pass
        return pause

    def run(self, seconds: float) -> None:
        """Let time pass as it does for the loop."""
        end = self.clock.now() + seconds
        while (left := end - self.clock.now()) > 0:
            self.clock.advance(min(self.work(), left))
        self.work()

    def fired(self) -> list[tuple[str, str]]:
        """Which rules fired, and for what time of day."""
        with self.state.read() as connection:
            found = connection.execute(sa.select(self.owed)).all()
        return [(row.rule, json.loads(row.event)["time"][11:19]) for row in found]

    def events(self) -> list[dict[str, Any]]:
        with self.state.read() as connection:
            return [json.loads(text) for text in connection.scalars(sa.select(self.owed.c.event))]

    def _owe(self, connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
        values = {"rule": rule.name, "target": target.id, "event": event.envelope.decode()}
        connection.execute(sa.insert(self.owed).values(values))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    arm("")
    house.state.close()


def test_the_event_is_as_aws_sends_it(house: House) -> None:
    rule = house.rule("nightly", "cron(30 12 * * ? *)")
    house.run(1800)
    (event,) = house.events()
    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "111122223333",
        "time": "2026-11-28T12:30:00Z",
        "region": "eu-west-2",
        "resources": [rule.arn],
        "detail": {},
    }


def test_a_rate_first_fires_one_period_after_the_rule_was_put(house: House) -> None:
    house.clock.advance(10.4)
    house.rule("often", "rate(1 minute)")
    house.rule("seldom", "rate(2 minutes)")
    house.run(60.5)
    assert house.fired() == []
    house.run(180.5)
    assert house.fired() == [
        ("often", "12:01:11"),
        ("often", "12:02:11"),
        ("seldom", "12:02:11"),
        ("often", "12:03:11"),
        ("often", "12:04:11"),
        ("seldom", "12:04:11"),
    ]
    assert len({event["id"] for event in house.events()}) == 6


def test_a_rule_fires_at_its_time_to_the_millisecond(house: House) -> None:
    house.rule("r", "cron(0/1 * * * ? *)")
    house.clock.advance(59.7)
    assert house.work() == pytest.approx(0.3)
    house.clock.advance(0.3)
    house.work()
    assert house.fired() == [("r", "12:01:00")]
    assert house.work() == POLL_S


def test_disabled_changed_and_deleted_rules_are_followed(house: House) -> None:
    house.run(1)
    rule = house.rule("r", "rate(1 minute)", state=DISABLED)
    house.run(120)
    house.rule("r", "rate(1 minute)")
    house.run(70)
    assert house.fired() == [("r", "12:03:01")]
    house.rule("r", "rate(1 hour)")
    house.run(120)
    house.rule("r", "cron(10 * * * ? *)")
    house.run(600)
    assert house.fired()[1:] == [("r", "12:10:00")]
    house.rule("r", "", state=ENABLED)
    house.run(3600)
    assert len(house.fired()) == 2
    house.rule("r", "rate(1 minute)")
    house.run(61)
    house.delete(rule)
    house.run(300)
    assert len(house.fired()) == 3
    with house.state.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(schedules)) == 0


def test_a_rule_that_is_put_again_as_it_was_keeps_its_time(house: House) -> None:
    house.rule("r", "rate(1 minute)")
    house.run(30)
    house.rule("r", "rate(1 minute)")
    house.run(31)
    assert house.fired() == [("r", "12:01:00")]


def test_only_default_buses_have_schedules(house: House) -> None:
    house.rule("r", "rate(1 minute)", bus=msgspec.structs.replace(BUS, name="orders"))
    house.run(120)
    assert house.fired() == []


def test_what_was_missed_is_made_up_for_once_and_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.rule("often", "rate(5 minutes)")
    house.rule("daily", "cron(0 13 * * ? *)")
    house.rule("never", "cron(0 13 1 1 ? 2020)")
    house.run(1)
    house.clock.advance(2 * 3600 + 100)
    house.restart()
    with caplog.at_level(logging.WARNING):
        house.work()
    assert house.fired() == [("often", "12:05:00"), ("daily", "13:00:00")]
    assert [record.message.split("rule/")[1].split(";")[0] for record in caplog.records] == [
        "often fires 7001 s after it was due",
        "daily fires 3701 s after it was due",
    ]
    house.run(300)
    assert house.fired()[2:] == [("often", "14:05:00")]


@pytest.mark.parametrize("point", ["schedules.firing", "schedules.fired"])
def test_a_crash_neither_loses_nor_doubles(house: House, point: str) -> None:
    for number in range(5):
        house.rule(f"r{number}", "rate(1 minute)")
    house.run(59)
    house.clock.advance(2)
    arm(f"{point}=raise")
    with pytest.raises(FailpointReached):
        house.work()
    arm("")
    house.restart()
    house.work()
    assert house.fired() == [(f"r{number}", "12:01:00") for number in range(5)]


def test_two_schedulers_meet_each_time_once(house: House) -> None:
    house.rule("r", "rate(1 minute)")
    house.work()
    first = house.scheduler
    house.restart()
    house.work()
    house.clock.advance(61)
    first.step()
    house.work()
    assert house.fired() == [("r", "12:01:00")]


def test_many_rules_are_fired_in_order_and_cost_nothing_between(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = random.Random(4)
    minutes = {f"r{number:03}": chosen.randrange(1, 60) for number in range(3 * FIRED_A_STEP)}
    for name, minute in minutes.items():
        house.rule(name, f"cron({minute} * * * ? *)")
    house.run(1)
    monkeypatch.setattr(house.state, "write", None)  # no transaction while nothing is due
    for _ in range(10):
        house.scheduler.step()
    monkeypatch.undo()
    house.run(3600)
    assert house.fired() == sorted(
        ((name, iso_seconds(START + 60 * minute)[11:19]) for name, minute in minutes.items()),
        key=lambda fired: (fired[1], fired[0]),
    )
