"""Plans: what is about to be delivered, is delivered, or was given up; and the files of it.

A plan is staged before its first byte leaves, and never changes: trail, span, slot, journal range and file size limit
decide names and bytes. Whatever dies between staging and `deliver`, the same plan is carried out again and overwrites
what it had put already. Files, cursor and status move in one transaction.

`delivered_files` is a log in the order of its ids: digests and notices are sinks of their own that read it from where
they stand, so that neither can hold delivery up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail import spans, status
from cairn.cloudtrail.spans import Span
from cairn.cloudtrail.tables import delivered_files, plans
from cairn.cloudtrail.tables import spans as spans_table

_STAGED = plans.c.outcome == "staged"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The row of the same names."""

    id: int
    trail: int
    span: int
    slot: int
    first: int
    next: int
    file_bytes_max: int
    recorded: float
    events: int


class DeliveredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A log file that is in its bucket. The row of the same names."""

    trail: int
    plan: int
    account: str
    region: str
    part: int
    bucket: str
    key: str
    events: int
    bytes: int
    sha256: str
    oldest: int
    newest: int
    delivered: float


def stage(
    connection: sa.Connection,
    span: Span,
    *,
    next: int,
    slot: int,
    file_bytes_max: int,
    recorded: float,
    events: int,
    finished: bool,
) -> Plan | None:
    """Decide to deliver what `span` holds from its cursor to `next`.

    Returns None, and decides nothing, if the span is no more as the caller has seen it (it was ended meanwhile), or if
    another worker has staged a plan for it.
    """
    if not spans.unchanged(connection, span) or _select(connection, plans.c.span == span.id, _STAGED):
        return None
    values: dict[str, Any] = {
        "trail": span.trail,
        "span": span.id,
        "slot": slot,
        "first": span.cursor,
        "next": next,
        "file_bytes_max": file_bytes_max,
        "recorded": recorded,
        "events": events,
    }
    insert = sa.insert(plans).values(**values, outcome="staged").returning(plans.c.id)
    row = connection.execute(insert).scalar_one()
    if finished:
        connection.execute(sa.update(spans_table).where(spans_table.c.id == span.id).values(end=next))
    return Plan(id=row, **values)


def staged(connection: sa.Connection) -> list[Plan]:
    """Plans that wait to be carried out."""
    return _select(connection, _STAGED)


def delivered(connection: sa.Connection, trail: int) -> list[Plan]:
    """Plans of a trail that were carried out, in order."""
    return _select(connection, plans.c.trail == trail, plans.c.outcome == "delivered")


def deliver(connection: sa.Connection, plan: Plan, files: Sequence[DeliveredFile], now: float) -> None:
    """Note that all files of a staged plan are in the bucket, and move the cursor behind it.

    They count as delivered from now, when others can see them: digests go by it. Does nothing if somebody else has
    ended the plan.
    """
    if _end(connection, plan, "delivered", now):
        connection.execute(
            sa.insert(delivered_files), [msgspec.to_builtins(file) | {"delivered": now} for file in files]
        )
        status.succeeded(connection, plan.trail, {file.region for file in files}, now)


def abandon(connection: sa.Connection, plan: Plan, now: float) -> None:
    """Give a staged plan up: the cursor moves behind it, and its events are in no file."""
    _end(connection, plan, "abandoned", now)


def files(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[DeliveredFile]:
    """Delivered files, in the order of their delivery."""
    columns = [column for column in delivered_files.c if column.name != "id"]
    rows = connection.execute(sa.select(*columns).where(*conditions).order_by(delivered_files.c.id)).mappings()
    return [DeliveredFile(**row) for row in rows]


def _end(connection: sa.Connection, plan: Plan, outcome: str, now: float) -> bool:
    update = sa.update(plans).where(plans.c.id == plan.id, _STAGED).values(outcome=outcome, ended=now)
    if connection.execute(update).rowcount == 0:
        return False
    connection.execute(sa.update(spans_table).where(spans_table.c.id == plan.span).values(cursor=plan.next))
    return True


def _select(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Plan]:
    columns = [plans.c[name] for name in Plan.__struct_fields__]
    rows = connection.execute(sa.select(*columns).where(*conditions).order_by(plans.c.id)).mappings()
    return [Plan(**row) for row in rows]
