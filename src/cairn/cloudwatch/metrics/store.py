"""The store of metrics: who publishes adds data to points; points are read in periods.

A datum is in exactly one row: that of its metric, its unit and the second or the minute that it belongs to. As rows
grow old `rollup.RollUp` moves them into rows of longer periods. So what is read over a range is every row of the
range, whatever their resolutions, and nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from cairn.cloudwatch.metrics.anomalies.band import Expectations
from cairn.cloudwatch.metrics.datum import Datum, Metric
from cairn.cloudwatch.metrics.distribution import Distribution
from cairn.cloudwatch.metrics.summary import Summary
from cairn.cloudwatch.metrics.tables import points, positions, series
from cairn.core.clock import Clock
from cairn.core.state import State

ACTIVE_STEP_S = 60
"""How exactly it is known when a metric was last published."""
ROWS_A_QUERY = 200
HOUR_S, DAY_S = 3_600, 86_400
KEPT_S = {1: 3 * HOUR_S, 60: 15 * DAY_S, 300: 63 * DAY_S, 3_600: 455 * DAY_S}
"""How long points of each resolution are kept, in seconds."""


class PointKey(NamedTuple):
    """Which row a point is."""

    series: int
    start: int
    resolution: int
    unit: str


class MetricStore:
    """Metrics and points of all accounts. Several processes and threads may use the database at once."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self.clock = clock
        self.expectations = Expectations()

    def write(self) -> AbstractContextManager[sa.Connection]:
        """A transaction for `add` and `move`: durable when the block ends, nothing of it if the block raises."""
        return self.state.write()

    def add(self, connection: sa.Connection, data: Iterable[Datum]) -> None:
        """Add data to their points. The same datum twice counts twice."""
        gathered: dict[Metric, dict[tuple[int, int, str], Summary]] = {}
        for datum in data:
            summary = datum.summary()
            if summary.count > 0:
                found = gathered.setdefault(datum.metric, {})
                _merge(found, (datum.start, datum.resolution, datum.unit), summary)
        if not gathered:
            return
        rows = self._series(connection, list(gathered))
        merge_points(
            connection,
            {
                PointKey(rows[metric], *place): summary
                for metric, places in gathered.items()
                for place, summary in places.items()
            },
        )

    def position(self, connection: sa.Connection, reader: str) -> int:
        """Where a reader whose output is in this store goes on; 0 if it has never moved."""
        found = connection.scalar(sa.select(positions.c.position).where(positions.c.reader == reader))
        return int(found or 0)

    def move(self, connection: sa.Connection, reader: str, position: int) -> None:
        """Note where a reader goes on, in the transaction that adds what it read until there."""
        known = sa.update(positions).where(positions.c.reader == reader).values(position=position)
        if connection.execute(known).rowcount == 0:
            connection.execute(sa.insert(positions).values(reader=reader, position=position))

    def rows(
        self, connection: sa.Connection, metric: Metric, start: float, end: float, *, unit: str = ""
    ) -> list[tuple[PointKey, Summary]]:
        """Points of a metric that begin in [start, end), in order; `unit` leaves out those of others."""
        return read_points(connection, _of(sa.select(points), metric, start, end, unit).order_by(points.c.start))

    def sums(
        self, connection: sa.Connection, metric: Metric, start: int, end: float, period: int, *, unit: str = ""
    ) -> list[tuple[str, int, Summary]]:
        """Points of a metric that begin in [start, end), summed up by unit and period, in order of begin.

        Points of a resolution that the period is no multiple of are left out. How the values are distributed is not
        told: the database adds up, so that months cost little.
        """
        begin = points.c.start - (points.c.start - start) % period
        columns = (
            sa.func.sum(points.c["count"]).label("amount"),
            sa.func.sum(points.c.sum).label("total"),
            sa.func.min(points.c.min).label("least"),
            sa.func.max(points.c.max).label("greatest"),
        )
        wanted = _of(sa.select(points.c.unit, begin.label("begins"), *columns), metric, start, end, unit)
        fitting = [resolution for resolution in KEPT_S if period % resolution == 0]
        wanted = wanted.where(points.c.resolution.in_(fitting)).group_by(points.c.unit, sa.text("begins"))
        return [
            (row.unit, row.begins, Summary(row.amount, row.total, row.least, row.greatest))
            for row in connection.execute(wanted.order_by(sa.text("begins")))
        ]

    def having(self, connection: sa.Connection, metrics: Sequence[Metric], start: float, end: float) -> set[Metric]:
        """Those of some metrics that have points which begin in [start, end)."""
        by_key = {metric.key: metric for metric in metrics}
        keys = list(by_key)
        found: set[Metric] = set()
        for first in range(0, len(keys), ROWS_A_QUERY):
            some = sa.exists().where(points.c.series == series.c.id, points.c.start >= start, points.c.start < end)
            wanted = sa.select(series.c.key).where(series.c.key.in_(keys[first : first + ROWS_A_QUERY]), some)
            found.update(by_key[key] for key in connection.scalars(wanted))
        return found

    def hold(self, connection: sa.Connection, rows: sa.Select[tuple[int]]) -> None:
        """Keep others from changing points of metrics until the transaction ends."""
        if connection.dialect.name != "sqlite":  # which has one writer at a time
            wanted = sa.select(series.c.id).where(series.c.id.in_(rows)).order_by(series.c.key)
            connection.execute(wanted.with_for_update())

    def metrics(
        self, connection: sa.Connection, account: str, region: str, *conditions: sa.ColumnElement[bool], limit: int
    ) -> list[tuple[int, Metric]]:
        """Metrics with their rows' numbers, in the order in which they were first published."""
        wanted = sa.select(series).where(series.c.account == account, series.c.region == region, *conditions)
        return [
            (row.id, Metric(row.account, row.region, row.namespace, row.name, _dimensions(row.dimensions)))
            for row in connection.execute(wanted.order_by(series.c.id).limit(limit))
        ]

    def _series(self, connection: sa.Connection, metrics: Sequence[Metric]) -> dict[Metric, int]:
        """The rows of metrics, made where there are none, marked active, and locked until the transaction ends."""
        now = int(self.clock.now())
        by_key = {metric.key: metric for metric in sorted(metrics)}  # in order, so that no two wait for each other
        present = _held(connection, list(by_key))
        missing = [key for key in by_key if key not in present]
        if missing:
            _insert_series(connection, [by_key[key] for key in missing], now)
            present |= _held(connection, missing)
        stale = [row for row, active in present.values() if now - active >= ACTIVE_STEP_S]
        for first in range(0, len(stale), ROWS_A_QUERY):
            seen = sa.update(series).where(series.c.id.in_(stale[first : first + ROWS_A_QUERY]))
            connection.execute(seen.values(active=now))
        return {metric: present[metric.key][0] for metric in metrics}


def _held(connection: sa.Connection, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Rows of metrics and when they were last published, by key; nobody else changes them meanwhile."""
    found: dict[str, tuple[int, int]] = {}
    for first in range(0, len(keys), ROWS_A_QUERY):
        wanted = sa.select(series.c.key, series.c.id, series.c.active)
        wanted = wanted.where(series.c.key.in_(keys[first : first + ROWS_A_QUERY])).order_by(series.c.key)
        found |= {row.key: (row.id, row.active) for row in connection.execute(wanted.with_for_update())}
    return found


def _of(wanted: sa.Select[Any], metric: Metric, start: float, end: float, unit: str) -> sa.Select[Any]:
    """A question narrowed to points of a metric."""
    wanted = wanted.select_from(points).join(series, series.c.id == points.c.series)
    wanted = wanted.where(series.c.key == metric.key, points.c.start >= start, points.c.start < end)
    return wanted.where(points.c.unit == unit) if unit else wanted


def read_points(connection: sa.Connection, wanted: sa.Select[Any]) -> list[tuple[PointKey, Summary]]:
    """The points of a question to their table."""
    return [
        (PointKey(row.series, row.start, row.resolution, row.unit), _summary(row)) for row in connection.execute(wanted)
    ]


def merge_points(connection: sa.Connection, summaries: dict[PointKey, Summary]) -> None:
    """Add summaries to points, whose series this transaction holds."""
    columns = sa.tuple_(points.c.series, points.c.start, points.c.resolution, points.c.unit)
    keys = list(summaries)
    old: set[PointKey] = set()
    for first in range(0, len(keys), ROWS_A_QUERY):
        wanted = sa.select(points).where(columns.in_(keys[first : first + ROWS_A_QUERY]))
        for key, before in read_points(connection, wanted):
            before.merge(summaries[key])
            summaries[key] = before
            old.add(key)
    if old:
        changed = [
            {f"of_{name}": part for name, part in key._asdict().items()} | _values(summaries[key]) for key in old
        ]
        connection.execute(_UPDATE, changed)
    new = [key._asdict() | _values(summaries[key]) for key in keys if key not in old]
    if new:
        connection.execute(sa.insert(points), new)


_dimensions_decoder = msgspec.json.Decoder(tuple[tuple[str, str], ...])
_UPDATE = sa.update(points).where(*(points.c[name] == sa.bindparam(f"of_{name}") for name in PointKey._fields))


def _merge(into: dict[Any, Summary], key: Any, summary: Summary) -> None:
    known = into.get(key)
    if known is None:
        into[key] = summary
    else:
        known.merge(summary)


def _insert_series(connection: sa.Connection, metrics: Sequence[Metric], now: int) -> None:
    rows = [
        metric._asdict()
        | {"key": metric.key, "dimensions": msgspec.json.encode(metric.dimensions).decode(), "active": now}
        for metric in metrics
    ]
    if connection.dialect.name == "postgresql":  # where another may have made them meanwhile
        connection.execute(postgresql.insert(series).on_conflict_do_nothing(index_elements=["key"]), rows)
    else:
        connection.execute(sa.insert(series), rows)


def _dimensions(text: str) -> tuple[tuple[str, str], ...]:
    return _dimensions_decoder.decode(text)


def _summary(row: sa.Row[Any]) -> Summary:
    found = row._mapping  # since rows have a method `count`
    known = Distribution.decode(found["spread"]) if found["spread"] is not None else None
    return Summary(found["count"], found["sum"], found["min"], found["max"], known)


def _values(summary: Summary) -> dict[str, Any]:
    spread = summary.spread.encode() if summary.spread is not None else None
    return {"count": summary.count, "sum": summary.sum, "min": summary.min, "max": summary.max, "spread": spread}
