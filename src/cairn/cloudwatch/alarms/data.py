"""What alarms need of metrics: their statistic or expression in some periods, and which metrics have changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from cairn.cloudwatch.alarms.alarm import AlarmId, MetricSettings
from cairn.cloudwatch.alarms.windows import MINUTE_S
from cairn.cloudwatch.metrics.data import get_metric_data
from cairn.cloudwatch.metrics.datum import Dimensions, Metric
from cairn.cloudwatch.metrics.periods import over_units, read_periods
from cairn.cloudwatch.metrics.queries import MetricQuery, parse_queries
from cairn.cloudwatch.metrics.statistic import Statistic, parse_statistic
from cairn.cloudwatch.metrics.store import ROWS_A_QUERY, MetricStore
from cairn.cloudwatch.metrics.tables import points, series
from cairn.core.errors import AwsError


class DataError(Exception):
    """An alarm's data cannot be computed, and will not be until somebody changes something."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a period."""

    value: float
    samples: float | None = None
    """How many values it was made of; None where it was computed."""
    least: float = float("-inf")
    """The least of them."""
    band: tuple[float, float] | None = None
    """What is expected, where that is the threshold."""


class Reader(Protocol):
    """Reads what one alarm is on."""

    keys: tuple[str, ...]
    """Of its metrics."""
    computed: bool
    """Whether it is an expression."""

    def read(self, end: float, count: int) -> list[Value | None]:
        """So many periods that end with `end`, the oldest first.

        Raises:
            DataError: it cannot be computed.
        """


class AlarmData:
    """Reads the metrics of all accounts for alarms."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store

    def revision(self) -> int:
        """A number that is another one once anybody has published anything since it was last asked for."""
        return self._store.state.revision()

    def reader(self, alarm: AlarmId, settings: MetricSettings) -> Reader:
        if settings.metric_name is None:
            return _ExpressionReader(self._store, alarm, settings)
        return _MetricReader(self._store, alarm, settings)

    def amounts(self, keys: Iterable[str], since: float) -> dict[str, dict[int, float]]:
        """How many values metrics have, by their keys and the minutes from `since` on that have any."""
        ordered, found = sorted(keys), dict[str, dict[int, float]]()
        minute = points.c.start - points.c.start % sa.literal_column(str(MINUTE_S))
        wanted = sa.select(series.c.key, minute.label("minute"), sa.func.sum(points.c["count"]).label("amount"))
        wanted = wanted.join(points, points.c.series == series.c.id).group_by(series.c.key, minute)
        with self._store.state.read() as connection:
            for first in range(0, len(ordered), ROWS_A_QUERY):
                part = series.c.key.in_(ordered[first : first + ROWS_A_QUERY])
                for row in connection.execute(wanted.where(part, points.c.start >= since)):
                    found.setdefault(row.key, {})[row.minute] = row.amount
        return found


class _MetricReader:
    computed = False

    def __init__(self, store: MetricStore, alarm: AlarmId, settings: MetricSettings) -> None:
        assert settings.namespace is not None
        assert settings.metric_name is not None
        dimensions: Dimensions = tuple(sorted((each["Name"], each["Value"]) for each in settings.dimensions))
        self._metric = Metric(alarm.account, alarm.region, settings.namespace, settings.metric_name, dimensions)
        self._statistic = _statistic(settings.stat)
        self._period = settings.period_s
        self._unit = settings.unit or ""
        self._store = store
        self.keys: tuple[str, ...] = (self._metric.key,)

    def read(self, end: float, count: int) -> list[Value | None]:
        start = int(end) - count * self._period
        with self._store.state.read() as connection:
            found = over_units(
                read_periods(
                    self._store,
                    connection,
                    self._metric,
                    start,
                    end,
                    self._period,
                    unit=self._unit,
                    spread=self._statistic.spread,
                )
            )
        values: list[Value | None] = []
        for begin in range(start, int(end), self._period):
            summary = found.get(begin)
            value = self._statistic.of(summary) if summary is not None else None
            if summary is None or value is None:
                values.append(None)
            else:
                values.append(Value(value, summary.count, summary.min))
        return values


class _ExpressionReader:
    computed = True

    def __init__(self, store: MetricStore, alarm: AlarmId, settings: MetricSettings) -> None:
        self._store = store
        self._alarm = alarm
        self._band = settings.threshold_metric_id
        self._period = settings.period_s
        self._queries: list[MetricQuery] = parse_queries(settings.metrics, alarm.account, alarm.region, "Metrics")
        self.keys = tuple(query.stat.metric.key for query in self._queries if query.stat is not None)

    def read(self, end: float, count: int) -> list[Value | None]:
        start = int(end) - count * self._period
        try:
            found = get_metric_data(self._store, self._alarm.account, self._alarm.region, self._queries, start, end)
        except AwsError as error:
            raise DataError(error.message) from error
        judged = [each for each in found if each.id != self._band]
        bounds = [each.points for each in found if each.id == self._band]
        if len(judged) != 1 or (self._band is not None and len(bounds) != 2):
            raise DataError(f"it is on {len(judged)} series")
        return [_value(judged[0].points, bounds, begin) for begin in range(start, int(end), self._period)]


def _value(values: Mapping[int, float], bounds: list[dict[int, float]], begin: int) -> Value | None:
    """A period without a band, where the alarm has one, has nothing to judge."""
    value = values.get(begin)
    if value is None:
        return None
    if not bounds:
        return Value(value)
    both = [each[begin] for each in bounds if begin in each]
    return Value(value, band=(min(both), max(both))) if len(both) == len(bounds) else None


def _statistic(name: str) -> Statistic:
    found = parse_statistic(name)
    assert found is not None  # PutMetricAlarm has checked it
    return found
