"""What resource policies let services write."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from tests.cloudwatch.logs.rig import ACCOUNT, GROUP, REGION, Rig

from cairn.cloudwatch.logs import GroupId, ResourcePolicies
from cairn.cloudwatch.logs.tables import policies as table

EVENTS = "events.amazonaws.com"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
STREAM = GROUP.stream_arn("s")
PUT = "logs:PutLogEvents"


def statement(effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": {"Service": [EVENTS, "delivery.logs.amazonaws.com"]},
        "Action": ["logs:CreateLogStream", PUT],
        "Resource": f"{GROUP.arn}:*",
    } | more


def put(rig: Rig, *statements: dict[str, Any], name: str = "p", **more: Any) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    rig.call("PutResourcePolicy", policyName=name, policyDocument=document, **more)


def allowed(rig: Rig, **changed: str) -> bool:
    asked = {"service": EVENTS, "action": PUT, "resource": STREAM, "source_arn": RULE, "source_account": ACCOUNT}
    where = {"account": ACCOUNT, "region": REGION}
    return ResourcePolicies(rig.state, rig.clock).allows(**where | asked | changed)  # type: ignore[arg-type]


def test_without_a_policy_no_service_writes(rig: Rig) -> None:
    assert not allowed(rig)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"action": "logs:CreateLogStream"}, True),
        ({"service": "delivery.logs.amazonaws.com"}, True),
        ({"service": "route53.amazonaws.com"}, False),
        ({"action": "logs:DeleteLogStream"}, False),
        ({"resource": GroupId(ACCOUNT, REGION, "app2").stream_arn("s")}, False),
        ({"resource": "arn:aws:s3:::bucket"}, False),
        ({"account": "999999999999"}, False),
        ({"region": "eu-west-1"}, False),
    ],
)
def test_a_policy_lets_in_whom_it_names(rig: Rig, changed: dict[str, str], expected: bool) -> None:
    rig.make("s")
    put(rig, statement())
    assert allowed(rig, **changed) is expected


def test_a_policy_may_ask_for_whom_a_service_writes(rig: Rig) -> None:
    rig.make("s")
    of_rule = {"ArnEquals": {"aws:SourceArn": RULE}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    put(rig, statement(Condition=of_rule))
    assert allowed(rig)
    assert not allowed(rig, source_arn=f"{RULE}2")
    assert not allowed(rig, source_account="999999999999")


def test_a_deny_in_another_policy_decides(rig: Rig) -> None:
    rig.make("s")
    put(rig, statement())
    put(rig, statement("Deny", Action=PUT, Resource="*"), name="q")
    assert not allowed(rig)
    assert allowed(rig, action="logs:CreateLogStream")


def test_a_groups_own_policy_is_about_that_group_and_goes_with_it(rig: Rig) -> None:
    rig.make("s")
    other = GroupId(ACCOUNT, REGION, "other")
    rig.make("s", group=other)
    put(rig, statement(Resource="*"), resourceArn=GROUP.arn)
    assert allowed(rig) and not allowed(rig, resource=other.stream_arn("s"))
    rig.store.groups.delete(GROUP)
    rig.make("s")
    assert not allowed(rig)
    assert rig.call("DescribeResourcePolicies", resourceArn=GROUP.arn)["resourcePolicies"] == []


def test_a_policy_that_nobody_can_read_lets_nobody(rig: Rig) -> None:
    rig.make("s")
    put(rig, statement())
    put(rig, statement(), name="broken")
    with rig.state.write() as connection:
        connection.execute(sa.update(table).where(table.c.name == "broken").values(document="{}"))
    assert not allowed(rig)
