"""Alarms as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms.alarm import (
    METRIC_ALARM,
    Alarm,
    AlarmId,
    CompositeSettings,
    MetricSettings,
    State,
)
from cairn.cloudwatch.alarms.suppression import Suppression
from cairn.cloudwatch.alarms.tables import alarms, references

NAMES_A_QUERY = 200


def find(connection: sa.Connection, id: AlarmId, *, lock: bool = False) -> Alarm | None:
    """The alarm of a name; with `lock` nobody else changes it until the transaction ends."""
    found = select(connection, *_of(id), lock=lock)
    return found[0] if found else None


def named(
    connection: sa.Connection, account: str, region: str, names: Iterable[str], *, lock: bool = False
) -> dict[str, Alarm]:
    """Those of the names that exist."""
    found: dict[str, Alarm] = {}
    ordered = sorted(set(names))
    for first in range(0, len(ordered), NAMES_A_QUERY):
        part = alarms.c.name.in_(ordered[first : first + NAMES_A_QUERY])
        for alarm in select(connection, *_in(account, region), part, lock=lock):
            found[alarm.id.name] = alarm
    return found


def select(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool], limit: int | None = None, lock: bool = False
) -> list[Alarm]:
    """Alarms, ordered by name within their Region."""
    wanted = sa.select(alarms).where(*conditions)
    wanted = wanted.order_by(alarms.c.account, alarms.c.region, alarms.c.name).limit(limit)
    return [of_row(row) for row in connection.execute(wanted.with_for_update() if lock else wanted)]


def of_row(row: sa.Row[Any]) -> Alarm:
    return Alarm(
        row=row.id,
        id=AlarmId(row.account, row.region, row.name),
        settings=(_metric if row.kind == METRIC_ALARM else _composite).decode(row.settings),
        enabled=row.enabled,
        state=State(
            value=row.state, reason=row.reason, data=row.data, updated=row.updated, transitioned=row.transitioned
        ),
        configured=row.configured,
        generation=row.generation,
        due=row.due,
        suppression=Suppression(row.suppressed_by, row.suppressed_until, row.owed),
        evaluation=row.evaluation,
        defined=row.defined,
    )


def insert(connection: sa.Connection, alarm: Alarm) -> int:
    """A new row for an alarm. Returns its number."""
    key = connection.execute(sa.insert(alarms).values(**_values(alarm), generation=1)).inserted_primary_key
    assert key is not None
    return int(key[0])


def update(connection: sa.Connection, alarm: Alarm) -> bool:
    """Write an alarm as it is now, unless somebody has changed it since it was read. Returns whether it was written."""
    values = {**_values(alarm), "generation": alarm.generation + 1}
    return connection.execute(_UPDATE, values | {"of_row": alarm.row, "of_generation": alarm.generation}).rowcount == 1


def delete(connection: sa.Connection, rows: Sequence[int]) -> None:
    connection.execute(sa.delete(references).where(references.c.parent.in_(rows)))
    connection.execute(sa.delete(alarms).where(alarms.c.id.in_(rows)))


def wake_parents(connection: sa.Connection, child: int, now: float) -> None:
    """Have those composite alarms evaluated that an alarm which turned is part of, or suppresses."""
    connection.execute(_WAKE, {"of_child": child, "due": now})


def parents(connection: sa.Connection, children: Iterable[int]) -> list[tuple[int, int]]:
    """Which alarm depends on which of these: numbers of parent and child."""
    wanted = sa.select(references.c.parent, references.c.child).where(references.c.child.in_(list(children)))
    return [(row.parent, row.child) for row in connection.execute(wanted)]


def refer(connection: sa.Connection, parent: int, children: Iterable[int], suppressor: int | None) -> None:
    """Note what a composite alarm depends on now."""
    connection.execute(sa.delete(references).where(references.c.parent == parent))
    in_rule = set(children)
    rows = [{"parent": parent, "child": child, "in_rule": True} for child in in_rule]
    if suppressor is not None and suppressor not in in_rule:
        rows.append({"parent": parent, "child": suppressor, "in_rule": False})
    if rows:
        connection.execute(sa.insert(references), rows)


def _of(id: AlarmId) -> tuple[sa.ColumnElement[bool], ...]:
    return (*_in(id.account, id.region), alarms.c.name == id.name)


def _in(account: str, region: str) -> tuple[sa.ColumnElement[bool], ...]:
    return alarms.c.account == account, alarms.c.region == region


def _values(alarm: Alarm) -> dict[str, Any]:
    settings = alarm.settings
    metric = settings if isinstance(settings, MetricSettings) else MetricSettings()
    return {
        **alarm.id._asdict(),
        "kind": alarm.kind,
        "settings": msgspec.json.encode(settings).decode(),
        "namespace": metric.namespace or "",
        "metric": metric.metric_name or "",
        "enabled": alarm.enabled,
        "configured": alarm.configured,
        "state": alarm.state.value,
        "reason": alarm.state.reason,
        "data": alarm.state.data,
        "updated": alarm.state.updated,
        "transitioned": alarm.state.transitioned,
        "evaluation": alarm.evaluation,
        "due": alarm.due,
        "defined": alarm.defined,
        "suppressed_by": alarm.suppression.by,
        "suppressed_until": alarm.suppression.until,
        "owed": alarm.suppression.owed,
    }


_UPDATE = sa.update(alarms).where(
    alarms.c.id == sa.bindparam("of_row"), alarms.c.generation == sa.bindparam("of_generation")
)
_WAKE = sa.update(alarms).where(
    alarms.c.id.in_(sa.select(references.c.parent).where(references.c.child == sa.bindparam("of_child")))
)
_metric = msgspec.json.Decoder(MetricSettings)
_composite = msgspec.json.Decoder(CompositeSettings)
