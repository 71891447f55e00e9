"""The API destinations of all accounts: making, changing, listing and deleting them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge.connections import connection as of_connections
from cairn.eventbridge.connections import refusals
from cairn.eventbridge.connections.destination import Destination, at, destination_arn, select, values
from cairn.eventbridge.connections.tables import connections, destinations
from cairn.eventbridge.listing import Page, Place

DESTINATIONS_MAX = 3000
"""Of an account in a region, as in AWS."""


class Destinations:
    """Used by many threads and processes at once: all that it knows is in the database."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def create(self, place: Place, name: str, settings: Mapping[str, Any]) -> Destination:
        """A new destination.

        Args:
            settings: fields of `Destination`, checked.

        Raises:
            AwsError: there is one of that name, or no such connection, or there are too many.
        """
        now = self._clock.now()
        arn = destination_arn(place, name, str(uuid.uuid4()))
        made = Destination(row=0, place=place, name=name, arn=arn, created=now, modified=now, **settings)
        with self._state.write() as connection:
            if select(connection, *at(place), destinations.c.name == name):
                raise refusals.destination_exists(name)
            _check_connection(connection, made)
            count = sa.select(sa.func.count()).select_from(destinations).where(*at(place))
            if (connection.scalar(count) or 0) >= DESTINATIONS_MAX:
                raise refusals.too_many("API destinations", DESTINATIONS_MAX)
            connection.execute(sa.insert(destinations).values(values(made)))
            return _get(connection, place, name, "create")

    def change(self, place: Place, name: str, settings: Mapping[str, Any]) -> Destination:
        """Give a destination other settings. Raises AwsError: there is none, or no such connection."""
        with self._state.write() as connection:
            found = _get(connection, place, name, "update")
            changed = msgspec.structs.replace(found, modified=self._clock.now(), **settings)
            _check_connection(connection, changed)
            update = sa.update(destinations).where(destinations.c.id == found.row)
            connection.execute(update.values(values(changed)))
            return _get(connection, place, name, "update")

    def delete(self, place: Place, name: str) -> None:
        """Raises ResourceNotFoundException."""
        with self._state.write() as connection:
            found = _get(connection, place, name, "delete")
            connection.execute(sa.delete(destinations).where(destinations.c.id == found.row))

    def get(self, place: Place, name: str) -> Destination:
        """Raises ResourceNotFoundException."""
        with self._state.read() as connection:
            return _get(connection, place, name, "describe")

    def page(self, place: Place, wanted: Page, of_connection: str) -> list[Destination]:
        """A page of destinations, and one more if there are more.

        Args:
            of_connection: ARN of the connection whose destinations alone are listed; empty: all.
        """
        mine = [destinations.c.connection == of_connection] if of_connection else []
        with self._state.read() as connection:
            where = (*at(place), *wanted.where(destinations.c.name), *mine)
            return select(connection, *where, limit=wanted.rows)

    def by_arn(self, arn: str) -> Destination | None:
        """The destination, or None where there is none."""
        with self._state.read() as connection:
            return next(iter(select(connection, destinations.c.arn == arn)), None)


def _check_connection(connection: sa.Connection, destination: Destination) -> None:
    mine = (*of_connections.at(destination.place), connections.c.arn == destination.connection)
    if not of_connections.select(connection, *mine):
        raise refusals.no_such_connection(destination.connection)


def _get(connection: sa.Connection, place: Place, name: str, verb: str) -> Destination:
    found = select(connection, *at(place), destinations.c.name == name)
    if not found:
        raise refusals.destination_not_found(verb, name)
    return found[0]
