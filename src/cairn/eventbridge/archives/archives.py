"""The archives of all accounts: making, changing, listing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge import refusals as of_all
from cairn.eventbridge.archives import refusals, rows
from cairn.eventbridge.archives.archive import Archive
from cairn.eventbridge.archives.tables import archives, deleted_archives
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.buses.bus import EventBus
from cairn.eventbridge.event import BusId
from cairn.eventbridge.listing import Page, Place
from cairn.eventbridge.rules import rows as rules

ARCHIVES_MAX = 100
"""Of a bus."""


class Archives:
    """Used by many threads and processes at once: all that it knows is in the database."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def create(self, bus: BusId, name: str, settings: Mapping[str, Any]) -> Archive:
        """A new archive, which takes what reaches its bus from now on.

        Args:
            settings: fields of `Archive`, checked.

        Raises:
            AwsError: there is no such bus, or there is an archive of that name, or too many.
        """
        with self._state.write() as connection:
            now = self._clock.now()
            found = buses.find_saved(connection, bus, now)
            if found is None:
                raise of_all.bus_not_found(bus.name)
            if rows.find(connection, Place(bus.account, bus.region), name) is not None:
                raise refusals.archive_exists(name)
            if found.archives >= ARCHIVES_MAX:
                raise refusals.too_many_archives(ARCHIVES_MAX)
            made = Archive(row=0, bus=bus, name=name, created=now, **settings)
            key = connection.execute(sa.insert(archives).values(rows.values(made))).inserted_primary_key
            assert key is not None
            buses.count_archives(connection, found.row, 1)
            _show(connection, found, made)
        return msgspec.structs.replace(made, row=key[0])

    def change(self, place: Place, name: str, settings: Mapping[str, Any]) -> Archive:
        """Give an archive other settings; what it holds stays. Raises ResourceNotFoundException."""
        with self._state.write() as connection:
            changed = msgspec.structs.replace(_get(connection, place, name), **settings)
            update = sa.update(archives).where(archives.c.id == changed.row)
            connection.execute(update.values(rows.values(changed)))
            found = buses.find(connection, changed.bus)
            if found is not None:
                _show(connection, found, changed)
        return changed

    def delete(self, place: Place, name: str) -> None:
        """Delete an archive; what it holds can no longer be replayed. Raises ResourceNotFoundException."""
        with self._state.write() as connection:
            archive = _get(connection, place, name)
            connection.execute(sa.delete(archives).where(archives.c.id == archive.row))
            connection.execute(sa.insert(deleted_archives).values(archive=archive.row))
            found = buses.find(connection, archive.bus)
            if found is None:
                return
            buses.count_archives(connection, found.row, -1)
            rule = rules.find(connection, found, archive.rule().name)
            if rule is not None:
                rules.delete(connection, found, rule)

    def describe(self, place: Place, name: str) -> dict[str, Any]:
        """What DescribeArchive answers. Raises ResourceNotFoundException."""
        with self._state.read() as connection:
            archive = _get(connection, place, name)
            return archive.described(*rows.counts(connection, [archive.row])[archive.row])

    def page(self, place: Place, wanted: Page, bus: BusId | None) -> list[dict[str, Any]]:
        """The entries of a page of archives, and one more if there are more.

        Args:
            bus: whose archives they are; None: of all.

        Raises:
            AwsError: there is no such bus.
        """
        with self._state.read() as connection:
            if bus is not None and buses.find(connection, bus) is None:
                raise of_all.bus_not_found(bus.name)
            mine = rows.at(place) if bus is None else rows.of_bus(bus)
            found = rows.select(connection, *mine, *wanted.where(archives.c.name), limit=wanted.rows)
            counts = rows.counts(connection, [archive.row for archive in found])
        return [archive.listed(*counts[archive.row]) for archive in found]


def _get(connection: sa.Connection, place: Place, name: str) -> Archive:
    found = rows.find(connection, place, name)
    if found is None:
        raise refusals.archive_not_found(name)
    return found


def _show(connection: sa.Connection, bus: EventBus, archive: Archive) -> None:
    """Have the archive's rule be on its bus."""
    there = rules.find(connection, bus, archive.rule().name)
    rules.put(connection, bus, archive.rule(there.row if there is not None else 0))
