"""Event buses: names, settings, limits, and who else may use them."""

from __future__ import annotations

import json

import pytest
from tests.eventbridge.operations.rig import ACCOUNT, OTHER, QUEUE, REGION, Rig

from cairn.core.errors import AwsError
from cairn.eventbridge.operations.buses import BUSES_MAX

ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"


def test_a_bus_keeps_what_it_was_given_and_an_update_changes_what_it_says(rig: Rig) -> None:
    settings = {"Description": "of the shop", "DeadLetterConfig": {"Arn": QUEUE}}
    settings |= {"LogConfig": {"Level": "INFO", "IncludeDetail": "FULL"}}
    assert rig.call("CreateEventBus", Name="orders", **settings) == {"EventBusArn": ARN, **settings}
    made = rig.call("DescribeEventBus", Name=ARN)
    rig.clock.advance(5)
    updated = rig.call("UpdateEventBus", Name="orders", Description="", KmsKeyIdentifier="alias/orders")
    assert updated["KmsKeyIdentifier"] == "alias/orders"
    assert "Description" not in updated
    found = rig.call("DescribeEventBus", Name="orders")
    assert (found["CreationTime"], found["LastModifiedTime"]) == (made["CreationTime"], made["CreationTime"] + 5)
    assert found["DeadLetterConfig"] == {"Arn": QUEUE}
    assert "Description" not in found


def test_every_region_of_every_account_has_a_default_bus(rig: Rig) -> None:
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    assert rig.call("ListEventBuses") == {"EventBuses": [{"Name": "default", "Arn": arn}]}
    rig.call("UpdateEventBus", Description="everything")
    assert rig.call("DescribeEventBus")["Description"] == "everything"
    (listed,) = rig.call("ListEventBuses", NamePrefix="def")["EventBuses"]
    assert listed["Description"] == "everything"
    assert rig.call("ListEventBuses", account=OTHER)["EventBuses"][0]["Arn"] == arn.replace(ACCOUNT, OTHER)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"Name": "default"}, "ResourceAlreadyExistsException: Event bus default already exists."),
        ({"Name": "a/b"}, "ValidationException: Event bus name must not contain '/'."),
        ({"Name": "aws.partner/a/b"}, "ValidationException: EventBus name starting with 'aws.' is not valid."),
        (
            {"Name": "aws.partner/a/b", "EventSourceName": "aws.partner/a/b"},
            "ResourceNotFoundException: Event source aws.partner/a/b does not exist.",
        ),
        ({"Name": "a b"}, "ValidationException: 1 validation error detected: Value 'a b' at 'name' failed"),
        ({"Name": "a", "Tags": [{"Key": "aws:x", "Value": ""}]}, "ValidationException: Tag keys"),
    ],
)
def test_names_that_no_bus_can_have(rig: Rig, given: dict[str, str], error: str) -> None:
    with pytest.raises(AwsError) as refused:
        rig.call("CreateEventBus", **given)
    assert str(refused.value).startswith(error)
    assert len(rig.call("ListEventBuses")["EventBuses"]) == 1


def test_an_account_has_so_many_buses_in_a_region(rig: Rig) -> None:
    rig.call("UpdateEventBus", Description="the default one has a row and does not count")
    for number in range(BUSES_MAX):
        rig.call("CreateEventBus", Name=f"bus-{number:03}")
    with pytest.raises(AwsError, match="LimitExceededException"):
        rig.call("CreateEventBus", Name="more")
    rig.call("CreateEventBus", Name="more", region="eu-west-1")
    page = rig.call("ListEventBuses")
    rest = rig.call("ListEventBuses", NextToken=page["NextToken"])
    names = [bus["Name"] for bus in page["EventBuses"] + rest["EventBuses"]]
    assert names == sorted(names)
    assert len(names) == BUSES_MAX + 1


def test_a_bus_with_rules_stays(rig: Rig) -> None:
    rig.call("CreateEventBus", Name="orders", Tags=[{"Key": "team", "Value": "shop"}])
    rig.rule(bus="orders")
    with pytest.raises(AwsError, match="EventBus can't be deleted since it has rules"):
        rig.call("DeleteEventBus", Name="orders")
    rig.call("DeleteRule", Name="rule", EventBusName="orders")
    rig.call("DeleteEventBus", Name="orders")
    rig.call("CreateEventBus", Name="orders")
    assert rig.call("ListTagsForResource", ResourceARN=ARN) == {"Tags": []}


def test_a_statement_of_the_same_id_takes_the_other_s_place(rig: Rig) -> None:
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1234567890"}
    given = {"Action": "events:PutEvents", "StatementId": "one"}
    rig.call("PutPermission", Principal=OTHER, **given)
    rig.call("PutPermission", Principal="*", Condition=condition, **given)
    (statement,) = json.loads(rig.call("DescribeEventBus")["Policy"])["Statement"]
    assert (statement["Principal"], statement["Condition"]) == (
        "*",
        {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
    )
    rig.call("RemovePermission", StatementId="one")
    assert "Policy" not in rig.call("DescribeEventBus")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "ValidationException"),
        ({"Action": "events:PutEvents", "Principal": OTHER}, "ValidationException"),
        (
            {"Action": "events:PutRule", "Principal": OTHER, "StatementId": "s"},
            "ValidationException: Provided value in parameter 'action' is not supported.",
        ),
        ({"Policy": "{}", "StatementId": "s"}, "ValidationException"),
        ({"Policy": "{"}, "ValidationException: Parameter Policy is not valid."),
        ({"Policy": '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}'}, "ValidationException"),
        ({"Policy": json.dumps({"Id": "x" * 10_240})}, "PolicyLengthExceededException"),
    ],
)
def test_permissions_that_cannot_be(rig: Rig, given: dict[str, str], error: str) -> None:
    with pytest.raises(AwsError) as refused:
        rig.call("PutPermission", **given)
    assert str(refused.value).startswith(error)
    assert "Policy" not in rig.call("DescribeEventBus")


def test_tags_of_buses_and_rules(rig: Rig) -> None:
    rig.call("CreateEventBus", Name="orders", Tags=[{"Key": "team", "Value": "shop"}])
    rule = rig.rule(bus="orders", Tags=[{"Key": "a", "Value": "1"}])
    assert rule == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/orders/rule"
    rig.rule(bus="orders", Tags=[{"Key": "ignored", "Value": "of a rule that is there"}])
    rig.call("TagResource", ResourceARN=rule, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
    assert rig.call("ListTagsForResource", ResourceARN=rule)["Tags"] == [
        {"Key": "a", "Value": "2"},
        {"Key": "b", "Value": ""},
    ]
    rig.call("UntagResource", ResourceARN=rule, TagKeys=["a", "c"])
    assert rig.call("ListTagsForResource", ResourceARN=rule)["Tags"] == [{"Key": "b", "Value": ""}]
    assert rig.call("ListTagsForResource", ResourceARN=ARN)["Tags"] == [{"Key": "team", "Value": "shop"}]
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    with pytest.raises(AwsError, match="50 tags"):
        rig.call("TagResource", ResourceARN=rule, Tags=many)
    for arn, error in ((f"{ARN}2", "Event bus orders2 does not exist"), (f"{rule}2", "Rule rule2 does not exist")):
        with pytest.raises(AwsError, match=error):
            rig.call("TagResource", ResourceARN=arn, Tags=[])
    with pytest.raises(AwsError, match="Provided Arn is not in correct format"):
        rig.call("ListTagsForResource", ResourceARN=QUEUE)
