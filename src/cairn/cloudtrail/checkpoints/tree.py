"""A log's tree in the saved state: append entries, read nodes, and cut the files that are published."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cairn.cloudtrail.checkpoints.merkle import leaf_hash
from cairn.cloudtrail.checkpoints.tables import entries, hashes
from cairn.cloudtrail.checkpoints.tiles import WIDTH, Tile, TileNodes, pack_entries, perfect_root
from cairn.core.errors import CairnError


class TreeDamaged(CairnError):
    """The saved state lacks a part of a tree."""


def append(connection: sa.Connection, log: int, size: int, contents: Sequence[bytes]) -> None:
    """Add entries to a tree of `size`, and the hashes of every tile that they fill."""
    rows = [{"log": log, "number": size + place, "content": content} for place, content in enumerate(contents)]
    connection.execute(sa.insert(entries), rows)
    level, first = 0, size
    new = [leaf_hash(content) for content in contents]
    while new:
        rows = [{"log": log, "level": level, "number": first + place, "hash": one} for place, one in enumerate(new)]
        connection.execute(sa.insert(hashes), rows)
        full = range(first // WIDTH, (first + len(new)) // WIDTH)
        new = [perfect_root(_hashes(connection, log, level, number * WIDTH, WIDTH)) for number in full]
        level, first = level + 1, first // WIDTH


def nodes(connection: sa.Connection, log: int) -> TileNodes:
    """The tree's nodes, read from tiles' hashes.

    Raises, when nodes are read:
        TreeDamaged: hashes are missing.
    """

    return TileNodes(lambda level, start, count: _hashes(connection, log, level, start, count))


def content(connection: sa.Connection, log: int, tile: Tile) -> bytes:
    """A file of the log.

    Raises:
        TreeDamaged: it is not all there.
    """
    if tile.level is not None:
        return b"".join(_hashes(connection, log, tile.level, tile.start, tile.width))
    found = read_entries(connection, log, tile.start, tile.width)
    if len(found) != tile.width:
        raise TreeDamaged(f"{tile.width - len(found)} entries of a checkpoint log are missing")
    return pack_entries(found)


def read_entries(connection: sa.Connection, log: int, start: int, count: int) -> list[bytes]:
    """Entries from `start` on, as many as there are of `count`."""
    select = sa.select(entries.c.content).where(entries.c.log == log, entries.c.number >= start)
    select = select.where(entries.c.number < start + count).order_by(entries.c.number)
    return [bytes(row.content) for row in connection.execute(select)]


def _hashes(connection: sa.Connection, log: int, level: int, start: int, count: int) -> list[bytes]:
    select = sa.select(hashes.c.hash).where(hashes.c.log == log, hashes.c.level == level)
    select = select.where(hashes.c.number >= start, hashes.c.number < start + count).order_by(hashes.c.number)
    found = [bytes(row.hash) for row in connection.execute(select)]
    if len(found) != count:
        raise TreeDamaged(f"{count - len(found)} hashes of a checkpoint log are missing")
    return found
