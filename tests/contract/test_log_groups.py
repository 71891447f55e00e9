"""Log groups by the stock AWS CLI and boto3, against a running Cairn."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.running import Cairn

pytestmark = pytest.mark.engine

GROUP = "/contract/logs"


@pytest.fixture(scope="module")
def logs(cairn: Cairn) -> Any:
    return cairn.client("logs")


@pytest.fixture(scope="module", autouse=True)
def group(logs: Any) -> Any:
    logs.create_log_group(logGroupName=GROUP, tags={"of": "contract"})
    for stream in ("one", "two"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    yield
    logs.delete_log_group(logGroupName=GROUP)


def now_ms() -> int:
    return int(time.time() * 1000)


def test_a_group_by_the_cli(cairn: Cairn, logs: Any) -> None:
    [described] = cairn.aws("logs", "describe-log-groups", "--log-group-name-prefix", GROUP)["logGroups"]
    assert described["arn"] == f"{described['logGroupArn']}:*" and described["logGroupName"] == GROUP
    tags = cairn.aws("logs", "list-tags-for-resource", "--resource-arn", described["logGroupArn"])
    assert tags == {"tags": {"of": "contract"}}
    error = cairn.aws("logs", "create-log-group", "--log-group-name", GROUP, fails=True)
    assert "(ResourceAlreadyExistsException)" in error and "The specified log group already exists" in error
    error = cairn.aws("logs", "put-retention-policy", "--log-group-name", GROUP, "--retention-in-days", "2", fails=True)
    assert "(InvalidParameterException)" in error
    with pytest.raises(ClientError, match=r"InvalidParameterException.*1 validation error detected"):
        logs.create_log_group(logGroupName="not a name")


def test_events_are_put_got_and_filtered(cairn: Cairn, logs: Any) -> None:
    start = now_ms()
    events = [{"timestamp": start + n, "message": json.dumps({"n": n, "odd": bool(n % 2)})} for n in range(20)]
    answer = cairn.aws(
        "logs", "put-log-events", "--log-group-name", GROUP, "--log-stream-name", "one", "--log-events",
        json.dumps(events[:10]),
    )  # fmt: skip
    assert answer["nextSequenceToken"]
    logs.put_log_events(logGroupName=GROUP, logStreamName="two", logEvents=events[10:])
    got = cairn.aws(
        "logs", "get-log-events", "--log-group-name", GROUP, "--log-stream-name", "one", "--start-from-head"
    )
    assert [event["message"] for event in got["events"]] == [event["message"] for event in events[:10]]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, filterPattern="{ $.odd IS TRUE }", startTime=start, PaginationConfig={"PageSize": 3}
    )
    found = [json.loads(event["message"])["n"] for page in pages for event in page["events"]]
    assert found == list(range(1, 20, 2))
    [one, two] = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert (one["firstEventTimestamp"], two["lastEventTimestamp"]) == (start, start + 19)
    [described] = logs.describe_log_groups(logGroupNamePattern=GROUP)["logGroups"]
    assert described["storedBytes"] == sum(len(event["message"]) + 26 for event in events)


def test_whoever_follows_a_group_as_aws_logs_tail_does_sees_each_event_once(logs: Any) -> None:
    """Version 2 of the CLI asks again and again from the last timestamp on, and knows events by their ids."""
    start, seen = now_ms(), []
    ids: set[str] = set()
    for number in range(6):
        event = {"timestamp": start + number // 2, "message": f"seen {number}"}
        logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=[event])
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=GROUP, interleaved=True, startTime=start + len(seen) // 2, filterPattern="seen"
        )
        new = [event for page in pages for event in page["events"] if event["eventId"] not in ids]
        ids |= {event["eventId"] for event in new}
        seen += [event["message"] for event in new]
    assert seen == [f"seen {number}" for number in range(6)]


def test_puts_of_many_clients_through_all_gateways_are_all_there(cairn: Cairn, logs: Any) -> None:
    stream = "many"
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)

    def put(number: int) -> None:
        event = {"timestamp": now_ms(), "message": f"many {number}"}
        logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=[event])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, range(120)))
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=[stream])
    found = [event["message"] for page in pages for event in page["events"]]
    assert sorted(found) == sorted(f"many {number}" for number in range(120))


def test_a_group_is_encrypted_by_a_key_whose_policy_lets_logs_in(cairn: Cairn, logs: Any) -> None:
    kms = cairn.client("kms")
    account = cairn.folder.administrator().account
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
    key = kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": [own]}))["KeyMetadata"]["Arn"]
    with pytest.raises(logs.exceptions.ClientError, match="AccessDeniedException"):
        logs.associate_kms_key(logGroupName=GROUP, kmsKeyId=key)
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.associate_kms_key(logGroupName=GROUP, kmsKeyId=key[:-4] + "0000")
    service = {"Service": "logs.us-east-1.amazonaws.com"}
    let_in = {"Effect": "Allow", "Principal": service, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [own, let_in]})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    logs.associate_kms_key(logGroupName=GROUP, kmsKeyId=key)
    assert logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]["kmsKeyId"] == key
