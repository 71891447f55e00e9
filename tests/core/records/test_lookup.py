"""What LookupEvents says of a record, beside genuine items."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.records.lookup import lookup_facts

ALTERED = {
    # The publisher altered this id in the item, and in the record to one digit less.
    ("AWS::EC2::VPC", "vpc-01234567890123456"),
    ("AWS::EC2::VPC", "vpc-0123456789012345"),
}


def test_genuine_items(shared_data: Path) -> None:
    lines = (shared_data / "lookup-events" / "aws_cloudtrail.jsonl").read_text().splitlines()
    assert len(lines) == 6
    for line in lines:
        item = json.loads(line)
        record = item["CloudTrailEvent"]
        facts = lookup_facts(json.loads(record) if isinstance(record, str) else record)
        assert facts.username == item.get("Username", "")
        assert facts.access_key_id == item.get("AccessKeyId", "")
        genuine = {(entry["ResourceType"], entry["ResourceName"]) for entry in item["Resources"]}
        if item["EventName"] == "CreateSecurityGroup":
            assert genuine ^ set(facts.resources) == ALTERED
        else:
            assert set(facts.resources) == genuine


@pytest.mark.parametrize(
    ("identity", "username"),
    [
        ({"type": "IAMUser", "userName": "alice"}, "alice"),
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/team/bob"}, "bob"),
        ({"type": "Root", "accountId": "1"}, "root"),
        ({"type": "Root", "userName": "my-alias"}, "my-alias"),
        ({"type": "AssumedRole", "principalId": "AROA:session-1", "userName": "no"}, "session-1"),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/r/s"}, "s"),
        ({"type": "FederatedUser", "principalId": "1:carol"}, "carol"),
        ({"type": "AWSService", "invokedBy": "rds.amazonaws.com"}, "rds.amazonaws.com"),
        ({"type": "AWSAccount", "accountId": "1"}, ""),
        ({"accountId": "1", "invokedBy": "ec2.amazonaws.com"}, ""),
        ({"type": "Unknown"}, ""),
    ],
)
def test_usernames(identity: dict[str, Any], username: str) -> None:
    assert lookup_facts({"userIdentity": identity}).username == username


def _record(source: str, name: str, **members: Any) -> dict[str, Any]:
    return {"eventSource": f"{source}.amazonaws.com", "eventName": name, "readOnly": False, **members}


def test_an_assumed_role_is_known_by_what_was_issued() -> None:
    record = _record(
        "sts",
        "AssumeRole",
        requestParameters={"roleArn": "arn:aws:iam::1:role/r", "roleSessionName": "s"},
        responseElements={
            "credentials": {"accessKeyId": "ASIA", "sessionToken": "t"},
            "assumedRoleUser": {"assumedRoleId": "AROA:s", "arn": "arn:aws:sts::1:assumed-role/r/s"},
        },
        resources=[{"accountId": "1", "type": "AWS::IAM::Role", "ARN": "arn:aws:iam::1:role/r"}],
    )
    record["readOnly"] = True
    assert lookup_facts(record).resources == (
        ("AWS::IAM::Role", "arn:aws:iam::1:role/r"),
        ("AWS::IAM::AccessKey", "ASIA"),
        ("AWS::STS::AssumedRole", "AROA:s"),
        ("AWS::STS::AssumedRole", "arn:aws:sts::1:assumed-role/r/s"),
    )


def test_a_trail_is_known_by_name_and_arn_and_its_bucket_by_name() -> None:
    record = _record(
        "cloudtrail",
        "CreateTrail",
        requestParameters={"name": "t", "s3BucketName": "b"},
        responseElements={"name": "t", "s3BucketName": "b", "trailARN": "arn:aws:cloudtrail:r:1:trail/t"},
    )
    assert set(lookup_facts(record).resources) == {
        ("AWS::CloudTrail::Trail", "t"),
        ("AWS::CloudTrail::Trail", "arn:aws:cloudtrail:r:1:trail/t"),
        ("AWS::S3::Bucket", "b"),
    }
    assert lookup_facts(_record("cloudtrail", "StopLogging", requestParameters={"name": "t"})).resources == (
        ("AWS::CloudTrail::Trail", "t"),
    )


def test_reads_have_the_resources_of_the_record_alone() -> None:
    record = _record("ec2", "DescribeInstances", requestParameters={"instancesSet": {"items": [{"instanceId": "i-1"}]}})
    assert lookup_facts(record).resources == (("AWS::EC2::Instance", "i-1"),)
    record["readOnly"] = True
    assert lookup_facts(record).resources == ()
    record["resources"] = [{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"}, {"ARN": "arn:aws:ssm:r:1:parameter/p"}]
    assert lookup_facts(record).resources == (
        ("AWS::S3::Bucket", "b"),
        ("AWS::SSM::Parameter", "arn:aws:ssm:r:1:parameter/p"),
    )


def test_names_in_xml_turned_into_json() -> None:
    one = {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": "fl-1"}}}
    assert lookup_facts(_record("ec2", "DeleteFlowLogs", requestParameters=one)).resources == (
        ("AWS::EC2::FlowLog", "fl-1"),
    )
    two = {"R": {"FlowLogId": [{"tag": 1, "content": "fl-1"}, {"tag": 2, "content": "fl-2"}]}}
    assert len(lookup_facts(_record("ec2", "DeleteFlowLogs", requestParameters=two)).resources) == 2


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_members = [
    "userIdentity",
    "eventSource",
    "eventName",
    "requestParameters",
    "responseElements",
    "resources",
    "readOnly",
]


@given(st.dictionaries(st.sampled_from(_members), _json | st.just("ec2.amazonaws.com")))
def test_no_record_is_too_odd(record: dict[str, Any]) -> None:
    facts = lookup_facts(record)
    assert isinstance(facts.username, str)
    assert isinstance(facts.access_key_id, str)
    assert all(isinstance(text, str) and text for pair in facts.resources for text in pair)


def test_the_number_of_resources_is_limited() -> None:
    items = [{"instanceId": f"i-{index}"} for index in range(500)]
    record = _record("ec2", "TerminateInstances", requestParameters={"instancesSet": {"items": items}})
    assert len(lookup_facts(record).resources) == 100
