"""Buses of other accounts, as far as their policies let: where the door asks nobody, operations do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.eventbridge.operations.rig import ACCOUNT, OTHER, REGION, Rig

from cairn.core.errors import AwsError

BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/orders"
ROOT = f"arn:aws:iam::{OTHER}:root"


@pytest.fixture
def orders(rig: Rig) -> Rig:
    rig.call("CreateEventBus", Name="orders")
    rig.rule(bus="orders")
    rig.target(bus="orders")
    return rig


def allow(rig: Rig, action: Any, resource: Any = BUS, **more: Any) -> None:
    statement = {"Sid": "s", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": action, "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})
    rig.call("PutPermission", EventBusName="orders", Policy=policy)


def test_events_come_in_where_the_policy_lets_them(orders: Rig) -> None:
    entry = {"EventBusName": BUS}
    with pytest.raises(AwsError) as refused:
        orders.put(entry, account=OTHER)
    assert str(refused.value) == (
        f"AccessDeniedException: User: {ROOT} is not authorized to perform: events:PutEvents on resource: {BUS} "
        "because no resource-based policy allows the events:PutEvents action"
    )
    given = {"Action": "events:PutEvents", "Principal": OTHER, "StatementId": "s"}
    orders.call("PutPermission", EventBusName="orders", **given)
    assert orders.put(entry, account=OTHER)["FailedEntryCount"] == 0
    assert orders.told()[0]["account"] == OTHER
    orders.call("RemovePermission", EventBusName="orders", StatementId="s")
    with pytest.raises(AwsError, match="AccessDeniedException"):
        orders.put(entry, account=OTHER)


def test_a_policy_may_ask_what_the_event_is(orders: Rig) -> None:
    allow(
        orders,
        "events:PutEvents",
        Condition={"StringEquals": {"events:source": "shop", "events:detail-type": "ordered"}},
    )
    orders.put({"EventBusName": BUS}, account=OTHER)
    for entry in ({"Source": "bank"}, {"DetailType": "paid"}):
        with pytest.raises(AwsError, match="AccessDeniedException"):
            orders.put({"EventBusName": BUS}, {"EventBusName": BUS, **entry}, account=OTHER)
    assert len(orders.told()) == 1


def test_a_bus_that_does_not_exist_lets_nobody_in(orders: Rig) -> None:
    with pytest.raises(AwsError, match="AccessDeniedException"):
        orders.put({"EventBusName": BUS + "2"}, account=OTHER)


def test_another_account_manages_the_rules_that_it_made(orders: Rig) -> None:
    actions = ["PutRule", "PutTargets", "DescribeRule", "DeleteRule", "RemoveTargets", "DisableRule"]
    with pytest.raises(AwsError, match="not authorized to perform: events:PutRule on resource: " + RULE + "/theirs"):
        orders.rule("theirs", bus=BUS, account=OTHER)
    condition = {"StringEquals": {"events:creatorAccount": "${aws:PrincipalAccount}"}}
    allow(orders, [f"events:{action}" for action in actions], RULE + "/*", Condition=condition)
    assert orders.rule("theirs", bus=BUS, account=OTHER) == RULE + "/theirs"
    described = orders.call("DescribeRule", Name="theirs", EventBusName="orders")
    assert described["CreatedBy"] == OTHER
    for name in ("PutRule", "DisableRule", "DeleteRule"):
        given = {"EventPattern": '{"source": ["a"]}'} if name == "PutRule" else {}
        with pytest.raises(AwsError, match="AccessDeniedException"):
            orders.call(name, Name="rule", EventBusName=BUS, account=OTHER, **given)
    orders.call("DeleteRule", Name="theirs", EventBusName=BUS, account=OTHER)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DescribeEventBus", {"Name": BUS}),
        ("ListRules", {"EventBusName": BUS}),
        ("ListTargetsByRule", {"EventBusName": BUS, "Rule": "rule"}),
        ("ListTagsForResource", {"ResourceARN": BUS}),
        ("TagResource", {"ResourceARN": RULE + "/rule", "Tags": [{"Key": "a", "Value": "b"}]}),
    ],
)
def test_nothing_is_read_of_another_account_s_bus(orders: Rig, operation: str, params: dict[str, Any]) -> None:
    with pytest.raises(AwsError, match="AccessDeniedException"):
        orders.call(operation, account=OTHER, **params)
    allow(orders, f"events:{operation}", "*")
    if operation != "TagResource":
        orders.call(operation, account=OTHER, **params)
