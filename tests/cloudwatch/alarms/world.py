"""Alarms over a real store of metrics, under a test clock, with topics that remember."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cairn.cloudwatch.alarms.actions import ActionFailed, ActionRunner
from cairn.cloudwatch.alarms.data import AlarmData
from cairn.cloudwatch.alarms.evaluator import AlarmEvaluator
from cairn.cloudwatch.alarms.operations import operations
from cairn.cloudwatch.alarms.tables import ALARMS
from cairn.cloudwatch.metrics.datum import Datum
from cairn.cloudwatch.metrics.store import MetricStore
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.core.state import State
from cairn.wire.operation import Context

ACCOUNT, REGION = "111122223333", "us-east-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:people"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fix-it"


@dataclass
class Sent:
    resource: str
    message: dict[str, Any]
    subject: str = ""
    email: str = ""
    alarm: str = ""
    once: str = ""


@dataclass
class Recipients:
    """Topics and functions. Once ids are honoured as SNS does."""

    sent: list[Sent] = field(default_factory=list)
    failing: dict[str, ActionFailed] = field(default_factory=dict)
    attempts: int = 0

    def publish(self, topic: str, message: str, *, subject: str, email: str, alarm: str, once: str) -> None:
        self._take(Sent(topic, json.loads(message), subject, email, alarm, once))

    def invoke(self, function: str, event: str, *, alarm: str, once: str) -> None:
        self._take(Sent(function, json.loads(event), alarm=alarm, once=once))

    def _take(self, sent: Sent) -> None:
        self.attempts += 1
        if sent.resource in self.failing:
            raise self.failing[sent.resource]
        if sent.once not in [each.once for each in self.sent]:
            self.sent.append(sent)


class World:
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.folder = folder
        self.alarms = State.in_folder(folder, ALARMS)
        self.metrics = MetricStore(State.in_folder(folder, METRICS), clock)
        self.recipients = Recipients()
        self.doors = operations(self.alarms, clock)
        self.restart()

    def restart(self) -> None:
        """New loops, which know only what is on disk."""
        self.evaluator = AlarmEvaluator(self.alarms, AlarmData(self.metrics), self.clock)
        self.runners = [
            ActionRunner(self.alarms, self.recipients, self.clock, functions=functions) for functions in (False, True)
        ]

    def close(self) -> None:
        self.alarms.close()
        self.metrics.state.close()

    def call(self, operation: str, account: str = ACCOUNT, region: str = REGION, **params: Any) -> Mapping[str, Any]:
        return self.doors[operation](Context(account, region), params)

    def refusal(self, operation: str, **params: Any) -> tuple[str, str]:
        try:
            self.call(operation, **params)
        except AwsError as error:
            return error.code, error.message
        raise AssertionError("not refused")

    def put_alarm(self, name: str = "a", **more: Any) -> None:
        """Sum >= 1 in one minute, told to a topic."""
        given: dict[str, Any] = {
            "MetricName": "Errors",
            "Namespace": "App",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "AlarmActions": [TOPIC],
            "OKActions": [TOPIC],
        }
        self.call("PutMetricAlarm", AlarmName=name, **{k: v for k, v in (given | more).items() if v is not None})

    def publish(self, value: float = 1.0, *, ago: float = 0.0, name: str = "Errors", **more: Any) -> None:
        datum = Datum(ACCOUNT, REGION, "App", name, (), self.clock.now() - ago, value=value, **more)
        with self.metrics.write() as connection:
            self.metrics.add(connection, [datum])

    def step(self) -> None:
        """What the worker's loops do at this moment."""
        self.evaluator.step()
        for runner in self.runners:
            runner.step()

    def run(self, seconds: float, step: float = 1.0) -> None:
        """The worker runs for so long."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.step()
            self.clock.advance(min(step, end - self.clock.now()))
        self.step()

    def to_minute(self) -> None:
        """Run until a minute has just begun."""
        self.run(60 - self.clock.now() % 60 + 0.5)

    def state(self, name: str = "a") -> str:
        value: str = self.described(name)["StateValue"]
        return value

    def described(self, name: str = "a") -> dict[str, Any]:
        answer = self.call("DescribeAlarms", AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        (alarm,) = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        return dict(alarm)

    def told(self) -> list[tuple[str, str]]:
        """What topics and functions were told: alarm and state."""
        found = []
        for sent in self.recipients.sent:
            message = sent.message
            data = message.get("alarmData")
            found.append(
                (data["alarmName"], data["state"]["value"])
                if data
                else (message["AlarmName"], message["NewStateValue"])
            )
        return found

    def history(self, type: str | None = None, name: str = "a", **more: Any) -> list[str]:
        params = {"AlarmName": name, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], **more}
        if type is not None:
            params["HistoryItemType"] = type
        items = self.call("DescribeAlarmHistory", ScanBy="TimestampAscending", **params)["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]
