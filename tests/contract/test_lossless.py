"""An answered call is a record: in the history, in the log files and in the log group, once, and counted once by a
metric filter; and a rule's target is told of it, whatever is killed meanwhile."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.contract.recipients import allow, document, make_log_group, make_role
from tests.contract.test_tutorial import bucket_policy
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

CLIENTS = 16
BURST_CALLS = 1_500
ROUNDS = 10
BUCKET = "lossless-logs"
GROUP = "CloudTrail/Lossless"
TOLD = "/aws/events/lossless"
REGIONS = ("us-east-1", "eu-west-1")
METRIC = {"Namespace": "Lossless", "MetricName": "Records"}


@pytest.fixture
def cairn(tmp_path: Path) -> Iterator[Cairn]:
    """A Cairn of this test's own, with a trail."""
    running = Cairn(tmp_path / "data", {"CAIRN_SERVER_GATEWAYS": "2"})
    running.start()
    running.client("s3").create_bucket(Bucket=BUCKET)
    running.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET)))
    group = make_log_group(running, GROUP, "us-east-1")
    counted = {"metricNamespace": "Lossless", "metricName": "Records", "metricValue": "1"}
    running.client("logs").put_metric_filter(
        logGroupName=GROUP, filterName="all", filterPattern="{ $.eventID = * }", metricTransformations=[counted]
    )
    trail = running.client("cloudtrail")
    trail.create_trail(
        Name="everything",
        S3BucketName=BUCKET,
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=make_role(running, "log-events", group, "us-east-1"),
    )
    for region in REGIONS:
        tell_of_everything(running, region)
    trail.start_logging(Name="everything")
    yield running
    assert running.stop() == 0


def tell_of_everything(cairn: Cairn, region: str) -> None:
    """Have a rule tell a log group of every call in a region, of those that only read too."""
    group = make_log_group(cairn, TOLD, region)
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    policy = document(allow(actions, group, Principal={"Service": "events.amazonaws.com"}))
    cairn.client("logs", region=region).put_resource_policy(policyName="rules", policyDocument=policy)
    events = cairn.client("events", region=region)
    pattern = {"detail-type": ["AWS API Call via CloudTrail"]}
    state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    events.put_rule(Name="everything", EventPattern=json.dumps(pattern), State=state)
    events.put_targets(Rule="everything", Targets=[{"Id": "group", "Arn": group.removesuffix(":*")}])


class Client:
    """Makes calls of many kinds, one after the other, and remembers which were answered."""

    def __init__(self, cairn: Cairn, number: int) -> None:
        self.number = number
        self.answered: list[str] = []
        """Request ids."""
        self.unanswered = 0
        self._sent = 0
        self._kinds: list[Callable[[int], Any]] = []
        iam, sqs, sts = (cairn.client(service) for service in ("iam", "sqs", "sts"))
        ec2 = cairn.client("ec2", region="eu-west-1")
        self._kinds = [
            lambda sent: sts.get_caller_identity(),
            lambda sent: sqs.create_queue(QueueName=f"queue-{number}-{sent}"),
            lambda sent: iam.create_user(UserName=f"user-{number}-{sent}"),
            lambda sent: ec2.describe_regions(),
            lambda sent: iam.get_user(UserName=f"nobody-{number}-{sent}"),
            lambda sent: sqs.list_queues(QueueNamePrefix=f"queue-{number}-"),
        ]

    def call(self) -> None:
        self._sent += 1
        try:
            reply = self._kinds[self._sent % len(self._kinds)](self._sent)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                self.unanswered += 1
                return
            reply = error.response
        except BotoCoreError:
            self.unanswered += 1
            return
        self.answered.append(reply["ResponseMetadata"]["RequestId"])


def test_a_burst_of_1500_calls_is_1500_records(cairn: Cairn, tmp_path: Path) -> None:
    clients = [Client(cairn, number) for number in range(CLIENTS)]
    rounds = -(-BURST_CALLS // CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda client: [client.call() for _ in range(rounds)], clients))
    answered = [request for client in clients for request in client.answered]
    assert len(answered) == len(set(answered)) >= BURST_CALLS
    check(cairn, answered, tmp_path)
    assert max(Counter(event["detail"]["eventID"] for event in told(cairn)).values()) == 1


def test_answered_calls_survive_kill_9_of_each_process(cairn: Cairn, tmp_path: Path) -> None:
    clients = [Client(cairn, number) for number in range(4)]
    stop = threading.Event()
    threads = [threading.Thread(target=keep_calling, args=(client, stop)) for client in clients]
    for thread in threads:
        thread.start()
    victims = Victims(cairn)
    for _ in range(ROUNDS):
        time.sleep(1)
        victims.kill_next()
    time.sleep(3)
    stop.set()
    for thread in threads:
        thread.join()
    answered = [request for client in clients for request in client.answered]
    assert len(answered) > ROUNDS, "there was hardly any load"
    check(cairn, answered, tmp_path)


def keep_calling(client: Client, stop: threading.Event) -> None:
    while not stop.is_set():
        client.call()


class Victims:
    """The processes of a Cairn, killed in turn, in an order that a seed decides."""

    KINDS = ("nats-server", "weed", "moto", "worker", "gateway-0", "gateway-1")

    def __init__(self, cairn: Cairn) -> None:
        self._cairn = cairn
        self._random = random.Random(20261123)
        self._left: list[str] = []

    def kill_next(self) -> None:
        if not self._left:
            self._left = self._random.sample(self.KINDS, len(self.KINDS))
        kind = self._left.pop()
        for pid in self._cairn.children():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if kind in command:
                os.kill(pid, signal.SIGKILL)


def check(cairn: Cairn, answered: list[str], folder: Path) -> None:
    """Each answered call exactly once in the history, the files and the log group; nothing at all twice. Whatever is in
    the log group is counted once. The rules' log groups have each at least once."""
    cairn.cairn("flush")
    files = Counter(record.get("requestID") for record in delivered(cairn, folder))
    history = Counter(record.get("requestID") for record in looked_up(cairn))
    wait_until(lambda: set(answered) <= {record.get("requestID") for record in sent(cairn)})
    cairn.client("cloudtrail").stop_logging(Name="everything")
    group = Counter(record.get("requestID") for record in sent(cairn))
    for found in (files, history, group):
        assert [request for request in answered if found[request] != 1] == []
        assert [request for request, count in found.items() if count > 1] == []
    wait_until(lambda: counted(cairn) == len(sent(cairn)))
    wait_until(lambda: set(answered) <= {event["detail"].get("requestID") for event in told(cairn)})


def sent(cairn: Cairn) -> list[dict[str, Any]]:
    """Everything in the trail's log group."""
    return logged(cairn, GROUP, "us-east-1")


def told(cairn: Cairn) -> list[dict[str, Any]]:
    """Everything that rules told."""
    return [event for region in REGIONS for event in logged(cairn, TOLD, region)]


def logged(cairn: Cairn, group: str, region: str) -> list[dict[str, Any]]:
    pages = cairn.client("logs", region=region).get_paginator("filter_log_events").paginate(logGroupName=group)
    return [json.loads(event["message"]) for page in pages for event in page["events"]]


def counted(cairn: Cairn) -> float:
    """What the metric filter has counted."""
    now = time.time()
    points = cairn.client("cloudwatch").get_metric_statistics(
        **METRIC, StartTime=now - 3600, EndTime=now + 60, Period=3600, Statistics=["Sum"]
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def delivered(cairn: Cairn, folder: Path) -> list[dict[str, Any]]:
    s3 = cairn.client("s3")
    records = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", ()):
            content = s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
            records += json.loads(gzip.decompress(content))["Records"]
    return records


def looked_up(cairn: Cairn) -> list[dict[str, Any]]:
    """The whole history of both regions, once the history has caught up with the journal."""
    deadline = time.monotonic() + 30
    while any(row["behind"] for row in map(json.loads, cairn.cairn("status").splitlines()) if row["loop"] == "history"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    records = []
    for region in REGIONS:
        pages = cairn.client("cloudtrail", region=region).get_paginator("lookup_events").paginate()
        records += [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
    return records
