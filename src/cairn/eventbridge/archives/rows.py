"""Reading archives, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from cairn.eventbridge.archives.archive import Archive
from cairn.eventbridge.archives.tables import archived, archives
from cairn.eventbridge.event import BusId
from cairn.eventbridge.listing import Place

_FIELDS = ("name", "description", "pattern", "retention_days", "kms_key", "created")


def find(connection: sa.Connection, place: Place, name: str) -> Archive | None:
    """The archive, or None where there is none of that name."""
    return next(iter(select(connection, *at(place), archives.c.name == name)), None)


def select(connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Archive]:
    """Archives in the order of their names."""
    found = sa.select(archives).where(*where).order_by(archives.c.name, archives.c.id).limit(limit)
    return [_read(row) for row in connection.execute(found)]


def counts(connection: sa.Connection, of: Collection[int]) -> dict[int, tuple[int, int]]:
    """How many events archives hold, and how many bytes they count for, by row."""
    columns = sa.select(archived.c.archive, sa.func.count(), sa.func.sum(archived.c.size))
    found = columns.where(archived.c.archive.in_(of)).group_by(archived.c.archive)
    return dict.fromkeys(of, (0, 0)) | {row[0]: (row[1], int(row[2])) for row in connection.execute(found)}


def at(place: Place) -> tuple[sa.ColumnElement[bool], ...]:
    """What is true of the archives of an account in a region."""
    return archives.c.account == place.account, archives.c.region == place.region


def of_bus(bus: BusId) -> tuple[sa.ColumnElement[bool], ...]:
    """What is true of the archives of a bus."""
    return archives.c.account == bus.account, archives.c.region == bus.region, archives.c.bus == bus.name


def values(archive: Archive) -> dict[str, Any]:
    """The columns of an archive, but for its number."""
    place = {"account": archive.bus.account, "region": archive.bus.region, "bus": archive.bus.name}
    return place | {name: getattr(archive, name) for name in _FIELDS}


def _read(row: Any) -> Archive:
    fields = {name: getattr(row, name) for name in _FIELDS}
    return Archive(row=row.id, bus=BusId(row.account, row.region, row.bus), **fields)
