"""Periods: in which stretches of time what a trail delivers is proven by digests.

A period begins when a trail with log file validation begins to log, or when validation of a trail that logs is turned
on; it ends with either. Each account and region of a period has a chain of digests of its own. A delivered file is in
one period at most: in the one that begins before its row and ends behind it. What a stopped trail still delivers
belongs to the period that the stop has ended.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail.digests.tables import periods
from cairn.cloudtrail.tables import delivered_files
from cairn.cloudtrail.tables import spans as spans_table


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch in which a trail's files are digested. The row of the same names."""

    id: int
    trail: int
    began: float
    after_file: int
    """The last row of delivered_files that is before it."""
    ended: float | None = None
    last_file: int | None = None
    """The last row of delivered_files in it; None while there may be more."""
    finished: float | None = None


def begin(connection: sa.Connection, trail: int, now: float) -> None:
    """Digest what is delivered for `trail` from now on. Whatever period it still has ends here."""
    end(connection, trail, now, at_once=True)
    connection.execute(sa.insert(periods).values(trail=trail, began=now, after_file=last_file(connection, trail)))


def end(connection: sa.Connection, trail: int, now: float, *, at_once: bool) -> None:
    """End the period that a trail is in, if it is in one.

    Args:
        at_once: what is delivered from now on is in no period that has ended, not even what was logged before.
    """
    ours = periods.c.trail == trail
    connection.execute(sa.update(periods).where(ours, periods.c.ended.is_(None)).values(ended=now))
    if at_once:
        last = last_file(connection, trail)
        connection.execute(sa.update(periods).where(ours, periods.c.last_file.is_(None)).values(last_file=last))


def unfinished(connection: sa.Connection) -> list[Period]:
    """Periods whose last digests are not delivered, the oldest of a trail first."""
    return _select(connection, periods.c.finished.is_(None))


def of_trail(connection: sa.Connection, trail: int) -> list[Period]:
    """All periods of a trail, the oldest first."""
    return _select(connection, periods.c.trail == trail)


def reload(connection: sa.Connection, period: Period) -> Period | None:
    """The period as it stands; None if it was finished meanwhile. It stays so until the transaction ends."""
    select = sa.select(periods).where(periods.c.id == period.id, periods.c.finished.is_(None)).with_for_update()
    row = connection.execute(select).mappings().first()
    return None if row is None else Period(**row)


def complete(connection: sa.Connection, period: Period) -> bool:
    """Whether nothing is delivered any more that belongs to the period."""
    if period.ended is None:
        return False
    open_span = sa.select(spans_table.c.id).where(
        spans_table.c.trail == period.trail,
        sa.or_(spans_table.c.end.is_(None), spans_table.c.cursor < spans_table.c.end),
    )
    return period.last_file is not None or connection.execute(open_span.limit(1)).first() is None


def finish(connection: sa.Connection, period: Period, now: float) -> None:
    """Note that the period's last digests are in the bucket, or are given up."""
    last = period.last_file if period.last_file is not None else last_file(connection, period.trail)
    connection.execute(sa.update(periods).where(periods.c.id == period.id).values(finished=now, last_file=last))


def last_file(connection: sa.Connection, trail: int) -> int:
    """The last row of a trail's delivered files.

    The rows of one trail become visible in the order of their numbers, on PostgreSQL too: a trail's next plan is
    staged only after the transaction that recorded the files of the one before.
    """
    select = sa.select(sa.func.max(delivered_files.c.id)).where(delivered_files.c.trail == trail)
    return connection.scalar(select) or 0


def _select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Period]:
    rows = connection.execute(sa.select(periods).where(*conditions).order_by(periods.c.id)).mappings()
    return [Period(**row) for row in rows]
