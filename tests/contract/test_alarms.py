"""Alarms through the stock clients: from a datum to a message in a queue, and over kill -9."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine


class Topic:
    """A topic with a queue behind it."""

    def __init__(self, cairn: Cairn, name: str) -> None:
        self.arn = cairn.aws("sns", "create-topic", "--name", name)["TopicArn"]
        self._sqs = cairn.client("sqs")
        queue = self.arn.replace(":sns:", ":sqs:")
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self._url = self._sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
        cairn.aws("sns", "subscribe", "--topic-arn", self.arn, "--protocol", "sqs", "--notification-endpoint", queue)
        self.received: list[dict[str, Any]] = []

    def messages(self) -> list[dict[str, Any]]:
        """All envelopes that came so far."""
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        for message in found.get("Messages", []):
            self.received.append(json.loads(message["Body"]))
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self.received

    def states(self) -> list[tuple[str, str]]:
        told = [json.loads(envelope["Message"]) for envelope in self.messages()]
        return [(each["AlarmName"], each["NewStateValue"]) for each in told]


def put_alarm(cairn: Cairn, name: str, topic: str, *more: str) -> None:
    cairn.aws(
        "cloudwatch", "put-metric-alarm", "--alarm-name", name, "--namespace", "Contract", "--metric-name", name,
        "--statistic", "Sum", "--period", "10", "--evaluation-periods", "1", "--threshold", "1",
        "--comparison-operator", "GreaterThanOrEqualToThreshold", "--treat-missing-data", "notBreaching",
        "--alarm-actions", topic, *more,
    )  # fmt: skip


def put_datum(cairn: Cairn, name: str) -> None:
    cairn.aws(
        "cloudwatch", "put-metric-data", "--namespace", "Contract", "--metric-name", name, "--value", "1",
        "--storage-resolution", "1",
    )  # fmt: skip


def test_from_a_datum_to_a_queue(cairn: Cairn) -> None:
    topic = Topic(cairn, "alarmed")
    put_alarm(cairn, "denied", topic.arn, "--ok-actions", topic.arn)
    cairn.aws(
        "cloudwatch", "put-composite-alarm", "--alarm-name", "any", "--alarm-rule", 'ALARM("denied")',
        "--alarm-actions", topic.arn,
    )  # fmt: skip
    put_datum(cairn, "denied")
    wait_until(lambda: {("denied", "ALARM"), ("any", "ALARM")} <= set(topic.states()))
    subjects = {envelope.get("Subject") for envelope in topic.received}
    assert 'ALARM: "denied" in US East (N. Virginia)' in subjects

    def is_well() -> bool:
        (alarm,) = cairn.aws("cloudwatch", "describe-alarms", "--alarm-names", "denied")["MetricAlarms"]
        return bool(alarm["StateValue"] == "OK")

    wait_until(is_well)
    items = cairn.aws("cloudwatch", "describe-alarm-history", "--alarm-name", "denied")["AlarmHistoryItems"]
    summaries = [item["HistorySummary"] for item in items]
    assert f"Successfully executed action {topic.arn}" in summaries
    assert "Alarm updated from ALARM to OK" in summaries
    refused = cairn.aws("cloudwatch", "delete-alarms", "--alarm-names", "denied", fails=True)
    assert "(ValidationError)" in refused
    assert "Cannot delete denied as there are composite alarm(s) depending on it." in refused
    for name in ("any", "denied"):
        cairn.aws("cloudwatch", "delete-alarms", "--alarm-names", name)


def test_a_function_is_invoked_as_far_as_its_policy_lets_alarms(cairn: Cairn) -> None:
    lambda_, iam = cairn.client("lambda"), cairn.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="alarm-function",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    function = lambda_.create_function(
        FunctionName="alarmed",
        Role=role,
        Handler="x.y",
        Runtime="python3.12",
        Code={"ZipFile": b"PK\x05\x06" + b"\0" * 18},
    )["FunctionArn"]
    put_alarm(cairn, "invoking", function)

    def turn(state: str) -> None:
        cairn.client("cloudwatch").set_alarm_state(AlarmName="invoking", StateValue=state, StateReason="testing")

    def actions() -> list[str]:
        found = cairn.client("cloudwatch").describe_alarm_history(AlarmName="invoking", HistoryItemType="Action")
        return [item["HistorySummary"] for item in found["AlarmHistoryItems"]]

    turn("ALARM")
    assert "does not let lambda.alarms.cloudwatch.amazonaws.com" in wait_until(actions)[0]
    lambda_.add_permission(
        FunctionName="alarmed",
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
        SourceAccount=function.split(":")[4],
    )
    turn("OK")
    turn("ALARM")
    wait_until(lambda: f"Successfully executed action {function}" in actions())
    cairn.client("cloudwatch").delete_alarms(AlarmNames=["invoking"])


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_errors_and_alarms_in_every_protocol(cairn: Cairn, protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order = (protocol, *PRIORITY_ORDERED_SUPPORTED_PROTOCOLS)
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", order)
    cloudwatch = cairn.client("cloudwatch")
    assert cloudwatch.meta.service_model.resolved_protocol == protocol
    given: dict[str, Any] = {
        "AlarmName": f"by-{protocol}",
        "MetricName": "m",
        "Namespace": "n",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0.5,
        "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "a", "Value": "b"}],
    }
    cloudwatch.put_metric_alarm(**given)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[given["AlarmName"]])["MetricAlarms"]
    assert {name: alarm[name] for name in given} == given
    assert alarm["StateUpdatedTimestamp"].timestamp() == pytest.approx(time.time(), abs=60)
    with pytest.raises(ClientError) as raised:
        cloudwatch.put_metric_alarm(**(given | {"Period": 7}))
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    assert "Period must be 10, 20, 30 or a multiple of 60" in raised.value.response["Error"]["Message"]
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="x")
    cloudwatch.delete_alarms(AlarmNames=[given["AlarmName"]])
