"""Trails and alarms give their events to real event buses, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.cloudtrail.rig import ACCOUNT, Rig
from tests.eventbridge.naive_matcher import NaiveMatcher

from cairn.cloudtrail.event_delivery import EventDelivery
from cairn.cloudwatch.alarms import ALARMS, history
from cairn.cloudwatch.alarms.alarm import AlarmId
from cairn.core.clock import TestClock, iso_seconds
from cairn.core.failpoints import FailpointReached, arm
from cairn.core.state import State
from cairn.eventbridge.alarm_changes import LATE_S, AlarmChanges
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.event import BusEvent, BusId
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules import rows as rules
from cairn.eventbridge.rules.rule import ENABLED, ENABLED_WITH_ALL, Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schema import EVENTS
from cairn.service.event_sources import AlarmHistory, DefaultBuses

ALARM = AlarmId(ACCOUNT, "eu-west-1", "too many")


class Buses:
    """Event buses of which every rule has one target; what it is owed are rows of a table of the test's."""

    owed = sa.Table("test_owed", sa.MetaData(), *[sa.Column(name, sa.String) for name in ("rule", "event")])

    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.state = State.in_folder(folder, EVENTS)
        self.state.migrate()
        self.owed.create(self.state.engine)
        self.router = Router(self.state, clock, lambda patterns: NaiveMatcher(patterns), self._owe)

    def rule(self, name: str, pattern: dict[str, Any], region: str = "us-east-1", state: str = ENABLED) -> None:
        bus = BusId(ACCOUNT, region)
        with self.state.write() as connection:
            found = buses.find_saved(connection, bus, 0.0)
            assert found is not None
            new = Rule(row=0, bus=bus, name=name, pattern=json.dumps(pattern), state=state)
            rule = rules.put(connection, found, new)
            rules.put_targets(connection, found, rule, [Target(id="queue", arn="arn:aws:sqs:us-east-1:1:q")])

    def events(self, rule: str) -> list[dict[str, Any]]:
        of_rule = sa.select(self.owed.c.event).where(self.owed.c.rule == rule)
        with self.state.read() as connection:
            return [json.loads(text) for text in connection.scalars(of_rule)]

    def _owe(self, connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
        connection.execute(sa.insert(self.owed).values(rule=rule.name, event=event.envelope.decode()))


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[Rig]:
    rig = Rig(tmp_path, clock)
    yield rig
    arm("")
    rig.delivery.close()
    rig.state.close()


@pytest.fixture
def event_buses(tmp_path: Path, clock: TestClock) -> Iterator[Buses]:
    found = Buses(tmp_path, clock)
    yield found
    found.state.close()


@pytest.fixture
def alarms(tmp_path: Path) -> Iterator[State]:
    state = State.in_folder(tmp_path, ALARMS)
    state.migrate()
    yield state
    state.close()


def sink_of(rig: Rig, found: Buses) -> EventDelivery:
    return EventDelivery(rig.state, rig.journal, DefaultBuses(found.state, found.router), rig.clock, wait_s=0.0)


def test_a_call_reaches_the_rules_of_its_bus_and_those_that_read_only_who_asks(rig: Rig, event_buses: Buses) -> None:
    sink = sink_of(rig, event_buses)
    sink.step()
    rig.trail(multi_region=True)
    calls = {"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"]}
    event_buses.rule("changes", calls)
    event_buses.rule("others", {"source": ["aws.s3"]})
    event_buses.rule("elsewhere", calls, "eu-west-1")
    (created,) = rig.record()
    rig.record(rig.event("DescribeInstances", read_only=True))
    sink.step()
    event_buses.rule("all", calls, state=ENABLED_WITH_ALL)
    (described,) = rig.record(rig.event("DescribeInstances", read_only=True))
    sink.step()
    assert [event["detail"] for event in event_buses.events("changes")] == [created.parse()]
    assert [event["detail"] for event in event_buses.events("all")] == [described.parse()]
    assert event_buses.events("others") == event_buses.events("elsewhere") == []
    (event,) = event_buses.events("changes")
    assert (event["account"], event["region"], event["resources"]) == (ACCOUNT, "us-east-1", [])
    assert event["time"] == iso_seconds(created.header.time)


@pytest.mark.parametrize("point", ["events.gathered", "events.given"])
def test_a_crash_neither_loses_nor_doubles_what_targets_are_owed(rig: Rig, event_buses: Buses, point: str) -> None:
    event_buses.rule("changes", {"source": ["aws.ec2"]})
    sink_of(rig, event_buses).step()
    rig.trail()
    events = rig.record() + rig.record()
    arm(f"{point}=raise")
    with pytest.raises(FailpointReached):
        sink_of(rig, event_buses).step()
    arm("")
    sink_of(rig, event_buses).step()
    events += rig.record()
    sink_of(rig, event_buses).step()
    assert [event["detail"]["eventID"] for event in event_buses.events("changes")] == [
        event.header.id for event in events
    ]


def note(alarms: State, clock: TestClock, type: str, **detail: Any) -> None:
    with alarms.write() as connection:
        history.note(connection, ALARM, "MetricAlarm", clock.now(), type, "it happened", {}, detail or None)


def test_changes_of_alarms_are_told_once(alarms: State, event_buses: Buses, clock: TestClock) -> None:
    event_buses.rule("alarms", {"source": ["aws.cloudwatch"]}, ALARM.region)
    note(alarms, clock, history.STATE, alarmName="before there were buses")
    source = AlarmChanges(AlarmHistory(alarms), event_buses.router, clock)
    while source.step() == 0:
        pass
    note(alarms, clock, history.CONFIGURATION, alarmName=ALARM.name, operation="create")
    note(alarms, clock, history.ACTION)
    note(alarms, clock, history.STATE, alarmName=ALARM.name, state={"value": "ALARM"})
    source.step()
    source.step()
    AlarmChanges(AlarmHistory(alarms), event_buses.router, clock).step()
    created, turned = event_buses.events("alarms")
    assert created["detail-type"] == "CloudWatch Alarm Configuration Change"
    assert turned.pop("id") != created["id"]
    assert turned == {
        "version": "0",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "time": iso_seconds(clock.now()),
        "region": "eu-west-1",
        "resources": ["arn:aws:cloudwatch:eu-west-1:" + ACCOUNT + ":alarm:too many"],
        "detail": {"alarmName": "too many", "state": {"value": "ALARM"}},
    }


def test_an_alarms_first_change_ever_is_told(alarms: State, event_buses: Buses, clock: TestClock) -> None:
    event_buses.rule("alarms", {"source": ["aws.cloudwatch"]}, ALARM.region)
    source = AlarmChanges(AlarmHistory(alarms), event_buses.router, clock)
    source.step()
    source.step()
    note(alarms, clock, history.STATE, alarmName=ALARM.name)
    source.step()
    assert len(event_buses.events("alarms")) == 1


def test_a_change_whose_transaction_ends_late_is_waited_for(
    alarms: State, event_buses: Buses, clock: TestClock
) -> None:
    event_buses.rule("alarms", {"source": ["aws.cloudwatch"]}, ALARM.region)
    source = AlarmChanges(AlarmHistory(alarms), event_buses.router, clock)
    source.step()
    for name in ("first", "second", "third"):
        note(alarms, clock, history.STATE, alarmName=name)
    with alarms.write() as connection:
        row = connection.execute(sa.text("SELECT * FROM alarm_history WHERE id = 2")).mappings().one()
        connection.execute(sa.text("DELETE FROM alarm_history WHERE id = 2"))
    source.step()
    assert [event["detail"]["alarmName"] for event in event_buses.events("alarms")] == ["first"]
    with alarms.write() as connection:
        connection.execute(sa.insert(history.history).values(**row))
    source.step()
    with alarms.write() as connection:
        connection.execute(sa.text("DELETE FROM alarm_history WHERE id = 3"))
    note(alarms, clock, history.STATE, alarmName="fourth")
    source.step()
    clock.advance(LATE_S)
    source.step()
    assert [event["detail"]["alarmName"] for event in event_buses.events("alarms")] == [
        *("first", "second", "third"),
        "fourth",
    ]
