"""Rules: what they may say, what a second PutRule changes, and who may change them."""

from __future__ import annotations

import msgspec
import pytest
from tests.eventbridge.operations.rig import ACCOUNT, REGION, ROLE, Rig

from cairn.core.errors import AwsError
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.event import BusId
from cairn.eventbridge.operations.rules import RULES_MAX
from cairn.eventbridge.rules import rows as rules
from cairn.eventbridge.rules.rule import Rule


def manage(rig: Rig, name: str = "rule") -> None:
    """Make a rule a service's."""
    with rig.state.write() as connection:
        bus = buses.find(connection, BusId(ACCOUNT, REGION))
        assert bus is not None
        rule = rules.find(connection, bus, name)
        assert isinstance(rule, Rule)
        rules.put(connection, bus, msgspec.structs.replace(rule, managed_by="prod.vhs.events.aws.internal"))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified."),
        ({"EventPattern": ""}, "ValidationException: Parameter(s) EventPattern or ScheduleExpression"),
        (
            {"EventPattern": '{"source": "shop"}'},
            'InvalidEventPatternException: Event pattern is not valid. Reason: "source" must be an object or an array',
        ),
        ({"ScheduleExpression": "every day"}, "ValidationException: Parameter ScheduleExpression is not valid."),
        (
            {"ScheduleExpression": "rate(1 day)", "EventBusName": "orders"},
            "ValidationException: ScheduleExpression is supported only on the default event bus.",
        ),
        (
            {"EventPattern": '{"source": ["shop"]}', "ScheduleExpression": "", "EventBusName": "orders"},
            "ValidationException: ScheduleExpression is supported only on the default event bus.",
        ),
        (
            {"EventPattern": '{"source": ["shop"]}', "EventBusName": "missing"},
            "ResourceNotFoundException: Event bus missing does not exist.",
        ),
        (
            {"EventPattern": '{"source": ["shop"]}', "RoleArn": "role"},
            "ValidationException: Parameter role is not valid. Reason: Provided Arn is not in correct format.",
        ),
        ({"EventPattern": '{"source": ["shop"]}', "State": "ON"}, "ValidationException: 1 validation error detected"),
        (
            {
                "EventPattern": '{"source": ["shop"]}',
                "EventBusName": f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/orders",
            },
            "ValidationException: Parameter EventBusName is not valid.",
        ),
    ],
)
def test_rules_that_cannot_be(rig: Rig, given: dict[str, str], error: str) -> None:
    rig.call("CreateEventBus", Name="orders")
    with pytest.raises(AwsError) as refused:
        rig.call("PutRule", Name="rule", **given)
    assert str(refused.value).startswith(error)
    assert rig.call("ListRules") == rig.call("ListRules", EventBusName="orders") == {"Rules": []}


def test_a_second_put_says_all_of_the_rule_anew(rig: Rig) -> None:
    rig.rule(Description="first", RoleArn=ROLE, State="DISABLED", ScheduleExpression="rate(1 day)")
    found = rig.call("DescribeRule", Name="rule")
    assert (found["Description"], found["RoleArn"], found["ScheduleExpression"]) == ("first", ROLE, "rate(1 day)")
    rig.call("PutRule", Name="rule", ScheduleExpression="rate(5 minutes)")
    assert rig.call("DescribeRule", Name="rule") == {
        "Name": "rule",
        "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/rule",
        "EventBusName": "default",
        "State": "ENABLED",
        "ScheduleExpression": "rate(5 minutes)",
        "CreatedBy": ACCOUNT,
    }


def test_a_bus_has_so_many_rules(rig: Rig) -> None:
    for number in range(RULES_MAX):
        rig.rule(f"rule-{number:03}")
    with pytest.raises(AwsError, match="LimitExceededException: The requested resource exceeds the maximum"):
        rig.rule("more")
    rig.rule("rule-000", Description="one that is there may change")
    names: list[str] = []
    token: dict[str, str] = {}
    while page := rig.call("ListRules", **token):
        names += [rule["Name"] for rule in page["Rules"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == [f"rule-{number:03}" for number in range(RULES_MAX)]
    assert len(rig.call("ListRules", NamePrefix="RULE")["Rules"]) == 0
    with pytest.raises(AwsError, match="Parameter NextToken is not valid"):
        rig.call("ListRules", NextToken="é")


def test_a_rule_that_a_service_manages_is_changed_by_force_alone(rig: Rig) -> None:
    rig.rule()
    rig.target()
    manage(rig)
    assert rig.call("DescribeRule", Name="rule")["ManagedBy"] == "prod.vhs.events.aws.internal"
    text = "ManagedRuleException: rule is a managed rule. Set 'force' parameter to true to override."
    for operation, given in (
        ("PutRule", {"Name": "rule", "EventPattern": '{"source": ["bank"]}'}),
        ("DeleteRule", {"Name": "rule"}),
        ("DisableRule", {"Name": "rule"}),
        ("PutTargets", {"Rule": "rule", "Targets": [{"Id": "t", "Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t"}]}),
        ("RemoveTargets", {"Rule": "rule", "Ids": ["target"]}),
        ("TagResource", {"ResourceARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/rule", "Tags": []}),
    ):
        with pytest.raises(AwsError) as refused:
            rig.call(operation, **given)
        assert str(refused.value) == text
    rig.call("RemoveTargets", Rule="rule", Ids=["target", "no-target"], Force=True)
    rig.call("DeleteRule", Name="rule", Force=True)
    rig.call("DeleteRule", Name="rule")
    assert rig.call("ListRules") == {"Rules": []}


def test_a_rule_that_is_made_again_has_neither_targets_nor_tags(rig: Rig) -> None:
    arn = rig.rule(Tags=[{"Key": "a", "Value": "1"}])
    rig.target()
    rig.call("RemoveTargets", Rule="rule", Ids=["target"])
    rig.call("DeleteRule", Name="rule")
    rig.rule()
    assert rig.call("ListTargetsByRule", Rule="rule") == {"Targets": []}
    assert rig.call("ListTagsForResource", ResourceARN=arn) == {"Tags": []}


def test_rules_are_told_apart_by_bus_region_and_account(rig: Rig) -> None:
    rig.call("CreateEventBus", Name="orders")
    rig.rule()
    rig.rule(bus="orders")
    rig.rule(region="eu-west-1")
    for given in ({}, {"EventBusName": "orders"}, {"region": "eu-west-1"}):
        rig.call("DisableRule", Name="rule", **given)
        assert rig.call("DescribeRule", Name="rule", **given)["State"] == "DISABLED"
        rig.call("DeleteRule", Name="rule", **given)
    with pytest.raises(AwsError, match="Rule rule does not exist on EventBus orders"):
        rig.call("EnableRule", Name="rule", EventBusName="orders")
