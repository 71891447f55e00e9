"""A store of log events with its operations, its compaction and its cleaning, under a test clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cairn.cloudwatch.logs import (
    LOGS,
    VALIDATION,
    Cleaner,
    Compactor,
    GroupId,
    Keys,
    LogEvent,
    LogStore,
    StoredEvent,
    operations,
)
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.state import State
from cairn.wire.operation import Context
from cairn.wire.validate import validate

ACCOUNT, REGION = "111122223333", "us-east-1"
HERE = Context(account=ACCOUNT, region=REGION)
GROUP = GroupId(ACCOUNT, REGION, "app")


def contains(pattern: str) -> Callable[[str], bool]:
    """A `CompilePattern` of one word."""
    if pattern == "{":
        raise AwsError("InvalidParameterException", "Invalid filter pattern")
    return lambda message: pattern in message


class Rig:
    def __init__(self, folder: Path, clock: TestClock, *, keys: Keys | None = None) -> None:
        self.clock = clock
        self.state = State.in_folder(folder, LOGS)
        self.state.migrate()
        self.store = LogStore(self.state, clock)
        self.passed = 1 << 62
        self.compactor = Compactor(self.store, [lambda: min(self.passed, self.store.end())])
        self.cleaner = Cleaner(self.store, lambda: self.passed)
        counts = {GROUP: 3}
        self._operations = operations(
            self.store, compile_pattern=contains, keys=keys, filter_counts=lambda groups: counts
        )

    def make(self, *streams: str, group: GroupId = GROUP) -> None:
        """A group and streams of it."""
        self.store.groups.create(group)
        for stream in streams:
            self.store.streams.create(group, stream)

    @property
    def now_ms(self) -> int:
        return int(self.clock.now() * 1000)

    def put(self, stream: str, *messages: str, at: int | None = None, group: GroupId = GROUP) -> int:
        """Put messages, a millisecond apart; the number of the put."""
        at = self.now_ms if at is None else at
        events = [LogEvent(at + number, message) for number, message in enumerate(messages)]
        return self.store.put(group, stream, events).seq

    def read(self, group: GroupId = GROUP, **span: Any) -> list[StoredEvent]:
        return list(self.store.read(group, **span))

    def messages(self, group: GroupId = GROUP, **span: Any) -> list[str]:
        return [event.message for event in self.read(group, **span)]

    def call(self, operation: str, context: Context = HERE, **params: Any) -> Mapping[str, Any]:
        """As the wire calls it."""
        validate("logs", operation, params, VALIDATION)
        return self._operations[operation](context, params)

    def refused(self, operation: str, context: Context = HERE, **params: Any) -> AwsError:
        """The error that a call is answered with."""
        with pytest.raises(AwsError) as refusal:
            self.call(operation, context, **params)
        return refusal.value

    def put_events(self, *events: tuple[int, str], stream: str = "s") -> Mapping[str, Any]:
        return self.call("PutLogEvents", logGroupName=GROUP.name, logStreamName=stream, logEvents=log_events(events))

    def close(self) -> None:
        self.state.close()


def log_events(events: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    return [{"timestamp": timestamp, "message": message} for timestamp, message in events]
