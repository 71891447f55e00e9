"""How far each source was read."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.tables import positions


class Once(msgspec.Struct, frozen=True):
    """What makes taking in happen once: a source, and the position up to which it is then read."""

    source: str
    position: int


def position_of(connection: sa.Connection, source: str) -> int:
    """Up to where a source was read; 0 where it never was."""
    return connection.scalar(sa.select(positions.c.position).where(positions.c.source == source)) or 0


def place(connection: sa.Connection, once: Once) -> None:
    """Note that a source is read up to a position, also where it was read further: it begins anew there."""
    connection.execute(sa.delete(positions).where(positions.c.source == once.source))
    connection.execute(sa.insert(positions).values(source=once.source, position=once.position))


def move(connection: sa.Connection, once: Once) -> bool:
    """Note that a source is read up to a position; False if it was already."""
    mine = positions.c.source == once.source
    found = connection.scalar(sa.select(positions.c.position).where(mine).with_for_update())
    if found is None:
        connection.execute(sa.insert(positions).values(source=once.source, position=once.position))
    elif found < once.position:
        connection.execute(sa.update(positions).where(mine).values(position=once.position))
    return found is None or found < once.position
