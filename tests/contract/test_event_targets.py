"""Targets of rules as stock clients see them: what each kind gets, and what its dead-letter queue says otherwise."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contract.recipients import allow, document
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

REGION = "eu-north-1"
EVENTS = {"Service": "events.amazonaws.com"}
WRITERS = {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]}
OF_SHOP = json.dumps({"source": ["shop"]})
PATHS = {"n": "$.detail.n", "who": "$.detail.who"}
TEMPLATE = '{"order": <n>, "text": "<who> ordered", "rule": <aws.events.rule-name>}'


class Shop:
    """An account whose rules tell things."""

    def __init__(self, cairn: Cairn) -> None:
        self.cairn = cairn
        self.events = cairn.client("events", region=REGION)
        self.sqs = cairn.client("sqs", region=REGION)

    def rule(self, name: str, *targets: dict[str, Any], bus: str = "default") -> str:
        arn: str = self.events.put_rule(Name=name, EventPattern=OF_SHOP, EventBusName=bus)["RuleArn"]
        put = self.events.put_targets(Rule=name, EventBusName=bus, Targets=list(targets))
        assert put["FailedEntryCount"] == 0
        return arn

    def queue(self, name: str, *, lets_in: bool = True, **attributes: str) -> tuple[str, str]:
        """The URL and the ARN of a queue that rules of the account may send to."""
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        only = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/*"}}
        policy = {"Policy": document(allow("sqs:SendMessage", arn, Principal=EVENTS, Condition=only))}
        given = attributes | (policy if lets_in else {})
        url: str = self.sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
        return url, arn

    def role(self, name: str, action: str, resource: str) -> str:
        iam = self.cairn.client("iam", region=REGION)
        trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": EVENTS})
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=document(allow(action, resource)))
        return arn

    def put(self, *numbers: int, bus: str = "default") -> list[str]:
        entries = [
            {
                "Source": "shop",
                "DetailType": "ordered",
                "Detail": json.dumps({"n": number, "who": "al"}),
                "EventBusName": bus,
            }
            for number in numbers
        ]
        answer = self.events.put_events(Entries=entries)
        assert answer["FailedEntryCount"] == 0
        return [each["EventId"] for each in answer["Entries"]]

    def received(self, url: str, count: int = 1) -> list[dict[str, Any]]:
        """So many messages of a queue, as they come."""
        found: list[dict[str, Any]] = []

        def some() -> bool:
            asked = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
            for message in self.sqs.receive_message(QueueUrl=url, **asked).get("Messages", []):
                found.append(message)
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= count

        wait_until(some)
        return found

    def attributes(self, message: dict[str, Any]) -> dict[str, str]:
        return {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}


@pytest.fixture(scope="module")
def shop(cairn: Cairn) -> Shop:
    return Shop(cairn)


def test_one_event_to_five_kinds_of_target(shop: Shop) -> None:
    cairn = shop.cairn
    logs, sns, lambda_ = (cairn.client(name, region=REGION) for name in ("logs", "sns", "lambda"))
    rule_arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/told"
    of_rule = {"ArnEquals": {"aws:SourceArn": rule_arn}}
    url, queue = shop.queue("told")
    dead_url, dead = shop.queue("told-dead")
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=document(allow("sns:Publish", topic, Principal=EVENTS, Condition=of_rule)),
    )
    heard_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard"
    lets_topic = document(allow("sqs:SendMessage", heard_arn, Principal={"Service": "sns.amazonaws.com"}))
    heard_url = shop.sqs.create_queue(QueueName="heard", Attributes={"Policy": lets_topic})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=heard_arn)
    group = "/aws/events/told"
    logs.create_log_group(logGroupName=group)
    group_arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    writes = allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"{group_arn}:*", Principal=WRITERS)
    logs.put_resource_policy(policyName="events", policyDocument=document(writes))
    second = shop.events.create_event_bus(Name="second")["EventBusArn"]
    third = shop.events.create_event_bus(Name="third")["EventBusArn"]
    further_url, further = shop.queue("further")
    onward = {"Id": "onward", "Arn": third, "DeadLetterConfig": {"Arn": dead}}
    shop.rule("onward", {"Id": "q", "Arn": further}, onward, bus="second")
    function = _function(lambda_, shop.role("of-function", "logs:*", "*"))
    shop.rule(
        "told",
        {"Id": "queue", "Arn": queue, "InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": TEMPLATE}},
        {"Id": "topic", "Arn": topic, "InputPath": "$.detail"},
        {"Id": "group", "Arn": group_arn},
        {"Id": "bus", "Arn": second},
        {"Id": "function", "Arn": function, "DeadLetterConfig": {"Arn": dead}},
    )

    [event_id] = shop.put(7)

    [message] = shop.received(url)
    assert json.loads(message["Body"]) == {"order": 7, "text": "al ordered", "rule": "told"}
    [notice] = shop.received(heard_url)
    assert json.loads(json.loads(notice["Body"])["Message"]) == {"n": 7, "who": "al"}
    [forwarded] = shop.received(further_url)
    event = json.loads(forwarded["Body"])
    assert (event["id"], event["account"], event["source"], event["detail"]["n"]) == (event_id, ACCOUNT, "shop", 7)
    logged = wait_until(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert json.loads(logged[0]["message"]) == event
    refused = {shop.attributes(each)["TARGET_ARN"]: each for each in shop.received(dead_url, 2)}
    assert json.loads(refused[function]["Body"]) == event
    said = shop.attributes(refused[function])
    assert said.pop("ERROR_MESSAGE")
    assert said == {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": function,
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }
    assert shop.attributes(refused[third])["ERROR_CODE"] == "THIRD_ACCOUNT_HOP_DETECTED"
    assert shop.attributes(refused[third])["RULE_ARN"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/second/onward"
    cloudwatch = cairn.client("cloudwatch", region=REGION)
    wanted = {"Invocations": 5.0, "FailedInvocations": 1.0, "InvocationsSentToDlq": 1.0}
    wait_until(lambda: {name: _metric(cloudwatch, name) for name in wanted} == wanted)


def test_targets_that_are_told_in_a_role(shop: Shop) -> None:
    kinesis, states = (shop.cairn.client(name, region=REGION) for name in ("kinesis", "stepfunctions"))
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/orders"
    definition = json.dumps({"StartAt": "end", "States": {"end": {"Type": "Succeed"}}})
    role = shop.role("teller", "states:StartExecution", "*")
    machine = states.create_state_machine(name="orders", definition=definition, roleArn=role)["stateMachineArn"]
    dead_url, dead = shop.queue("roles-dead")
    ordered_url, ordered = shop.queue("ordered.fifo", FifoQueue="true", ContentBasedDeduplication="true", lets_in=False)
    dead_letters = {"DeadLetterConfig": {"Arn": dead}}
    put = shop.role("putter", "kinesis:PutRecord", stream)
    send = shop.role("sender", "sqs:SendMessage", ordered)
    shop.rule(
        "roles",
        {"Id": "stream", "Arn": stream, "RoleArn": put, "KinesisParameters": {"PartitionKeyPath": "$.detail.who"}},
        {"Id": "machine", "Arn": machine, "RoleArn": role, "InputPath": "$.detail"},
        {"Id": "refused", "Arn": stream, "RoleArn": role, **dead_letters},
        {"Id": "queue", "Arn": ordered, "RoleArn": send, "SqsParameters": {"MessageGroupId": "g"}, "Input": '"x"'},
    )

    shop.put(1)

    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = wait_until(lambda: kinesis.get_records(ShardIterator=iterator)["Records"])
    assert (records[0]["PartitionKey"], json.loads(records[0]["Data"])["detail"]["n"]) == ("al", 1)
    executions = wait_until(lambda: states.list_executions(stateMachineArn=machine)["executions"])
    started = states.describe_execution(executionArn=executions[0]["executionArn"])
    assert json.loads(started["input"]) == {"n": 1, "who": "al"}
    [message] = shop.received(ordered_url)
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ('"x"', "g")
    [refused] = shop.received(dead_url)
    assert shop.attributes(refused)["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "kinesis:PutRecord" in shop.attributes(refused)["ERROR_MESSAGE"]


def _function(lambda_: Any, role: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", "def h(event, context): pass")
    made = lambda_.create_function(
        FunctionName="told", Runtime="python3.12", Role=role, Handler="f.h", Code={"ZipFile": packed.getvalue()}
    )
    arn: str = made["FunctionArn"]
    return arn


def _metric(cloudwatch: Any, name: str) -> float:
    now = datetime.now(UTC)
    found = cloudwatch.get_metric_statistics(
        Namespace="AWS/Events",
        MetricName=name,
        Dimensions=[{"Name": "RuleName", "Value": "told"}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=2),
        Period=3600,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])
