"""Reading and writing rules and targets, in the caller's transaction. Whoever changes one touches its bus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.buses.bus import EventBus
from cairn.eventbridge.buses.rows import touch
from cairn.eventbridge.buses.tables import buses
from cairn.eventbridge.event import BusId
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.tables import rules, targets
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.tables import tags


def find(connection: sa.Connection, bus: EventBus, name: str) -> Rule | None:
    """A bus's rule, or None where it has none of that name."""
    return next(iter(select(connection, rules.c.bus == bus.row, rules.c.name == name)), None)


def select(connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Rule]:
    """Rules in the order of their names."""
    columns = sa.select(rules, buses.c.account, buses.c.region, buses.c.name.label("bus_name"))
    found = columns.join(buses, buses.c.id == rules.c.bus).where(*where).order_by(rules.c.name, rules.c.id).limit(limit)
    return [_read(row) for row in connection.execute(found)]


def put(connection: sa.Connection, bus: EventBus, rule: Rule) -> Rule:
    """Write a rule: a new one where its row is 0. The bus has a row."""
    values = {name: getattr(rule, name) for name in _FIELDS} | {"bus": bus.row, "arn": rule.arn}
    touch(connection, bus.row)
    if rule.row:
        connection.execute(sa.update(rules).where(rules.c.id == rule.row).values(values))
        return rule
    key = connection.execute(sa.insert(rules).values(values)).inserted_primary_key
    assert key is not None
    return msgspec.structs.replace(rule, row=key[0])


def delete(connection: sa.Connection, bus: EventBus, rule: Rule) -> None:
    """Delete a rule with its targets and tags."""
    touch(connection, bus.row)
    connection.execute(sa.delete(tags).where(tags.c.arn == rule.arn))
    connection.execute(sa.delete(rules).where(rules.c.id == rule.row))


def targets_of(connection: sa.Connection, rule: Rule) -> list[Target]:
    """A rule's targets in the order of their ids."""
    return targets_by_rule(connection, [rule.row]).get(rule.row, [])


def targets_by_rule(connection: sa.Connection, of: Sequence[int]) -> dict[int, list[Target]]:
    """The targets of some rules, by the rule's row."""
    found: dict[int, list[Target]] = {}
    select = sa.select(targets).where(targets.c.rule.in_(of)).order_by(targets.c.rule, targets.c.id)
    for row in connection.execute(select):
        found.setdefault(row.rule, []).append(read_target(row))
    return found


def put_targets(connection: sa.Connection, bus: EventBus, rule: Rule, new: Iterable[Target]) -> None:
    """Give a rule targets, each in the place of one that has its id."""
    touch(connection, bus.row)
    by_id = {target.id: target for target in new}
    remove_targets(connection, bus, rule, list(by_id))
    rows = [
        {
            "rule": rule.row,
            "id": target.id,
            "arn": target.arn,
            "role": target.role,
            "settings": msgspec.json.encode(target.settings).decode(),
        }
        for target in by_id.values()
    ]
    if rows:
        connection.execute(sa.insert(targets), rows)


def remove_targets(connection: sa.Connection, bus: EventBus, rule: Rule, ids: Sequence[str]) -> None:
    """Take targets from a rule; those that it does not have are passed over."""
    touch(connection, bus.row)
    connection.execute(sa.delete(targets).where(targets.c.rule == rule.row, targets.c.id.in_(ids)))


def read_target(row: Any) -> Target:
    """A target of its row."""
    return Target(id=row.id, arn=row.arn, role=row.role, settings=msgspec.json.decode(row.settings))


_FIELDS = ("name", "state", "pattern", "schedule", "description", "role", "managed_by", "created_by", "created")


def _read(row: Any) -> Rule:
    fields = {name: getattr(row, name) for name in _FIELDS}
    return Rule(row=row.id, bus=BusId(row.account, row.region, row.bus_name), **fields)
