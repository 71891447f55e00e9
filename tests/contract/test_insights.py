"""A burst of calls through the gateway: one Start and one End, in the history, the bucket, the log group and a rule's
queue, though everything is killed in between. Days of calls are imported, and the clock is set ahead."""

from __future__ import annotations

import gzip
import json
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.recipients import make_bucket, make_log_group, make_role
from tests.contract.test_event_sources import Rules
from tests.contract.test_tutorial import ACCOUNT
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.core.clock import AHEAD, iso_seconds, set_ahead

pytestmark = pytest.mark.engine

REGION, TRAIL, LOGS = "us-east-1", "unusual", "unusual-logs"
USUAL, BURST = 3, 60
DAYS = 2
PAST_USER = f"arn:aws:iam::{ACCOUNT}:user/autoscaler"


class Ahead:
    """The clock of a Cairn."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.seconds = 0.0
        set_ahead(file, 0)

    def now(self) -> float:
        return time.time() + self.seconds

    def end_minute(self) -> None:
        """Go on to where the minute of now is over, late calls and all."""
        self.seconds += 66 - self.now() % 60
        set_ahead(self.file, self.seconds)


@pytest.fixture
def ahead(tmp_path: Path) -> Ahead:
    return Ahead(tmp_path / "ahead")


@pytest.fixture
def cairn(tmp_path: Path, ahead: Ahead) -> Iterator[Cairn]:
    running = Cairn(tmp_path / "data", {AHEAD: str(ahead.file), "CAIRN_DELIVERY_INTERVAL": "5s"})
    running.start()
    yield running
    assert running.stop() == 0
    assert running.children() == []


def past_calls(folder: Path, until: float) -> Path:
    """A log file with days of usual calls."""
    dice = random.Random(1)
    records = []
    for minute in range(int(until) // 60 - DAYS * 1440, int(until) // 60):
        records += [past_call(minute * 60 + dice.randrange(60)) for _ in range(USUAL - 1 + dice.randrange(3))]
    file = folder / f"{ACCOUNT}_CloudTrail_{REGION}_20261129T0000Z_{'x' * 16}.json.gz"
    file.write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    return file


def past_call(at: int) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": PAST_USER, "accountId": ACCOUNT, "userName": "autoscaler"},
        "eventTime": iso_seconds(at),
        "eventSource": "sqs.amazonaws.com",
        "eventName": "CreateQueue",
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "autoscaler/1",
        "requestParameters": None,
        "responseElements": None,
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


def objects(cairn: Cairn, prefix: str) -> list[dict[str, Any]]:
    """The files below a folder of the trail's bucket."""
    s3 = cairn.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=LOGS, Prefix=prefix).get("Contents", [])]
    bodies = [s3.get_object(Bucket=LOGS, Key=key)["Body"].read() for key in keys]
    return [json.loads(gzip.decompress(body)) for body in bodies]


def insight_records(cairn: Cairn, prefix: str) -> list[dict[str, Any]]:
    return [record for file in objects(cairn, prefix) for record in file["Records"]]


def test_a_burst_is_told_once_everywhere_though_all_is_killed_in_between(
    cairn: Cairn, ahead: Ahead, tmp_path: Path
) -> None:
    trails, rules = cairn.client("cloudtrail"), Rules(cairn)
    cairn.cairn("import", str(past_calls(tmp_path, ahead.now())))
    group = make_log_group(cairn, "unusual", REGION)
    trails.create_trail(
        Name=TRAIL,
        S3BucketName=make_bucket(cairn, LOGS),
        EnableLogFileValidation=True,
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=make_role(cairn, "unusual", group, REGION),
    )
    selectors = '[{"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}]'
    cairn.aws("cloudtrail", "put-insight-selectors", "--trail-name", TRAIL, "--insight-selectors", selectors)
    rules.put("unusual", {"source": ["aws.cloudtrail"], "detail-type": ["AWS Insight via CloudTrail"]})
    trails.start_logging(Name=TRAIL)
    sqs = cairn.client("sqs")

    def looked_up() -> list[dict[str, Any]]:
        found = cairn.aws("cloudtrail", "lookup-events", "--event-category", "insight")["Events"]
        return sorted((json.loads(event["CloudTrailEvent"]) for event in found), key=lambda event: event["eventTime"])

    if ahead.now() % 60 > 30:
        ahead.end_minute()  # the burst is in one minute
    began = int(ahead.now()) // 60 * 60
    for number in range(BURST):
        sqs.create_queue(QueueName=f"burst-{number}")
    ahead.end_minute()
    [start] = wait_until(looked_up)
    wait_until(lambda: len(rules.came("unusual")) == 1)
    cairn.kill()
    cairn.start()
    for quiet in range(11):
        for number in range(USUAL):
            sqs.create_queue(QueueName=f"quiet-{quiet}-{number}")
        ahead.end_minute()
    start, end = wait_until(lambda: events if len(events := looked_up()) == 2 else None)
    details = start["insightDetails"]
    assert (details["state"], end["insightDetails"]["state"]) == ("Start", "End")
    assert start["sharedEventID"] == end["sharedEventID"]
    assert (start["eventTime"], end["eventTime"]) == (iso_seconds(began), iso_seconds(began + 60))
    assert (details["eventSource"], details["eventName"]) == ("sqs.amazonaws.com", "CreateQueue")
    assert details["insightContext"]["statistics"]["insight"]["average"] >= BURST
    assert details["insightContext"]["statistics"]["baseline"]["average"] == pytest.approx(USUAL, abs=0.1)
    [user] = [each for each in details["insightContext"]["attributions"] if each["attribute"] == "userIdentityArn"]
    assert [share["value"] for share in user["insight"]] == [f"arn:aws:iam::{ACCOUNT}:user/administrator"]
    assert [share["value"] for share in user["baseline"]] == [PAST_USER]

    cairn.cairn("flush", "--digests")
    both = sorted((start["eventID"], end["eventID"]))
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail-Insight/{REGION}/"
    wait_until(lambda: sorted(record["eventID"] for record in insight_records(cairn, folder)) == both)
    assert sorted(insight_records(cairn, folder), key=lambda event: event["eventTime"]) == [start, end]
    assert not [
        record
        for record in insight_records(cairn, f"AWSLogs/{ACCOUNT}/CloudTrail/")
        if record["eventCategory"] != "Management"
    ]
    digests = objects(cairn, f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/")
    named = [file["s3Object"] for digest in digests for file in digest["logFiles"]]
    assert [key for key in named if key.startswith(folder)], "what is unusual is proved like any other file"
    logs = cairn.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="unusual", filterPattern='{ $.eventCategory = "Insight" }'
    )
    sent = [json.loads(event["message"]) for page in pages for event in page["events"]]
    assert sorted(event["eventID"] for event in sent) == both
    came = wait_until(lambda: events if len(events := rules.came("unusual")) == 2 else None)
    assert sorted(event["detail"]["eventID"] for event in came) == both
    assert {(event["source"], event["detail-type"], event["account"], event["region"]) for event in came} == {
        ("aws.cloudtrail", "AWS Insight via CloudTrail", ACCOUNT, REGION)
    }
