"""What others are told of alarms, from their history: whoever reads it keeps its own place in it."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms import history
from cairn.cloudwatch.alarms.alarm import AlarmId
from cairn.cloudwatch.alarms.tables import history as table

_DETAIL_TYPES = {
    history.STATE: "CloudWatch Alarm State Change",
    history.CONFIGURATION: "CloudWatch Alarm Configuration Change",
}


class AlarmChange(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the history, as an event of it would be."""

    number: int
    """Larger than those of all items before it."""
    account: str
    region: str
    alarm: str
    """ARN."""
    time: float
    detail_type: str
    detail: str
    """JSON; empty: nobody is told of it."""


def next_number(connection: sa.Connection) -> int:
    """A number above those of all items there are, and not above those to come."""
    return (connection.scalar(sa.select(sa.func.max(table.c.id))) or 0) + 1


def changes_from(connection: sa.Connection, number: int, limit: int) -> list[AlarmChange]:
    """Items with that number or a larger one, in order."""
    columns = (table.c.id, table.c.account, table.c.region, table.c.name, table.c.time, table.c.type, table.c.detail)
    found = connection.execute(sa.select(*columns).where(table.c.id >= number).order_by(table.c.id).limit(limit))
    return [
        AlarmChange(
            number=row.id,
            account=row.account,
            region=row.region,
            alarm=AlarmId(row.account, row.region, row.name).arn,
            time=row.time,
            detail_type=_DETAIL_TYPES.get(row.type, ""),
            detail=row.detail or "",
        )
        for row in found
    ]
