"""Queries and subscriptions of log groups through the stock clients."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.contract.waiting import wait_until
from tests.running import BIN, Cairn

pytestmark = pytest.mark.engine

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def filled(cairn: Cairn, group: str, *messages: str) -> Any:
    """A client of CloudWatch Logs, and a group with these messages."""
    logs = cairn.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    put(logs, group, *messages)
    return logs


def put(logs: Any, group: str, *messages: str) -> None:
    now_ms = int(time.time() * 1000)
    events = [{"timestamp": now_ms + at, "message": message} for at, message in enumerate(messages)]
    if events:
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def rows(logs: Any, query: str) -> list[dict[str, str]]:
    """What a query answers, once it is complete."""
    answer = wait_until(lambda: _ended(logs, query))
    assert answer["status"] == "Complete"
    return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]


def _ended(logs: Any, query: str) -> Any:
    answer = logs.get_query_results(queryId=query)
    return answer if answer["status"] not in ("Scheduled", "Running") else None


def test_a_query_by_boto3(cairn: Cairn) -> None:
    logs = filled(cairn, "q/boto", *(json.dumps({"level": "warn" if n % 3 else "error", "n": n}) for n in range(30)))
    now = int(time.time())
    asked = {"logGroupName": "q/boto", "startTime": now - 600, "endTime": now + 600}
    text = "filter level = 'error' | stats count(*) as many, max(n) as most by level"
    query = logs.start_query(queryString=text, **asked)["queryId"]
    assert rows(logs, query) == [{"level": "error", "many": "10", "most": "27"}]
    statistics = logs.get_query_results(queryId=query)["statistics"]
    assert (statistics["recordsMatched"], statistics["recordsScanned"]) == (10.0, 30.0)
    latest = rows(logs, logs.start_query(queryString="fields n | limit 1", **asked)["queryId"])
    assert latest[0]["n"] == "29"
    record = logs.get_log_record(logRecordPointer=latest[0]["@ptr"])["logRecord"]
    assert json.loads(record["@message"]) == {"level": "warn", "n": 29}
    with pytest.raises(ClientError) as refused:
        logs.start_query(queryString="fields n | nonsense", **asked)
    assert refused.value.response["Error"]["Code"] == "MalformedQueryException"
    location = refused.value.response["queryCompileError"]["location"]
    assert location == {"startCharOffset": 11, "endCharOffset": 19}
    listed = logs.describe_queries(logGroupName="q/boto")["queries"]
    assert {each["queryString"] for each in listed} == {text, "fields n | limit 1"}
    with pytest.raises(ClientError, match="not running"):
        logs.stop_query(queryId=query)


def test_a_query_by_the_command_line(cairn: Cairn) -> None:
    filled(cairn, "q/cli", '{"user": "ann"}', '{"user": "bob"}')
    now = int(time.time())
    asked = ["--log-group-name", "q/cli", "--start-time", str(now - 600), "--end-time", str(now + 600)]
    text = "fields user | sort user desc"
    query = cairn.aws("logs", "start-query", *asked, "--query-string", text)["queryId"]
    wait_until(lambda: _ended(cairn.client("logs"), query))
    found = cairn.aws("logs", "get-query-results", "--query-id", query)
    assert [row[0]["value"] for row in found["results"]] == ["bob", "ann"]


def test_subscriptions_reach_a_stream_and_a_queue(cairn: Cairn) -> None:
    logs = filled(cairn, "sub/app", "before")
    kinesis, sqs, iam = cairn.client("kinesis"), cairn.client("sqs"), cairn.client("iam")
    kinesis.create_stream(StreamName="logs", ShardCount=1)
    stream = kinesis.describe_stream(StreamName="logs")["StreamDescription"]["StreamARN"]
    role = iam.create_role(RoleName="to-stream", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    asked = {"logGroupName": "sub/app", "filterName": "k", "filterPattern": "", "destinationArn": stream}
    with pytest.raises(ClientError, match="Could not deliver test message"):
        logs.put_subscription_filter(roleArn=role, **asked)
    statement = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": stream}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="to-stream", PolicyName="p", PolicyDocument=document)
    logs.put_subscription_filter(roleArn=role, **asked)

    url = sqs.create_queue(QueueName="logs")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": queue}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy), "MaximumMessageSize": "1024"})
    logs.put_subscription_filter(**asked | {"filterName": "q", "destinationArn": queue})
    with pytest.raises(ClientError, match="Resource limit exceeded"):
        logs.put_subscription_filter(roleArn=role, **asked | {"filterName": "z"})
    put(logs, "sub/app", "one", "two")

    shard = kinesis.list_shards(StreamName="logs")["Shards"][0]["ShardId"]
    at = kinesis.get_shard_iterator(StreamName="logs", ShardId=shard, ShardIteratorType="TRIM_HORIZON")

    def in_stream() -> Any:
        found = [
            unpacked(record["Data"]) for record in kinesis.get_records(ShardIterator=at["ShardIterator"])["Records"]
        ]
        return found if len(found) >= 2 else None

    control, data = wait_until(in_stream)
    assert control["messageType"] == "CONTROL_MESSAGE"
    assert (data["messageType"], data["logGroup"], data["logStream"]) == ("DATA_MESSAGE", "sub/app", "s")
    assert [event["message"] for event in data["logEvents"]] == ["one", "two"]

    received: list[list[str]] = []

    def in_queue(count: int) -> bool:
        """Whether so many messages with log events have come."""
        for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found = unpacked(base64.b64decode(json.loads(each["Body"])["awslogs"]["data"]))
            if found["messageType"] == "DATA_MESSAGE":
                received.append([event["message"] for event in found["logEvents"]])
        return len(received) >= count

    wait_until(lambda: in_queue(1))
    assert received == [["one", "two"]]

    large = [os.urandom(length).hex() for length in (300, 300, 4000)]  # two do not fit together, the last does never
    put(logs, "sub/app", *large)
    wait_until(lambda: in_queue(3))
    assert sorted(received[1:]) == sorted([message] for message in large[:2])
    names = [
        each["filterName"] for each in logs.describe_subscription_filters(logGroupName="sub/app")["subscriptionFilters"]
    ]
    assert names == ["k", "q"]
    logs.delete_subscription_filter(logGroupName="sub/app", filterName="k")


def unpacked(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(data))
    return found


def test_an_export_by_the_command_line(cairn: Cairn) -> None:
    logs = filled(cairn, "exp/app", "one", "two")
    s3 = cairn.client("s3")
    s3.create_bucket(Bucket="exported-logs")
    now_ms = int(time.time() * 1000)
    asked = ["--log-group-name", "exp/app", "--from", str(now_ms - 60_000), "--to", str(now_ms + 60_000)]
    asked += ["--destination", "exported-logs", "--destination-prefix", "app"]
    said = cairn.aws("logs", "create-export-task", *asked, fails=True)
    assert "GetBucketAcl call on the given bucket failed" in said
    principal = {"Effect": "Allow", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}}
    account = logs.describe_log_groups(logGroupNamePrefix="exp/")["logGroups"][0]["arn"].split(":")[4]
    where = {"StringEquals": {"aws:SourceAccount": [account]}}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            principal | {"Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::exported-logs", "Condition": where},
            principal | {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::exported-logs/*", "Condition": where},
        ],
    }
    s3.put_bucket_policy(Bucket="exported-logs", Policy=json.dumps(policy))
    task = cairn.aws("logs", "create-export-task", *asked)["taskId"]

    def done() -> bool:
        (found,) = cairn.client("logs").describe_export_tasks(taskId=task)["exportTasks"]
        assert found["status"]["code"] in ("PENDING", "RUNNING", "COMPLETED")
        return bool(found["status"]["code"] == "COMPLETED")

    wait_until(done)
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket="exported-logs")["Contents"]}
    exported = f"app/{task}/s/000000.gz"
    assert keys == {exported, "app/aws-logs-write-test"}
    body = s3.get_object(Bucket="exported-logs", Key=exported)["Body"].read()
    assert [line.split(" ", 1)[1] for line in gzip.decompress(body).decode().splitlines()] == ["one", "two"]


def test_live_tail_by_boto3_and_by_the_command_line(cairn: Cairn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")  # as `cairn env` has it
    logs = filled(cairn, "tail/app")
    arn = logs.describe_log_groups(logGroupNamePrefix="tail/")["logGroups"][0]["logGroupArn"]
    stream = logs.start_live_tail(logGroupIdentifiers=[arn])["responseStream"]
    events = iter(stream)
    started = next(events)["sessionStart"]
    assert started["logGroupIdentifiers"] == [arn]
    put(logs, "tail/app", "one", "two")
    shown: list[str] = []
    while len(shown) < 2:
        update = next(events)["sessionUpdate"]
        assert not update["sessionMetadata"]["sampled"]
        shown += [each["message"] for each in update["sessionResults"]]
    assert shown == ["one", "two"]
    stream.close()
    with pytest.raises(ClientError, match="does not exist"):
        logs.start_live_tail(logGroupIdentifiers=[arn + "x"])

    command = [str(BIN / "aws"), "logs", "start-live-tail", "--log-group-identifiers", arn]
    environment = cairn.environment(AWS_DISABLE_HOST_PREFIX_INJECTION="true", PYTHONUNBUFFERED="1")
    tail = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert tail.stdout is not None and tail.stderr is not None
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(tail.stdout or []), daemon=True)
    reader.start()

    def told() -> bool:
        put(logs, "tail/app", "seen by the command line")
        return any("seen by the command line" in line for line in lines)

    try:
        wait_until(told)
    finally:
        tail.terminate()
        tail.wait(30)
        reader.join(30)
        tail.stdout.close()
        tail.stderr.close()

    def recorded() -> bool:
        wanted = [{"AttributeKey": "EventName", "AttributeValue": "StartLiveTail"}]
        found = cairn.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
        records = [json.loads(each["CloudTrailEvent"]) for each in found]
        return {record.get("errorCode") for record in records} == {None, "ResourceNotFoundException"}

    wait_until(recorded)
