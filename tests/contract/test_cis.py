"""The monitoring chapter of the CIS AWS Foundations benchmark (spec 8.4): a trail, a log group, fifteen metric filters
and alarms on them. What a checker reads back of them is what the benchmark asks, and calls make the filters count."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.contract.recipients import make_bucket, make_log_group, make_role, trail_arn
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

FILTERS = Path(__file__).parents[2] / "docs" / "cis-filters.tsv"
"""What the guide of metric filters tells people to make."""
REGION = "eu-west-3"
GROUP = "CloudTrail/Cis"
TRAIL = "cis"
NAMESPACE = "CISBenchmark"

ASKED = {
    "IamPolicyChanges": (
        "iam",
        "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy "
        "DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy "
        "DetachUserPolicy AttachGroupPolicy DetachGroupPolicy",
    ),
    "CloudTrailChanges": ("cloudtrail", "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"),
    "KeysDisabledOrDeleted": ("kms", "DisableKey ScheduleKeyDeletion"),
    "BucketPolicyChanges": (
        "s3",
        "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy "
        "DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication",
    ),
    "ConfigChanges": (
        "config",
        "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder",
    ),
    "SecurityGroupChanges": (
        "ec2",
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
        "RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup",
    ),
    "NetworkAclChanges": (
        "ec2",
        "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry "
        "ReplaceNetworkAclAssociation",
    ),
    "GatewayChanges": (
        "ec2",
        "CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway "
        "DeleteInternetGateway DetachInternetGateway",
    ),
    "RouteTableChanges": (
        "ec2",
        "CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute "
        "DisassociateRouteTable",
    ),
    "VpcChanges": (
        "ec2",
        "CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection "
        "DeleteVpcPeeringConnection RejectVpcPeeringConnection AttachClassicLinkVpc DetachClassicLinkVpc "
        "DisableVpcClassicLink EnableVpcClassicLink",
    ),
    "OrganizationChanges": (
        "organizations",
        "AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake "
        "DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType "
        "InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy "
        "UpdateOrganizationalUnit",
    ),
}
"""Calls that a filter must count, by their service."""

FAILED_SIGN_IN = {
    "eventName": "ConsoleLogin",
    "userIdentity": {"type": "IAMUser"},
    "errorMessage": "Failed authentication",
    "responseElements": {"ConsoleLogin": "Failure"},
    "additionalEventData": {"MFAUsed": "Yes"},
}
SIGN_IN = {
    "eventName": "ConsoleLogin",
    "userIdentity": {"type": "IAMUser"},
    "responseElements": {"ConsoleLogin": "Success"},
    "additionalEventData": {"MFAUsed": "No"},
}
BY_ROOT = {"eventName": "ListBuckets", "userIdentity": {"type": "Root"}, "eventType": "AwsApiCall"}
DENIED = {
    "eventName": "RunInstances",
    "errorCode": "Client.UnauthorizedOperation",
    "sourceIPAddress": "192.0.2.1",
}
SIGNED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "UnauthorizedCalls": (DENIED, DENIED | {"errorCode": "NoSuchBucket"}),
    "SignInWithoutMfa": (SIGN_IN, SIGN_IN | {"additionalEventData": {"MFAUsed": "Yes"}}),
    "SignInFailures": (FAILED_SIGN_IN, SIGN_IN),
    "RootUse": (BY_ROOT, BY_ROOT | {"userIdentity": {"type": "Root", "invokedBy": "support.amazonaws.com"}}),
}
"""A record that a filter must count, and one that it must not."""


def listed() -> dict[str, str]:
    """The guide's filters: name and pattern."""
    return dict(line.split("\t") for line in FILTERS.read_text().splitlines())


class Watched:
    """A trail for all Regions that sends to a log group, a topic with a subscription, and clients."""

    def __init__(self, cairn: Cairn) -> None:
        self.trails = cairn.client("cloudtrail", region=REGION)
        self.logs = cairn.client("logs", region=REGION)
        self.alarms = cairn.client("cloudwatch", region=REGION)
        self.topics = cairn.client("sns", region=REGION)
        group = make_log_group(cairn, GROUP, REGION)
        self.bucket = make_bucket(cairn, "cis-logs", REGION)
        role = make_role(cairn, "cis", group, REGION)
        self.trails.create_trail(
            Name=TRAIL, S3BucketName=self.bucket, IsMultiRegionTrail=True, EnableLogFileValidation=True,
            CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=role,
        )  # fmt: skip
        self.topic = self.topics.create_topic(Name="cis")["TopicArn"]
        self.topics.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:cis")

    def make_filter(self, name: str) -> None:
        self.logs.put_metric_filter(
            logGroupName=GROUP,
            filterName=name,
            filterPattern=listed()[name],
            metricTransformations=[{"metricName": name, "metricNamespace": NAMESPACE, "metricValue": "1"}],
        )

    def make_alarm(self, name: str) -> None:
        self.alarms.put_metric_alarm(
            AlarmName=f"CIS {name}", Namespace=NAMESPACE, MetricName=name, Statistic="Sum", Period=300,
            EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching", AlarmActions=[self.topic],
        )  # fmt: skip

    def passed(self) -> set[str]:
        """Which of the benchmark's filters a checker finds: on a group of a trail for all Regions that logs every
        management event, by their patterns, with an alarm that tells somebody."""
        groups = {self._group_of(trail) for trail in self.trails.describe_trails()["trailList"]}
        filters = self.logs.get_paginator("describe_metric_filters").paginate().search("metricFilters[]")
        told = {each["TopicArn"] for each in self.topics.list_subscriptions()["Subscriptions"]}
        heard = {
            (alarm["Namespace"], alarm["MetricName"])
            for alarm in self.alarms.get_paginator("describe_alarms").paginate().search("MetricAlarms[]")
            if alarm["ActionsEnabled"] and told & set(alarm["AlarmActions"])
        }
        found = set()
        for each in filters:
            metric = each["metricTransformations"][0]
            if each["logGroupName"] in groups and (metric["metricNamespace"], metric["metricName"]) in heard:
                found |= {name for name in listed() if asks_for(name, each["filterPattern"])}
        return found

    def _group_of(self, trail: dict[str, Any]) -> str | None:
        """The log group's name of a trail that is as the benchmark wants it."""
        selectors = self.trails.get_event_selectors(TrailName=trail["TrailARN"]).get("EventSelectors", [])
        everything = any(each["IncludeManagementEvents"] and each["ReadWriteType"] == "All" for each in selectors)
        logs = self.trails.get_trail_status(Name=trail["TrailARN"])["IsLogging"]
        good = everything and logs and trail["IsMultiRegionTrail"] and trail["LogFileValidationEnabled"]
        return trail["CloudWatchLogsLogGroupArn"].split(":")[6] if good else None

    def counts(self) -> dict[str, float]:
        """What the filters counted in the last quarter of an hour, where they did."""
        queries = [
            {
                "Id": f"m{number}",
                "Label": name,
                "MetricStat": {
                    "Metric": {"Namespace": NAMESPACE, "MetricName": name},
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for number, name in enumerate(listed())
        ]
        now = datetime.now(UTC)
        found = self.alarms.get_metric_data(
            MetricDataQueries=queries, StartTime=now - timedelta(minutes=15), EndTime=now + timedelta(minutes=2)
        )["MetricDataResults"]
        return {each["Label"]: sum(each["Values"]) for each in found if each["Values"]}

    def matches(self, pattern: str, records: list[dict[str, Any]]) -> list[int]:
        """The numbers, from 0, of the records that a pattern matches."""
        tried = self.logs.test_metric_filter(
            filterPattern=pattern, logEventMessages=[json.dumps(record) for record in records]
        )
        return [match["eventNumber"] - 1 for match in tried["matches"]]

    def end(self) -> None:
        self.trails.delete_trail(Name=TRAIL)
        self.alarms.delete_alarms(AlarmNames=[f"CIS {name}" for name in listed()])
        self.logs.delete_log_group(logGroupName=GROUP)


def asks_for(name: str, pattern: str) -> bool:
    """Whether a pattern, read as text, is about all that a filter must count."""
    if name not in ASKED:
        return pattern == listed()[name]
    return set(ASKED[name][1].split()) <= set(re.findall(r"\$\.eventName = (\w+)", pattern))


@pytest.fixture
def watched_trail(cairn: Cairn) -> Iterator[Watched]:
    made = Watched(cairn)
    yield made
    made.end()


def test_a_checker_finds_the_benchmarks_filters_and_calls_make_them_count(cairn: Cairn, watched_trail: Watched) -> None:
    assert len(listed()) == 15
    assert set(listed()) == ASKED.keys() | SIGNED.keys()
    for name in listed():
        watched_trail.make_filter(name)
        watched_trail.make_alarm(name)
    assert watched_trail.passed() == set()
    watched_trail.trails.start_logging(Name=TRAIL)
    assert watched_trail.passed() == set(listed())
    watched_trail.logs.delete_metric_filter(logGroupName=GROUP, filterName="RootUse")
    watched_trail.alarms.disable_alarm_actions(AlarmNames=["CIS VpcChanges"])
    assert watched_trail.passed() == set(listed()) - {"RootUse", "VpcChanges"}
    watched_trail.make_filter("RootUse")
    watched_trail.alarms.enable_alarm_actions(AlarmNames=["CIS VpcChanges"])
    assert watched_trail.passed() == set(listed())
    (group,) = watched_trail.logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert group["metricFilterCount"] == 15

    for name, pattern in listed().items():
        if name in SIGNED:
            assert watched_trail.matches(pattern, list(SIGNED[name])) == [0], name
            continue
        service, calls = ASKED[name]
        records = [{"eventSource": f"{service}.amazonaws.com", "eventName": call} for call in calls.split()]
        other = {"eventSource": f"{service}.amazonaws.com", "eventName": "DescribeWhatever"}
        assert watched_trail.matches(pattern, [*records, other]) == list(range(len(records))), name

    call_what_it_counts(cairn, watched_trail)
    expected = {
        "UnauthorizedCalls": 1,
        "SignInWithoutMfa": 1,
        "SignInFailures": 1,
        "RootUse": 1,
        "IamPolicyChanges": 2,
        "KeysDisabledOrDeleted": 2,
        "BucketPolicyChanges": 1,
        "SecurityGroupChanges": 2,
        "VpcChanges": 2,
    }
    wait_until(lambda: expected.items() <= watched_trail.counts().items())
    counted = watched_trail.counts()
    assert counted.pop("CloudTrailChanges") >= 1
    assert counted == expected


def call_what_it_counts(cairn: Cairn, watched: Watched) -> None:
    """By real calls, and by records of sign-ins and of the root user, whom Cairn does not have."""
    watched.trails.update_trail(Name=TRAIL, S3BucketName=watched.bucket)
    iam = cairn.client("iam")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = iam.create_policy(PolicyName="cis", PolicyDocument=policy)["Policy"]["Arn"]
    iam.delete_policy(PolicyArn=made)
    kms = cairn.client("kms", region="us-west-2")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key)
    s3 = cairn.client("s3", region=REGION)
    s3.put_bucket_policy(Bucket=watched.bucket, Policy=s3.get_bucket_policy(Bucket=watched.bucket)["Policy"])
    ec2 = cairn.client("ec2", region="us-west-2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="cis", Description="cis", VpcId=vpc)["GroupId"]
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)
    iam.create_user(UserName="cis")
    key = iam.create_access_key(UserName="cis")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    with pytest.raises(ClientError, match="AccessDenied"):
        cairn.client("cloudtrail", region=REGION, **keys).stop_logging(Name=trail_arn(TRAIL, REGION))
    watched.logs.create_log_stream(logGroupName=GROUP, logStreamName="sign-ins")
    now_ms = int(time.time() * 1000)
    records = [SIGN_IN, SIGNED["SignInWithoutMfa"][1], FAILED_SIGN_IN, BY_ROOT]
    events = [{"timestamp": now_ms, "message": json.dumps(record)} for record in records]
    watched.logs.put_log_events(logGroupName=GROUP, logStreamName="sign-ins", logEvents=events)
