"""Reading and writing buses, in the caller's transaction."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.buses.bus import EventBus
from cairn.eventbridge.buses.tables import buses
from cairn.eventbridge.event import DEFAULT, BusId


def find(connection: sa.Connection, bus: BusId) -> EventBus | None:
    """The bus, or None where there is none. The default one is always there."""
    found = connection.execute(sa.select(buses).where(named(bus))).first()
    if found is not None:
        return read(found)
    return EventBus(row=0, id=bus) if bus.name == DEFAULT else None


def find_saved(connection: sa.Connection, bus: BusId, now: float) -> EventBus | None:
    """The bus with a row of its own, which a default bus gets now. Of a transaction that writes."""
    found = find(connection, bus)
    return insert(connection, bus, {}, now) if found is not None and not found.row else found


def insert(connection: sa.Connection, bus: BusId, settings: dict[str, Any], now: float) -> EventBus:
    """A new bus."""
    values = msgspec.to_builtins(bus) | {"settings": msgspec.json.encode(settings).decode(), "policy": ""}
    values |= {"created": now, "modified": now, "revision": 1, "archives": 0}
    key = connection.execute(sa.insert(buses).values(values)).inserted_primary_key
    assert key is not None
    return EventBus(row=key[0], id=bus, settings=settings, created=now, modified=now, revision=1)


def touch(connection: sa.Connection, row: int) -> None:
    """Have whoever holds the bus's rules read them again."""
    connection.execute(sa.update(buses).where(buses.c.id == row).values(revision=buses.c.revision + 1))


def count_archives(connection: sa.Connection, row: int, change: int) -> None:
    """Note that a bus has one archive more or less (`change` is 1 or -1)."""
    values = {"archives": buses.c.archives + change, "revision": buses.c.revision + 1}
    connection.execute(sa.update(buses).where(buses.c.id == row).values(values))


def named(bus: BusId) -> sa.ColumnElement[bool]:
    """What is true of the row of that bus."""
    return sa.and_(buses.c.account == bus.account, buses.c.region == bus.region, buses.c.name == bus.name)


def read(row: Any) -> EventBus:
    """A bus of its row."""
    return EventBus(
        row=row.id,
        id=BusId(row.account, row.region, row.name),
        settings=msgspec.json.decode(row.settings),
        policy=row.policy,
        created=row.created,
        modified=row.modified,
        revision=row.revision,
        archives=row.archives,
    )
