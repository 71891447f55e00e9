from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.cloudwatch.logs.rig import ACCOUNT, GROUP, HERE, REGION, Rig

from cairn.cloudwatch.logs import GroupId, KeyStanding
from cairn.core.clock import TestClock

ELSEWHERE = dataclasses.replace(HERE, account="999999999999")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def names(rig: Rig, operation: str = "DescribeLogGroups", **params: object) -> list[str]:
    return [group["logGroupName"] for group in rig.call(operation, **params)["logGroups"]]


def test_a_group_as_it_is_described(rig: Rig) -> None:
    rig.call("CreateLogGroup", logGroupName="app")
    rig.call("CreateLogStream", logGroupName="app", logStreamName="s")
    rig.put_events((rig.now_ms, "hello"))
    [group] = rig.call("DescribeLogGroups")["logGroups"]
    assert group == {
        "logGroupName": "app",
        "creationTime": rig.now_ms,
        "metricFilterCount": 3,
        "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:app:*",
        "logGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:app",
        "storedBytes": 31,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
    }
    rig.compactor.compact_all()
    assert rig.call("DescribeLogGroups")["logGroups"][0]["storedBytes"] == 31


def test_a_group_exists_once_an_account_and_region(rig: Rig) -> None:
    rig.call("CreateLogGroup", logGroupName="app")
    error = rig.refused("CreateLogGroup", logGroupName="app")
    assert (error.code, error.message) == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )
    rig.call("CreateLogGroup", ELSEWHERE, logGroupName="app")
    rig.call("CreateLogGroup", dataclasses.replace(HERE, region="eu-west-1"), logGroupName="app")
    rig.call("DeleteLogGroup", logGroupName="app")
    assert rig.refused("DeleteLogGroup", logGroupName="app").code == "ResourceNotFoundException"
    assert names(rig) == [] and len(rig.call("DescribeLogGroups", ELSEWHERE)["logGroups"]) == 1


@pytest.mark.parametrize("name", ["", "a" * 513, "a b", "a:b", "a*", "aws/x", "AWS/x"])
def test_names_that_a_group_cannot_have(rig: Rig, name: str) -> None:
    assert rig.refused("CreateLogGroup", logGroupName=name).code == "InvalidParameterException"
    assert names(rig) == []


def test_groups_are_listed_in_the_order_of_ascii_page_by_page(rig: Rig) -> None:
    for name in ("b", "a/z", "B", "a.z", "a", "ab"):
        rig.call("CreateLogGroup", logGroupName=name)
    assert names(rig) == ["B", "a", "a.z", "a/z", "ab", "b"]
    first = rig.call("DescribeLogGroups", limit=4)
    assert names(rig, limit=4, nextToken=first["nextToken"]) == ["ab", "b"]
    assert "nextToken" not in rig.call("DescribeLogGroups", limit=6)
    assert names(rig, logGroupNamePrefix="a") == ["a", "a.z", "a/z", "ab"]
    assert names(rig, logGroupNamePattern="z") == ["a.z", "a/z"]
    assert names(rig, logGroupNamePattern="b") == ["ab", "b"]
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:b"
    assert names(rig, logGroupIdentifiers=["a", arn, "absent"]) == ["a", "b"]


def test_a_token_is_good_for_its_own_listing_alone(rig: Rig) -> None:
    for name in "abc":
        rig.call("CreateLogGroup", logGroupName=name)
    token = rig.call("DescribeLogGroups", limit=1)["nextToken"]
    for operation, context in (("ListLogGroups", HERE), ("DescribeLogGroups", ELSEWHERE)):
        error = rig.refused(operation, context, nextToken=token)
        assert (error.code, error.message) == ("InvalidParameterException", "The specified nextToken is invalid.")
    for bad in ("x", "AAAA", token[:-3]):
        assert rig.refused("DescribeLogGroups", nextToken=bad).code == "InvalidParameterException"


def test_prefix_and_pattern_exclude_each_other(rig: Rig) -> None:
    error = rig.refused("DescribeLogGroups", logGroupNamePrefix="a", logGroupNamePattern="b")
    assert error.code == "InvalidParameterException"
    assert error.message == "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."


def test_groups_are_listed_by_patterns_classes_and_tags(rig: Rig) -> None:
    rig.call("CreateLogGroup", logGroupName="prod/web", tags={"env": "prod", "team": "one"})
    rig.call("CreateLogGroup", logGroupName="dev/web", tags={"env": "dev"})
    rig.call("CreateLogGroup", logGroupName="webless", logGroupClass="INFREQUENT_ACCESS")

    def listed(**params: object) -> list[str]:
        return names(rig, "ListLogGroups", **params)

    assert listed() == ["dev/web", "prod/web", "webless"]
    assert listed(logGroupNamePattern="web") == ["dev/web", "prod/web", "webless"]
    assert listed(logGroupNamePattern="^web") == ["webless"]
    assert listed(logGroupNamePattern="^dev|^prod") == ["dev/web", "prod/web"]
    assert listed(logGroupClass="INFREQUENT_ACCESS") == ["webless"]
    assert listed(logGroupTags=[{"key": "env"}]) == ["dev/web", "prod/web"]
    assert listed(logGroupTags=[{"key": "env", "values": ["prod", "x"]}]) == ["prod/web"]
    assert listed(logGroupTags=[{"key": "env", "values": ["pr*"]}]) == ["prod/web"]
    assert listed(logGroupTags=[{"key": "env", "values": ["*ev"]}]) == ["dev/web"]
    assert listed(logGroupTags=[{"key": "env", "values": ["*ro*"]}]) == ["prod/web"]
    assert listed(logGroupTags=[{"key": "env", "values": ["!prod"]}]) == ["dev/web"]
    assert listed(logGroupTags=[{"key": "env"}, {"key": "team"}]) == ["prod/web"]
    assert rig.call("ListLogGroups", logGroupClass="INFREQUENT_ACCESS")["logGroups"] == [
        {
            "logGroupName": "webless",
            "logGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:webless",
            "logGroupClass": "INFREQUENT_ACCESS",
        }
    ]


def test_retention_is_one_of_the_allowed_days(rig: Rig) -> None:
    rig.make()
    for days in (1, 30, 3653):
        rig.call("PutRetentionPolicy", logGroupName="app", retentionInDays=days)
        assert rig.call("DescribeLogGroups")["logGroups"][0]["retentionInDays"] == days
    assert rig.refused("PutRetentionPolicy", logGroupName="app", retentionInDays=2).code == "InvalidParameterException"
    absent = rig.refused("PutRetentionPolicy", logGroupName="absent", retentionInDays=1)
    assert (absent.code, absent.message) == ("ResourceNotFoundException", "The specified log group does not exist.")
    rig.call("DeleteRetentionPolicy", logGroupName="app")
    assert "retentionInDays" not in rig.call("DescribeLogGroups")["logGroups"][0]


def test_groups_of_the_delivery_class_keep_two_days_and_no_other(rig: Rig) -> None:
    rig.call("CreateLogGroup", logGroupName="app", logGroupClass="DELIVERY")
    assert rig.refused("PutRetentionPolicy", logGroupName="app", retentionInDays=1).code == "InvalidParameterException"
    assert rig.call("DescribeLogGroups")["logGroups"][0]["retentionInDays"] == 2


def test_a_protected_group_and_its_streams_are_not_deleted(rig: Rig) -> None:
    rig.call("CreateLogGroup", logGroupName="app", deletionProtectionEnabled=True)
    rig.call("CreateLogStream", logGroupName="app", logStreamName="s")
    assert rig.refused("DeleteLogGroup", logGroupName="app").code == "ValidationException"
    assert rig.refused("DeleteLogStream", logGroupName="app", logStreamName="s").code == "ValidationException"
    arn = rig.call("DescribeLogGroups")["logGroups"][0]["logGroupArn"]
    rig.call("PutLogGroupDeletionProtection", logGroupIdentifier=arn, deletionProtectionEnabled=False)
    rig.call("DeleteLogGroup", logGroupName="app")


def test_tags_by_both_families_of_operations(rig: Rig) -> None:
    rig.call("CreateLogGroup", logGroupName="app", tags={"env": "testing1"})
    arn = GROUP.arn
    rig.call("TagResource", resourceArn=arn, tags={"test1": "val1", "env": "testing2"})
    rig.call("TagLogGroup", logGroupName="app", tags={"test3": ""})
    tags = {"env": "testing2", "test1": "val1", "test3": ""}
    assert rig.call("ListTagsLogGroup", logGroupName="app")["tags"] == tags
    assert rig.call("ListTagsForResource", resourceArn=arn)["tags"] == tags
    rig.call("UntagLogGroup", logGroupName="app", tags=["env", "absent"])
    rig.call("UntagResource", resourceArn=arn, tagKeys=["test1"])
    assert rig.call("ListTagsForResource", resourceArn=arn)["tags"] == {"test3": ""}


def test_tags_that_cannot_be_change_nothing(rig: Rig) -> None:
    rig.make()
    rig.call("TagLogGroup", logGroupName="app", tags={f"k{number}": "" for number in range(50)})
    error = rig.refused("TagResource", resourceArn=GROUP.arn, tags={"k1": "new", "one more": "x"})
    assert error.code == "TooManyTagsException"
    for tags in ({"aws:x": "y"}, {"k" * 129: ""}, {"k": "v" * 257}, {"k{": ""}):
        assert rig.refused("TagResource", resourceArn=GROUP.arn, tags=tags).code == "InvalidParameterException"
        assert rig.refused("CreateLogGroup", logGroupName="n", tags=tags).code == "InvalidParameterException"
    assert rig.call("ListTagsLogGroup", logGroupName="app")["tags"]["k1"] == ""
    absent = GROUP._replace(name="absent").arn
    assert rig.refused("TagResource", resourceArn=absent, tags={"k": "v"}).code == "ResourceNotFoundException"
    other = GroupId("999999999999", REGION, "app").arn
    assert rig.refused("ListTagsForResource", resourceArn=other).code == "ResourceNotFoundException"


class SomeKeys:
    """`Keys` that knows what the last letter of an ARN says."""

    def standing(self, key: str, group: GroupId | None) -> KeyStanding:
        return {"b": KeyStanding.USABLE, "c": KeyStanding.UNUSABLE, "d": KeyStanding.REFUSED}[key[-1]]


def test_keys_of_groups_and_of_results(tmp_path: Path, clock: TestClock) -> None:
    rig = Rig(tmp_path, clock, keys=SomeKeys())
    missing, refused = KEY[:-1] + "c", KEY[:-1] + "d"
    for key, code in ((missing, "InvalidParameterException"), (refused, "AccessDeniedException"), ("alias/x", None)):
        error = rig.refused("CreateLogGroup", logGroupName="app", kmsKeyId=key)
        assert error.code == (code or "InvalidParameterException")
    assert names(rig) == []
    rig.call("CreateLogGroup", logGroupName="app", kmsKeyId=KEY)
    assert rig.call("DescribeLogGroups")["logGroups"][0]["kmsKeyId"] == KEY
    assert rig.refused("AssociateKmsKey", logGroupName="app", kmsKeyId=refused).code == "AccessDeniedException"
    rig.call("DisassociateKmsKey", resourceIdentifier=GROUP.arn)
    assert "kmsKeyId" not in rig.call("DescribeLogGroups")["logGroups"][0]
    results = f"arn:aws:logs:{REGION}:{ACCOUNT}:query-result:*"
    rig.call("AssociateKmsKey", resourceIdentifier=results, kmsKeyId=KEY)
    rig.call("DisassociateKmsKey", resourceIdentifier=results)
    for params in ({}, {"logGroupName": "app", "resourceIdentifier": results}):
        assert rig.refused("DisassociateKmsKey", **params).code == "InvalidParameterException"
    assert rig.refused("AssociateKmsKey", logGroupName="no", kmsKeyId=KEY).code == "ResourceNotFoundException"
    rig.close()
