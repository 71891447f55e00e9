"""Metric data: statistics of metrics and expressions over them, for GetMetricData and for alarms."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from cairn.cloudwatch.metrics import math, refusals
from cairn.cloudwatch.metrics.anomalies.training import expectation
from cairn.cloudwatch.metrics.labels import Labelled, distinct_labels, label_of
from cairn.cloudwatch.metrics.math.functions import Value
from cairn.cloudwatch.metrics.math.search import FOUND_MAX, parse_search
from cairn.cloudwatch.metrics.periods import over_units, read_periods, round_start
from cairn.cloudwatch.metrics.queries import PERIOD_S, MetricQuery, MetricStat
from cairn.cloudwatch.metrics.statistic import parse_statistic
from cairn.cloudwatch.metrics.store import DAY_S, MetricStore
from cairn.cloudwatch.metrics.tables import series as series_table

POINTS_MAX = 500_000
"""Data points that the expressions of one request may keep: about 60 MB."""
WORK_MAX = 5_000_000
"""Data points that they may make on their way: some seconds."""
SEARCHED_MAX = 10_000
"""Metrics that a search looks at."""
LISTED_S = 14 * DAY_S
"""A metric that nobody published for so long is neither listed nor found by a search."""


@dataclass(frozen=True)
class Series:
    """A series of an answer. An expression whose result is an array has several of its id."""

    id: str
    label: str
    points: dict[int, float]
    """Values by the time at which their period begins, in seconds since the epoch, in order."""
    period: int
    """Seconds."""
    forbidden: bool = False
    """Whether its account's metrics are not the caller's to see."""


def get_metric_data(
    store: MetricStore,
    account: str,
    region: str,
    queries: Sequence[MetricQuery],
    start: float,
    end: float,
    *,
    timezone_s: int = 0,
) -> list[Series]:
    """What `queries.parse_queries` made of queries, over [start, end) in seconds since the epoch.

    `start` is rounded down as `periods.round_start` says. Only queries that are returned, and what they need, are read.

    Args:
        timezone_s: of times in labels, in seconds ahead of UTC.

    Raises:
        AwsError: the expressions need more than `POINTS_MAX` data points, or make more than `WORK_MAX`.
    """
    return [
        each
        for several in read_series(store, account, region, queries, start, end, timezone_s=timezone_s)
        for each in several
    ]


def read_series(
    store: MetricStore,
    account: str,
    region: str,
    queries: Sequence[MetricQuery],
    start: float,
    end: float,
    *,
    timezone_s: int = 0,
) -> Generator[list[Series], None, None]:
    """As `get_metric_data`, one query after the other, so that whoever takes no more reads no more."""
    with store.state.read() as connection:
        reading = _Reading(store, connection, (account, region), queries, start, end, timezone_s)
        for query in sorted(queries, key=lambda query: query.place):
            if query.returned:
                yield reading.answer(query)


def _search_periods(query: MetricQuery) -> list[int]:
    """The periods in s of what the searches of an expression find."""
    found = []
    for call in math.calls(query.node, "SEARCH") if query.node is not None else ():
        period = call.arguments[2] if len(call.arguments) > 2 else None
        found.append(int(period.value) if isinstance(period, math.Number) and period.value else PERIOD_S)
    return found


class _Reading:
    """One request: what it has read and computed so far. It is the `math.Source` of its expressions."""

    def __init__(
        self,
        store: MetricStore,
        connection: sa.Connection,
        place: tuple[str, str],
        queries: Sequence[MetricQuery],
        start: float,
        end: float,
        timezone_s: int,
    ) -> None:
        self._store = store
        self._connection = connection
        self._account, self._region = place
        self._queries = {query.id: query for query in queries}
        self._start, self._end = start, end
        self._now = store.clock.now()
        self._timezone_s = timezone_s
        self._values: dict[str, math.TimeSeries | list[math.TimeSeries]] = {}
        self._needed = self._made = 0
        metrics = [query.id for query in queries if query.stat is not None]
        self._needs: dict[str, list[str]] = {}
        """What each query needs, directly or not, each behind what it needs itself."""
        self._periods: dict[str, int] = {}
        for query in queries:
            needs = query.needs + (metrics if query.node is not None and math.calls(query.node, "METRICS") else [])
            self._needs[query.id] = list(dict.fromkeys(each for need in needs for each in [*self._needs[need], need]))
            longest = max([*(self._periods[need] for need in needs), *_search_periods(query)], default=0)
            self._periods[query.id] = longest or query.period or PERIOD_S
        self._keep = {need for needs in self._needs.values() for need in needs}

    def answer(self, query: MetricQuery) -> list[Series]:
        for need in self._needs[query.id]:  # in order, since a chain of expressions may be too long for recursion
            self._value(self._queries[need])
        if query.account and query.account != self._account:
            return [Series(query.id, query.label or query.id, {}, query.period, forbidden=True)]
        value = self._value(query)
        if isinstance(value, list):
            return [self._series(query, each, several=True) for each in value]
        return [self._series(query, value, several=False)]

    def metrics(self, text: str) -> list[math.TimeSeries]:
        found = []
        for query in self._queries.values():
            if query.stat is not None and text in query.id:
                series = self._value(query)
                assert isinstance(series, math.TimeSeries)
                found.append(series)
        return found

    def search(self, search: str, statistic: str, period: int) -> list[math.TimeSeries]:
        asked, stat = parse_search(search), parse_statistic(statistic)
        assert stat is not None
        recent = series_table.c.active > self._now - LISTED_S
        conditions = [recent, series_table.c.namespace == asked.namespace] if asked.namespace else [recent]
        known = self._store.metrics(self._connection, self._account, self._region, *conditions, limit=SEARCHED_MAX)
        found = [metric for _, metric in known if asked.matches(metric)][:FOUND_MAX]
        return [
            self._read(MetricStat(metric, stat, period or PERIOD_S), label)
            for metric, label in zip(found, distinct_labels(found), strict=True)
        ]

    def spend(self, points: int) -> None:
        self._made += points
        if self._made > WORK_MAX:
            raise refusals.too_much_to_compute(WORK_MAX)

    def band(self, id: str, deviations: float, times: range) -> list[math.TimeSeries]:
        stat = self._queries[id].stat
        assert stat is not None
        expected = expectation(
            self._store, self._connection, stat.metric, stat.statistic, stat.period, min(self._end, self._now)
        )
        bounds = expected.band(times, deviations)
        label = f"{self._queries[id].label or stat.metric.name} (expected)"
        return [math.TimeSeries(points, stat.period, label, stat.metric) for points in bounds]

    def _value(self, query: MetricQuery) -> math.TimeSeries | list[math.TimeSeries]:
        known = self._values.get(query.id)
        if known is not None:
            return known
        if query.account and query.account != self._account:
            value: Value = math.TimeSeries({}, query.period)
        elif query.stat is not None:
            value = self._read(query.stat, query.label or query.stat.metric.name)
        else:
            value = self._evaluated(query)
        assert not isinstance(value, float)
        if query.id in self._keep:
            self._values[query.id] = value
            for each in value if isinstance(value, list) else [value]:
                self._count(len(each.points))
        return value

    def _evaluated(self, query: MetricQuery) -> Value:
        assert query.node is not None
        grid = self._grid(query)
        ids = {}
        for need in query.needs:
            value = self._value(self._queries[need])
            ids[need] = [_on(each, grid) for each in value] if isinstance(value, list) else _on(value, grid)
        return math.evaluate(query.node, ids, self, grid)

    def _grid(self, query: MetricQuery) -> math.Grid:
        """The times of an expression: those of the longest period among what it needs."""
        period = self._periods[query.id]
        return math.Grid(round_start(self._start, period, self._now), self._end, period)

    def _read(self, stat: MetricStat, label: str) -> math.TimeSeries:
        start = round_start(self._start, stat.period, self._now)
        found = read_periods(
            self._store,
            self._connection,
            stat.metric,
            start,
            self._end,
            stat.period,
            unit=stat.unit,
            spread=stat.statistic.spread,
        )
        values = ((time, stat.statistic.of(summary)) for time, summary in over_units(found).items())
        points = {time: value for time, value in values if value is not None}
        return math.TimeSeries(points, stat.period, label, stat.metric)

    def _count(self, points: int) -> None:
        self._needed += points
        if self._needed > POINTS_MAX:
            raise refusals.too_much_to_compute(POINTS_MAX)

    def _series(self, query: MetricQuery, series: math.TimeSeries, *, several: bool) -> Series:
        labelled = Labelled(
            points=series.points,
            own=series.label if several else _own_label(query),
            metric=series.metric,
            statistic=query.stat.statistic.name if query.stat is not None else "",
            period=series.period,
            region=self._region,
            account=self._account,
        )
        label = label_of(query.label, labelled, several=several, now=self._now, timezone_s=self._timezone_s)
        return Series(query.id, label or query.id, series.points, series.period)


def _own_label(query: MetricQuery) -> str:
    return query.stat.metric.name if query.stat is not None else query.id


def _on(series: math.TimeSeries, grid: math.Grid) -> math.TimeSeries:
    """A series at the times of a grid; it keeps its own period, which `PERIOD` tells."""
    if series.period == grid.period:
        return series
    start, step = grid.start, grid.period
    return replace(series, points={time: value for time, value in series.points.items() if (time - start) % step == 0})
