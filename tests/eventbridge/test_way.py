"""The whole way of an event without a process: put, matched, owed, handed over, from bus to bus; as AWS was seen to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.eventbridge.calls import Calls
from tests.eventbridge.operations.recorded import Recorded, as_recorded
from tests.eventbridge.operations.rig import ACCOUNT, REGION

from cairn.core.clock import TestClock
from cairn.core.state import State
from cairn.core.tallies import Tallies
from cairn.eventbridge.compiled import compile_patterns
from cairn.eventbridge.counting import tallies
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import Outcome
from cairn.eventbridge.deliveries.loop import Deliveries
from cairn.eventbridge.deliveries.outbox import owe
from cairn.eventbridge.event import BusEvent, BusId
from cairn.eventbridge.inputs import payload
from cairn.eventbridge.operations import operations
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schema import EVENTS
from cairn.service.event_targets.buses import Buses
from cairn.service.event_targets.joined import EventTargets
from cairn.service.event_targets.queues import Queues

KIND = "core.update-account-command"
DETAIL = {"command": "update-account", "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}}
OF_KIND = {"source": [KIND], "detail-type": [KIND]}
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/forwards"


class Mailbox:
    """Queues, as a family of targets."""

    together = 10

    def __init__(self) -> None:
        self.bodies: list[Any] = []

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        self.bodies += [json.loads(each.payload) for each in deliveries]
        return [None] * len(deliveries)


class Way:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.state = State.in_folder(folder, EVENTS)
        self.state.migrate()
        self.mailbox = Mailbox()
        self.router = Router(self.state, clock, compile_patterns, _owe)
        self._queues = Queues(lambda arn: None, None)
        families = {"sqs": self.mailbox, "events:event-bus": Buses(self.state, self.router, None)}
        targets = EventTargets(families, self._queues)
        self.deliveries = Deliveries(self.state, targets, Tallies(tallies), clock)
        self.calls = Calls(operations(self.state, clock, self.router), ACCOUNT, REGION)

    def rule(self, bus: str, pattern: dict[str, Any], arn: str, **target: Any) -> None:
        named = {"EventBusName": bus}
        self.calls.call("PutRule", Name="r", EventPattern=json.dumps(pattern), **named)
        put = self.calls.call("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": arn, **target}], **named)
        assert put["FailedEntryCount"] == 0

    def put(self, bus: str, *details: dict[str, Any]) -> list[str]:
        """The ids of events, once all that they lead to has happened."""
        entries = [
            {"Source": KIND, "DetailType": KIND, "Detail": json.dumps(detail), "EventBusName": bus}
            for detail in details
        ]
        answer = self.calls.call("PutEvents", Entries=entries)
        self.run()
        return [each["EventId"] for each in answer["Entries"]]

    def run(self) -> None:
        while self.deliveries.step() == 0.0:
            pass

    def close(self) -> None:
        self.deliveries.close()
        self._queues.close()
        self.state.close()


def _owe(connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
    made = payload(target, event, rule_arn=rule.arn, rule_name=rule.name, ingested=now)
    owe(connection, rule, target, made, event, now)


@pytest.fixture
def way(tmp_path: Path, clock: TestClock) -> Iterator[Way]:
    made = Way(tmp_path, clock)
    yield made
    made.close()


@pytest.mark.parametrize("strategy", ["standard", "domain", "path"])
def test_from_bus_to_bus(way: Way, shared_data: Path, strategy: str) -> None:
    [message] = Recorded(shared_data, f"TestEventBus::test_put_events_bus_to_bus[{strategy}]")["messages"]
    second = way.calls.call("CreateEventBus", Name="second")["EventBusArn"]
    way.calls.call("CreateEventBus", Name="first")
    way.rule("first", OF_KIND, second, RoleArn=ROLE)
    way.rule("second", OF_KIND, QUEUE)
    [id] = way.put("first", DETAIL)
    assert [as_recorded(body, {id: "<uuid:2>"}) for body in way.mailbox.bodies] == [message["Body"]]


def test_from_a_service_by_the_default_bus_to_one_of_ours(way: Way, shared_data: Path) -> None:
    """The recorded event is S3's, which Cairn's buckets do not send: it is given to the bus as a service would."""
    recorded = Recorded(shared_data, "TestEventBus::test_put_events_to_default_eventbus_for_custom_eventbus")
    names = {"ours": "<resource:1>", "of-default": "<resource:2>", "of-ours": "<resource:3>"}
    made = way.calls.call("CreateEventBus", Name="ours")
    assert as_recorded(made, names) == recorded["create-custom-event-bus"]
    pattern = json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]})
    steps = ({"Rule": "of-default"}, made["EventBusArn"]), ({"Rule": "of-ours", "EventBusName": "ours"}, QUEUE)
    for number, (rule, arn) in enumerate(steps, start=1):
        of_bus = {name: value for name, value in rule.items() if name != "Rule"}
        put = way.calls.call("PutRule", Name=rule["Rule"], EventPattern=pattern, **of_bus)
        assert as_recorded(put, names) == recorded[f"create-rule-{number}"]
        role = {"RoleArn": ROLE} if number == 1 else {}
        put = way.calls.call("PutTargets", **rule, Targets=[{"Id": "t", "Arn": arn, **role}])
        assert as_recorded(put, names) == recorded[f"put-target-{number}"]
    [message] = recorded["get-events"]["Messages"]
    sent = BusEvent(
        id=message["Body"]["id"],
        source="aws.s3",
        detail_type="Object Created",
        account=ACCOUNT,
        region=REGION,
        envelope=json.dumps(message["Body"]).encode(),
    )
    assert way.router.put(BusId(ACCOUNT, REGION), [sent]) == 1
    way.run()
    assert way.mailbox.bodies == [message["Body"]]


def test_buses_that_tell_each_other_tell_each_other_once(way: Way) -> None:
    arns = [way.calls.call("CreateEventBus", Name=name)["EventBusArn"] for name in ("one", "two")]
    way.rule("one", OF_KIND, arns[1], RoleArn=ROLE)
    way.rule("two", OF_KIND, arns[0], RoleArn=ROLE)
    way.put("one", DETAIL)
    with way.state.read() as connection:
        names = sa.text("select name, sum(times) from event_tallies where dimensions like '%RuleName%' group by name")
        counted = {row[0]: row[1] for row in connection.execute(names)}
    assert (counted["InvocationAttempts"], counted["SuccessfulInvocationAttempts"]) == (2, 1)


def test_parts_of_events_of_patterns(way: Way, shared_data: Path) -> None:
    of_type = {"detail": {"event": {"data": {"type": ["1", "2"]}}}}
    way.calls.call("CreateEventBus", Name="bus")
    way.rule("bus", of_type, QUEUE, InputPath="$.detail")
    for test, types in (("with_values_in_array", [["3", "1"], ["2"], ["3"]]), ("nested", ["1", "3"])):
        recorded = Recorded(shared_data, f"TestEventPattern::test_put_events_pattern_{test}")["messages"]
        way.mailbox.bodies.clear()
        way.put("bus", *[{"event": {"data": {"type": each}}} for each in types])
        assert way.mailbox.bodies == [message["Body"] for message in recorded]
