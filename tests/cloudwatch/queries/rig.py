"""Queries over a store of log events, under a test clock."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cairn.cloudwatch.logs import LOGS, GroupId, LogEvent, LogStore
from cairn.cloudwatch.logs.operations import VALIDATION
from cairn.cloudwatch.logs.records import pointer
from cairn.cloudwatch.queries.operations import operations
from cairn.cloudwatch.queries.queries import ACTIVE, Queries
from cairn.cloudwatch.queries.runner import Runner
from cairn.core.clock import SystemClock, TestClock
from cairn.core.state import State
from cairn.wire.operation import Context
from cairn.wire.validate import validate

ACCOUNT, REGION = "111122223333", "us-east-1"
HERE = Context(account=ACCOUNT, region=REGION)
GROUP = GroupId(ACCOUNT, REGION, "app")
_WAIT_S = 30.0


class Rig:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.state = State.in_folder(folder, LOGS)
        self.state.migrate()
        self.store = LogStore(self.state, clock)
        self.queries = Queries(self.state, clock)
        self.runner = Runner(self.queries, self.store, pointer, clock)
        self._operations = operations(self.queries, self.runner, self.store)

    def make(self, *streams: str, group: GroupId = GROUP) -> None:
        self.store.groups.create(group)
        for stream in streams:
            self.store.streams.create(group, stream)

    def put(self, stream: str, *messages: str, group: GroupId = GROUP, at: float = 0.0) -> None:
        """Messages, a millisecond apart, `at` seconds from now."""
        first = int((self.clock.now() + at) * 1000)
        self.store.put(group, stream, [LogEvent(first + number, message) for number, message in enumerate(messages)])

    def call(self, operation: str, context: Context = HERE, **params: Any) -> Mapping[str, Any]:
        validate("logs", operation, params, VALIDATION)
        return self._operations[operation](context, params)

    def start(self, text: str, **params: Any) -> str:
        now = int(self.clock.now())
        params = {"logGroupName": GROUP.name, "startTime": now - 3600, "endTime": now + 3600} | params
        query: str = self.call("StartQuery", queryString=text, **params)["queryId"]
        return query

    def results(self, query: str, **params: Any) -> Mapping[str, Any]:
        """The answer once the query has ended."""
        real = SystemClock()
        until = real.monotonic() + _WAIT_S
        while True:
            answer = self.call("GetQueryResults", queryId=query, **params)
            if answer["status"] not in ACTIVE:
                return answer
            assert not real.wait(threading.Event(), 0.005)
            assert real.monotonic() < until, "the query does not end"

    def rows(self, text: str, **params: Any) -> list[dict[str, str]]:
        answer = self.results(self.start(text, **params))
        assert answer["status"] == "Complete"
        return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]

    def close(self) -> None:
        self.runner.close()
        self.state.close()
