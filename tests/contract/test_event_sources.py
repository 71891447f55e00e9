"""From a call to a queue: what trails, alarms and schedules give to event buses, with the stock AWS CLI and boto3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.recipients import make_bucket
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

TRAIL, LOGS, OBJECTS = "on-the-bus", "on-the-bus-logs", "on-the-bus-objects"
API_CALL = "AWS API Call via CloudTrail"
ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


class Rules:
    """Rules of us-east-1, each with a queue of its own, and what came to the queues."""

    def __init__(self, cairn: Cairn) -> None:
        self._sqs = cairn.client("sqs")
        self._events = cairn.client("events")
        self._came: dict[str, list[dict[str, Any]]] = {}

    def put(self, name: str, pattern: dict[str, Any], state: str = "ENABLED") -> None:
        rule = self._events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)["RuleArn"]
        arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.create_queue(QueueName=name, Attributes={"Policy": policy})
        failed = self._events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        assert failed["FailedEntryCount"] == 0
        self._came[name] = []

    def came(self, name: str) -> list[dict[str, Any]]:
        """All events that came to a rule's queue until now."""
        queue = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        while messages := self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._came[name].append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return self._came[name]

    def end(self) -> None:
        for name in self._came:
            self._events.remove_targets(Rule=name, Ids=["queue"])
            self._events.delete_rule(Name=name)
            self._sqs.delete_queue(QueueUrl=self._sqs.get_queue_url(QueueName=name)["QueueUrl"])


@pytest.fixture
def rules(cairn: Cairn) -> Iterator[Rules]:
    made = Rules(cairn)
    yield made
    made.end()


@pytest.fixture
def trail(cairn: Cairn) -> Iterator[Any]:
    """CloudTrail's client, with a trail that does not log yet; no other one does."""
    trails = cairn.client("cloudtrail")
    for other in trails.describe_trails()["trailList"]:
        cairn.client("cloudtrail", region=other["HomeRegion"]).stop_logging(Name=other["TrailARN"])
    make_bucket(cairn, LOGS, "us-east-1")
    cairn.client("s3").create_bucket(Bucket=OBJECTS)
    trails.create_trail(Name=TRAIL, S3BucketName=LOGS)
    yield trails
    trails.delete_trail(Name=TRAIL)


def names(events: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """What calls were made, each with whom or what it was about."""
    asked = [event["detail"]["requestParameters"] or {} for event in events]
    found = [parameters.get("userName") or parameters.get("key") for parameters in asked]
    return [(event["detail"]["eventName"], about) for event, about in zip(events, found, strict=True)]


def test_calls_reach_queues_by_what_trails_log_and_rules_ask_for(cairn: Cairn, trail: Any, rules: Rules) -> None:
    iam = {"source": ["aws.iam"], "detail-type": [API_CALL], "detail": {"eventName": ["CreateUser", "ListUsers"]}}
    rules.put("changes", iam)
    rules.put("everything", iam, ALL)
    rules.put("objects", {"source": ["aws.s3"], "detail": {"eventName": ["GetObject"]}})
    users = cairn.client("iam")
    users.create_user(UserName="before")
    cairn.aws("cloudtrail", "start-logging", "--name", TRAIL)
    cairn.aws("iam", "create-user", "--user-name", "during")
    users.list_users()
    wait_until(lambda: len(rules.came("everything")) == 2)
    s3 = cairn.client("s3")
    s3.put_object(Bucket=OBJECTS, Key="one", Body=b"1")
    s3.get_object(Bucket=OBJECTS, Key="one")
    selected = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [
        {"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{OBJECTS}/two"]}
    ]}  # fmt: skip
    cairn.aws("cloudtrail", "put-event-selectors", "--trail-name", TRAIL, "--event-selectors", json.dumps([selected]))
    s3.put_object(Bucket=OBJECTS, Key="two", Body=b"2")

    def got_two() -> bool:
        s3.get_object(Bucket=OBJECTS, Key="two")  # each gateway has to hear of the selectors
        return bool(rules.came("objects"))

    wait_until(got_two)
    users.create_user(UserName="last")
    wait_until(lambda: len(rules.came("everything")) == 3 and len(rules.came("changes")) == 2)
    assert sorted(names(rules.came("changes"))) == [("CreateUser", "during"), ("CreateUser", "last")]
    assert {name for name, _ in names(rules.came("everything"))} == {"CreateUser", "ListUsers"}
    assert {about for _, about in names(rules.came("objects"))} == {"two"}
    event = next(each for each in rules.came("changes") if each["detail"]["requestParameters"]["userName"] == "during")
    ident = [{"AttributeKey": "EventId", "AttributeValue": event["detail"]["eventID"]}]
    [found] = trail.lookup_events(LookupAttributes=ident)["Events"]
    assert event["detail"] == json.loads(found["CloudTrailEvent"])
    assert (event["source"], event["detail-type"], event["resources"]) == ("aws.iam", API_CALL, [])
    assert (event["account"], event["region"], event["version"]) == (ACCOUNT, "us-east-1", "0")
    assert event["time"] == event["detail"]["eventTime"]
    for name in ("before", "during", "last"):
        users.delete_user(UserName=name)


def test_alarms_and_schedules_need_no_trail(cairn: Cairn, rules: Rules) -> None:
    rules.put("alarms", {"source": ["aws.cloudwatch"], "detail": {"alarmName": ["on-the-bus"]}})
    alarms = cairn.client("cloudwatch")
    alarms.put_metric_alarm(
        AlarmName="on-the-bus", Namespace="N", MetricName="M", Statistic="Sum", Period=300, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    alarms.set_alarm_state(AlarmName="on-the-bus", StateValue="ALARM", StateReason="try")
    alarms.delete_alarms(AlarmNames=["on-the-bus"])
    wait_until(lambda: len(rules.came("alarms")) == 3)
    came = {event["detail"].get("operation", "turned"): event for event in rules.came("alarms")}
    assert came.keys() == {"create", "turned", "delete"}
    assert came["turned"]["detail-type"] == "CloudWatch Alarm State Change"
    assert came["turned"]["detail"]["state"]["value"] == "ALARM"
    assert came["turned"]["resources"] == [f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:on-the-bus"]
    assert came["create"]["detail-type"] == came["delete"]["detail-type"] == "CloudWatch Alarm Configuration Change"
    error = cairn.aws(
        "events", "put-rule", "--name", "once", "--schedule-expression", "at(2030-01-01T00:00:00)", fails=True
    )
    assert "(ValidationException)" in error and "Parameter ScheduleExpression is not valid." in error
