"""From a call's reply to what a rule tells of it: trail, event bus, rule, queue or log group, at a steady rate.

    python -m benchmarks.events [--rate 200] [--seconds 5] [--to queue|group]

The calls are of CreateUser for a name that is taken: as durable as others, and the account does not grow. The queue is
emptied all the while; it is the embedded account's, which saves the whole of it with each change. A log group is
Cairn's own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import HEAD, Figure
from benchmarks.gateway import targets
from benchmarks.load import Target, steadily
from tests.contract.recipients import allow, document, make_bucket
from tests.contract.test_tutorial import ACCOUNT
from tests.running import Cairn

REGION = "us-east-1"
PATTERN = {"source": ["aws.iam"], "detail": {"eventName": ["CreateUser"]}}
CONNECTIONS = 16
TAKEN = 409
GROUP = "/aws/events/told"
LATE_S = 60.0
EMPTIED_S = 0.1
"""Between looks at the queue: each is work for the embedded account too, which saves the queue."""


def watch(cairn: Cairn, target: str, template: str) -> None:
    """Have a trail log, and a rule tell a target of it."""
    trail, events = cairn.client("cloudtrail", region=REGION), cairn.client("events", region=REGION)
    trail.create_trail(Name="watched", S3BucketName=make_bucket(cairn, "watched"))
    trail.start_logging(Name="watched")
    events.put_rule(Name="calls", EventPattern=json.dumps(PATTERN))
    paths = {"path": "$.detail.requestParameters.path", "time": "$.time"}
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    events.put_targets(Rule="calls", Targets=[{"Id": "target", "Arn": target, "InputTransformer": transformer}])


class Logged:
    """A log group that a rule tells of calls."""

    def __init__(self, cairn: Cairn) -> None:
        self._logs = cairn.client("logs", region=REGION)
        self._logs.create_log_group(logGroupName=GROUP)
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"
        actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
        policy = document(allow(actions, f"{arn}:*", Principal={"Service": "events.amazonaws.com"}))
        self._logs.put_resource_policy(policyName="events", policyDocument=policy)
        watch(cairn, arn, '{"timestamp": <time>, "message": "<path>"}')
        self.came: dict[int, float] = {}

    def until(self, done: threading.Event, count: int) -> None:
        done.wait()
        deadline = time.monotonic() + LATE_S
        while len(self.came) < count and time.monotonic() < deadline:
            time.sleep(1.0)
            for page in self._logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP):
                for each in page["events"]:
                    self.came[int(each["message"][2:-1])] = each["ingestionTime"] / 1000


class Told:
    """A queue that a rule tells of calls, and when each numbered call's message came into it."""

    def __init__(self, cairn: Cairn) -> None:
        self._sqs = cairn.client("sqs", region=REGION)
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:told"
        policy = document(allow("sqs:SendMessage", arn, Principal={"Service": "events.amazonaws.com"}))
        self._url = self._sqs.create_queue(QueueName="told", Attributes={"Policy": policy})["QueueUrl"]
        watch(cairn, arn, '{"path": <path>}')
        self.came: dict[int, float] = {}

    def until(self, done: threading.Event, count: int) -> None:
        deadline = float("inf")
        asked = {"MaxNumberOfMessages": 10, "AttributeNames": ["SentTimestamp"]}
        while len(self.came) < count and time.monotonic() < deadline:
            if done.is_set() and deadline == float("inf"):
                deadline = time.monotonic() + LATE_S
            messages = self._sqs.receive_message(QueueUrl=self._url, **asked).get("Messages", [])
            entries = [{"Id": str(each), "ReceiptHandle": m["ReceiptHandle"]} for each, m in enumerate(messages)]
            if len(entries) < 10:
                time.sleep(EMPTIED_S)
            if entries:
                self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
            for message in messages:
                path = json.loads(message["Body"])["path"] or "/n-1/"
                self.came.setdefault(int(path[2:-1]), int(message["Attributes"]["SentTimestamp"]) / 1000)


async def call(target: Target, rate: float, count: int) -> dict[int, float]:
    """Make so many calls at that rate; when each was answered."""
    headers = [("content-type", "application/x-www-form-urlencoded")]
    what = "Action=CreateUser&Version=2010-05-08&UserName=taken&Path=%2Fn{}%2F"
    requests = [target.request("POST", "/", what.format(number).encode(), headers) for number in range(count)]
    return await steadily(target, requests, rate, connections=CONNECTIONS, status=TAKEN, now=time.time)


def figures(folder: Path, options: Any) -> Iterator[Figure]:
    cairn = Cairn(folder / f"events-{options.to}")
    cairn.start()
    try:
        told: Told | Logged = Told(cairn) if options.to == "queue" else Logged(cairn)
        cairn.client("iam").create_user(UserName="taken", Path="/n-1/")
        count, done = int(options.rate * options.seconds), threading.Event()
        thread = threading.Thread(target=told.until, args=(done, count + 1))
        thread.start()
        began = time.perf_counter()
        answered = asyncio.run(call(targets(cairn, "iam")["through"], options.rate, count))
        took = time.perf_counter() - began
        done.set()
        thread.join()
        missing = answered.keys() - told.came.keys()
        assert not missing, f"nobody was told of {len(missing)} calls"
        late = sorted(max(0.0, told.came[number] - at) * 1000 for number, at in answered.items())
        name = f"CreateUser to {options.to} at {count / took:.0f} calls/s"
        yield Figure(f"{name}, p50", late[len(late) // 2], "ms")
        yield Figure(f"{name}, p99", late[int(len(late) * 0.99)], "ms", goal="1,000 ms")
    finally:
        cairn.stop()


def options_of(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--to", choices=("queue", "group"), default="queue")
    return parser.parse_args(arguments)


def main() -> None:
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        for figure in figures(Path(name), options_of()):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
