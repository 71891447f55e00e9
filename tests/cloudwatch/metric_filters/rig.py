"""Log groups, metric filters and metrics on two databases, as a gateway and the worker have them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cairn.cloudwatch.logs import LOGS, GroupId, LogEvent, LogStore
from cairn.cloudwatch.metric_filters import MetricFilters, MetricFilterSink, operations
from cairn.cloudwatch.metrics import Metric, MetricStore
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.wire.operation import Context

ACCOUNT, REGION = "111122223333", "us-east-1"
CONTEXT = Context(account=ACCOUNT, region=REGION)
NOW = 1_700_000_000  # where test clocks begin: 20 s after a minute
MINUTE = 1_699_999_980
STREAM = "stream"


class Templates:
    """Databases without rows: copying them is quicker than the migrations."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    @classmethod
    def make(cls, folder: Path) -> Templates:
        for schema in (LOGS, METRICS):
            state = State.in_folder(folder, schema)
            state.migrate()
            state.close()
        return cls({name: (folder / name).read_bytes() for name in ("logs.db", "metrics.db")})

    def copy_to(self, folder: Path) -> None:
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


class Rig:
    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock = clock
        self._states = [State.in_folder(folder, LOGS), State.in_folder(folder, METRICS)]
        self.logs = LogStore(self._states[0], clock)
        self.metrics = MetricStore(self._states[1], clock)
        self.filters = MetricFilters(self.logs)
        self.operations = operations(self.filters)
        self.sink = self.new_sink()

    def new_sink(self) -> MetricFilterSink:
        """One that has just started."""
        return MetricFilterSink(self.logs, self.filters, self.metrics, self.clock)

    def close(self) -> None:
        for state in self._states:
            state.close()

    def make_group(self, name: str, **options: Any) -> GroupId:
        group = GroupId(ACCOUNT, REGION, name)
        self.logs.groups.create(group, **options)
        self.logs.streams.create(group, STREAM)
        return group

    def call(self, operation: str, **params: Any) -> Any:
        return self.operations[operation](CONTEXT, params)

    def put_filter(
        self, pattern: str = "", *, name: str = "filter", group: str = "audit", value: str = "1", **more: Any
    ) -> None:
        """The metric has the filter's name unless another is given."""
        transformation = {"metricName": name, "metricNamespace": "Security", "metricValue": value} | more
        self.call(
            "PutMetricFilter",
            logGroupName=group,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[transformation],
        )

    def put(self, *messages: str, at: float | None = None, group: str = "audit") -> int:
        """Log events of one moment; the put's number."""
        ms = int((self.clock.now() if at is None else at) * 1000)
        events = [LogEvent(ms, message) for message in messages]
        return self.logs.put(GroupId(ACCOUNT, REGION, group), STREAM, events).seq

    def run(self, sink: MetricFilterSink | None = None) -> None:
        """Steps until there is nothing to do."""
        while (sink or self.sink).step() == 0.0:
            pass

    def points(self, name: str = "filter", *dimensions: tuple[str, str]) -> dict[int, tuple[float, float]]:
        """Count and sum of each point of a metric, by when it begins."""
        metric = Metric(ACCOUNT, REGION, "Security", name, dimensions)
        with self.metrics.state.read() as connection:
            rows = self.metrics.rows(connection, metric, 0, 1e12)
            return {key.start: (summary.count, summary.sum) for key, summary in rows}

    def published(self) -> Sequence[Metric]:
        with self.metrics.state.read() as connection:
            return [metric for _, metric in self.metrics.metrics(connection, ACCOUNT, REGION, limit=10_000)]
