"""Metric data: calls of each series in each minute, five minutes and hour, as ListInsightsMetricData tells them.

A period without calls has no row. Who reads and writes brings the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cairn.cloudtrail.insights.series import SeriesKey
from cairn.cloudtrail.insights.tables import counts, series

DAY_S = 86_400
KEPT_S = {60: 15 * DAY_S, 300: 63 * DAY_S, 3600: 90 * DAY_S}
"""Seconds for which the points of a period, in seconds, are kept (spec 7)."""
EXPIRED_MAX = 20_000
"""Points of a period that one `expire` lets go."""
STATEMENT_KEYS = 500
"""Series that one statement names."""


class _Series(NamedTuple):
    """A row of `insight_series` but for its number: texts as its columns hold them."""

    account: str
    region: str
    trail: str
    source: str
    name: str
    type: str
    error_code: str


_KEY = [series.c[name] for name in _Series._fields]
_LENGTHS = [column.type.length for column in _KEY]  # type: ignore[attr-defined]  # they are String


def add(connection: sa.Connection, trail: str, counted: Iterable[tuple[SeriesKey, int, int]]) -> None:
    """Add calls to what their periods have.

    Args:
        trail: ARN of the trail whose data events they are; empty: they are management events.
        counted: series, minute since the epoch, and calls; the same series and minute may come again.
    """
    sums: dict[_Series, dict[tuple[int, int], int]] = {}
    for key, minute, calls in counted:
        of_series = sums.setdefault(_stored(key, trail), {})
        for period in KEPT_S:
            place = period, minute * 60 // period * period
            of_series[place] = of_series.get(place, 0) + calls
    numbers = _numbers(connection, sorted(sums))
    rows = [
        {"series": numbers[key], "period": period, "start": start, "calls": calls}
        for key, of_series in sums.items()
        for (period, start), calls in of_series.items()
    ]
    if rows:
        connection.execute(_adding(connection.dialect.name), rows)


def expire(connection: sa.Connection, now: float) -> bool:
    """Let go of points that are older than `KEPT_S`, and of series that have none left: `EXPIRED_MAX` at a time.

    Returns whether there may be more.
    """
    more = False
    place = sa.tuple_(counts.c.series, counts.c.period, counts.c.start)
    for period, kept_s in KEPT_S.items():
        old = sa.select(counts.c.series, counts.c.period, counts.c.start)
        old = old.where(counts.c.period == period, counts.c.start < now - kept_s).limit(EXPIRED_MAX)
        gone = connection.execute(sa.delete(counts).where(place.in_(old)).returning(counts.c.series)).scalars().all()
        more |= len(gone) == EXPIRED_MAX
        if period == max(KEPT_S):  # the last that a series loses
            _drop_empty(connection, sorted(set(gone)))
    return more


def read(
    connection: sa.Connection, key: SeriesKey, trail: str, period: int, start: float, end: float, *, limit: int
) -> list[tuple[int, int]]:
    """Points of a series, the oldest first: when their period begins, in seconds since the epoch, and its calls.

    Args:
        trail: as for `add`.
        period: one of `KEPT_S`.
        start: inclusive; `end`: exclusive; both in seconds since the epoch.
        limit: at the most so many points.
    """
    of_series = sa.select(series.c.id).where(*_is(_stored(key, trail))).scalar_subquery()
    select = sa.select(counts.c.start, counts.c.calls).where(
        counts.c.series == of_series, counts.c.period == period, counts.c.start >= start, counts.c.start < end
    )
    return [(row.start, row.calls) for row in connection.execute(select.order_by(counts.c.start).limit(limit))]


def _stored(key: SeriesKey, trail: str) -> _Series:
    """Strangers' texts may be longer than columns, and have zeros, which PostgreSQL stores in no text."""
    texts = (key.account, key.region, trail, key.source, key.name, key.insight_type, key.error_code)
    return _Series(*(text.replace("\0", "")[:length] for text, length in zip(texts, _LENGTHS, strict=True)))


def _is(key: _Series) -> list[sa.ColumnElement[bool]]:
    return [column == text for column, text in zip(_KEY, key, strict=True)]


def _numbers(connection: sa.Connection, keys: Sequence[_Series]) -> dict[_Series, int]:
    """The numbers of series, new ones among them."""
    numbers = dict(_known(connection, keys))
    new = [key for key in keys if key not in numbers]
    if new:
        insert = _insert(connection.dialect.name, series).on_conflict_do_nothing(index_elements=_KEY)
        connection.execute(insert, [key._asdict() for key in new])
        numbers.update(_known(connection, new))
    return numbers


def _known(connection: sa.Connection, keys: Sequence[_Series]) -> Iterator[tuple[_Series, int]]:
    for at in range(0, len(keys), STATEMENT_KEYS):
        some = keys[at : at + STATEMENT_KEYS]
        select = sa.select(series.c.id, *_KEY).where(sa.tuple_(*_KEY).in_(some))
        for number, *texts in connection.execute(select):
            yield _Series(*texts), number


def _adding(dialect: str) -> sa.Insert:
    insert = _insert(dialect, counts)
    more: Mapping[str, sa.ColumnElement[int]] = {"calls": counts.c.calls + insert.excluded.calls}
    return insert.on_conflict_do_update(index_elements=list(counts.primary_key), set_=more)


def _insert(dialect: str, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _drop_empty(connection: sa.Connection, numbers: Sequence[int]) -> None:
    has_points = sa.select(counts.c.series).where(counts.c.series == series.c.id).exists()
    for at in range(0, len(numbers), STATEMENT_KEYS):
        some = numbers[at : at + STATEMENT_KEYS]
        connection.execute(sa.delete(series).where(series.c.id.in_(some), ~has_points))
