"""Subscription filters over a store of log events, with destinations that do as a test says, under a test clock."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cairn.cloudwatch.logs import LOGS, VALIDATION, GroupId, LogEvent, LogStore
from cairn.cloudwatch.logs.joints import Matches
from cairn.cloudwatch.subscriptions import (
    Deliveries,
    Destination,
    DestinationError,
    Filters,
    SubscriptionSink,
    operations,
)
from cairn.core.clock import SystemClock, TestClock
from cairn.core.errors import AwsError
from cairn.core.state import State
from cairn.wire.operation import Context
from cairn.wire.validate import validate

ACCOUNT, REGION = "111122223333", "us-east-1"
HERE = Context(account=ACCOUNT, region=REGION)
GROUP = GroupId(ACCOUNT, REGION, "app")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/to-stream"
_WAIT_S = 30.0


def stream_arn(name: str) -> str:
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"


FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"


def contains(pattern: str) -> Matches:
    """A `CompilePattern` of one word."""
    if pattern == "{":
        raise AwsError("InvalidParameterException", "Invalid filter pattern")
    return lambda message: pattern in message


class FakeDestinations:
    """Takes what comes, unless it was told that a destination is dead or hangs."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any], str]] = []
        self.dead: set[str] = set()
        self.broken: set[str] = set()
        self.bytes_max: dict[str, int] = {}
        """Of the messages in a payload."""
        self.hang: dict[str, threading.Event] = {}

    def deliver(self, destination: Destination, payload: bytes, *, group_arn: str, partition_key: str) -> None:
        if destination.name in self.hang:
            assert self.hang[destination.name].wait(_WAIT_S)
        if destination.name in self.broken:
            raise RuntimeError("a fault of ours")
        if destination.name in self.dead:
            raise DestinationError("ResourceNotFoundException", "it is not there")
        assert group_arn == GROUP.arn
        found = json.loads(gzip.decompress(payload))
        if sum(len(event["message"]) for event in found["logEvents"]) > self.bytes_max.get(destination.name, 1 << 30):
            raise DestinationError("InvalidParameterValue", "it is too large", too_large=True)
        self.taken.append((destination.name, json.loads(gzip.decompress(payload)), partition_key))

    def check(self, destination: Destination, *, group_arn: str) -> None:
        if destination.name in self.dead:
            raise DestinationError("AccessDenied", "no")

    def data(self, name: str) -> list[dict[str, Any]]:
        return [found for at, found, _ in self.taken if at == name and found["messageType"] == "DATA_MESSAGE"]

    def messages(self, name: str) -> list[str]:
        """The log events' messages that a destination got."""
        return [event["message"] for found in self.data(name) for event in found["logEvents"]]


class Rig:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.state = State.in_folder(folder, LOGS)
        self.state.migrate()
        self.store = LogStore(self.state, clock)
        self.others = 0
        self.filters = Filters(self.store, lambda _connection, _group: self.others)
        self.destinations = FakeDestinations()
        self.sink = SubscriptionSink(self.store, contains)
        self.deliveries = Deliveries(self.store, self.destinations, clock)
        self._operations = operations(
            self.store, self.filters, self.destinations, contains, lambda text: text.count("%") // 2
        )
        self.store.groups.create(GROUP)
        for stream in ("s", "t"):
            self.store.streams.create(GROUP, stream)

    def call(self, operation: str, context: Context = HERE, **params: Any) -> Mapping[str, Any]:
        validate("logs", operation, params, VALIDATION)
        return self._operations[operation](context, params)

    def subscribe(self, name: str, pattern: str = "", **params: Any) -> None:
        given: dict[str, Any] = {"destinationArn": stream_arn(name), "roleArn": ROLE} | params
        self.call("PutSubscriptionFilter", logGroupName="app", filterName=name, filterPattern=pattern, **given)

    def put(self, *messages: str, stream: str = "s", group: GroupId = GROUP) -> None:
        now_ms = int(self.clock.now() * 1000)
        self.store.put(group, stream, [LogEvent(now_ms + at, message) for at, message in enumerate(messages)])

    def read(self) -> None:
        """Let the sink read all there is."""
        while self.sink.step() == 0.0:
            pass

    def deliver(self) -> None:
        """Let the deliveries come to rest: what can be delivered is, what cannot has been tried."""
        real = SystemClock()
        until = real.monotonic() + _WAIT_S
        while self.deliveries.step() == 0.0:
            assert real.monotonic() < until, "deliveries do not come to rest"

    def run(self) -> None:
        self.read()
        self.deliver()

    def close(self) -> None:
        for hanging in self.destinations.hang.values():
            hanging.set()
        self.deliveries.close()
        self.state.close()
