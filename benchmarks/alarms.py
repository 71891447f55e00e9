"""How many alarms are evaluated a second, beside the bare read of their points, and what many turns at once cost.

python benchmarks/alarms.py [--alarms 1000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from benchmarks.figures import HEAD, Figure

from cairn.cloudwatch.alarms.data import AlarmData
from cairn.cloudwatch.alarms.evaluator import AlarmEvaluator
from cairn.cloudwatch.alarms.operations import operations
from cairn.cloudwatch.alarms.tables import ALARMS
from cairn.cloudwatch.metrics.datum import Datum
from cairn.cloudwatch.metrics.store import MetricStore
from cairn.cloudwatch.metrics.tables import METRICS, points
from cairn.core.clock import TestClock
from cairn.core.state import State
from cairn.wire.operation import Context

ACCOUNT, REGION = "111122223333", "us-east-1"
START = 1_700_000_040.5
"""Half a second into a minute."""


class Alarms:
    """So many alarms of three points each, on metrics of their own that have five."""

    def __init__(self, folder: Path, count: int) -> None:
        self.count = count
        self.clock = TestClock(START - 240)
        self.state = State.in_folder(folder, ALARMS)
        self.store = MetricStore(State.in_folder(folder, METRICS), self.clock)
        self.state.migrate()
        self.store.state.migrate()
        put = operations(self.state, self.clock)["PutMetricAlarm"]
        for number in range(count):
            params = {
                "AlarmName": f"alarm-{number}",
                "MetricName": f"m{number}",
                "Namespace": "Bench",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 3,
                "Threshold": 100.0,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "AlarmActions": [f"arn:aws:sns:{REGION}:{ACCOUNT}:t"],
            }
            put(Context(ACCOUNT, REGION), params)
        for _ in range(5):
            self.publish(1.0)
            self.clock.advance(60)
        self.evaluator = AlarmEvaluator(self.state, AlarmData(self.store), self.clock)
        self.evaluator.step()

    def publish(self, value: float) -> None:
        now = self.clock.now()
        data = [Datum(ACCOUNT, REGION, "Bench", f"m{n}", (), now, value=value) for n in range(self.count)]
        with self.store.write() as connection:
            self.store.add(connection, data)

    def timed(self, *, steps: int = 1) -> float:
        """Seconds that steps of the evaluator take, each."""
        start = time.perf_counter()
        for _ in range(steps):
            self.evaluator.step()
        return (time.perf_counter() - start) / steps

    def floor(self) -> float:
        """Seconds that it takes to read the points of each metric, each in a transaction of its own."""
        wanted = sa.select(points.c.start, points.c.sum).where(points.c.start >= START - 300)
        start = time.perf_counter()
        for number in range(1, self.count + 1):
            with self.store.state.read() as connection:
                connection.execute(wanted.where(points.c.series == number)).all()
        return time.perf_counter() - start


def figures(count: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        alarms = Alarms(Path(folder), count)
        floor = alarms.floor()
        alarms.clock.advance(60)
        whole = alarms.timed()
        idle = alarms.timed(steps=200)
        alarms.clock.advance(5)
        alarms.publish(1.0)
        changed = alarms.timed()
        alarms.clock.advance(5)
        for _ in range(3):
            alarms.publish(500.0)
            alarms.clock.advance(60)
        turned = alarms.timed()
        with alarms.state.read() as connection:
            owed = connection.exec_driver_sql("SELECT count(*) FROM alarm_actions").scalar_one()
        assert owed == count, owed
        alarms.state.close()
        alarms.store.state.close()
    return [
        Figure(
            "alarms, evaluated at the end of a minute",
            count / whole,
            "alarms/s",
            "read its points",
            count / floor,
            "0.3",
        ),
        Figure(f"alarms, {count:,} at the end of a minute", whole * 1000, "ms", goal="6,000 ms"),
        Figure(f"alarms, {count:,} whose metrics all changed", changed * 1000, "ms"),
        Figure(f"alarms, {count:,} that turn at once, durable", turned * 1000, "ms"),
        Figure("alarms, a look when nothing is due", idle * 1000, "ms", goal="2.5 ms"),
    ]


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--alarms", type=int, default=1_000)
    print(HEAD)
    for figure in figures(arguments.parse_args().alarms):
        print(figure)
