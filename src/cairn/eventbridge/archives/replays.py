"""The replays of all accounts: starting, cancelling and listing them."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge import refusals as of_all
from cairn.eventbridge.archives import refusals
from cairn.eventbridge.archives import rows as archives
from cairn.eventbridge.archives.replay import CANCELLING, RUNNING, STARTING, UNDER_WAY, Replay, at, select, values
from cairn.eventbridge.archives.tables import replays
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.event import BusId
from cairn.eventbridge.listing import Page, Place

RUNNING_MAX = 10
"""Replays of an account in a region that are under way at a time."""


class Replays:
    """Used by many threads and processes at once: all that it knows is in the database."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def start(self, bus: BusId, archive_name: str, name: str, settings: dict[str, Any]) -> Replay:
        """A new replay, which the worker then carries out.

        Args:
            settings: fields of `Replay`: description, rules, event_start, event_end.

        Raises:
            AwsError: it cannot be.
        """
        place = Place(bus.account, bus.region)
        with self._state.write() as connection:
            if buses.find(connection, bus) is None:
                raise of_all.bus_not_found(bus.name)
            archive = archives.find(connection, place, archive_name)
            if archive is None:
                raise of_all.invalid_parameter("EventSourceArn", f"Archive {archive_name} does not exist.")
            if archive.bus != bus:
                raise of_all.invalid_parameter("Destination.Arn", "Cross event bus replay is not permitted.")
            if settings["event_start"] >= settings["event_end"]:
                raise of_all.invalid_parameter("EventEndTime", "EventStartTime must be before EventEndTime.")
            if select(connection, *at(place), replays.c.name == name):
                raise refusals.replay_exists(name)
            if len(select(connection, *at(place), replays.c.state.in_(UNDER_WAY))) >= RUNNING_MAX:
                raise refusals.too_many_replays(RUNNING_MAX)
            now = self._clock.now()
            source: dict[str, Any] = {"archive": archive.row, "archive_arn": archive.arn}
            made = Replay(row=0, bus=bus, name=name, started=now, **source, **settings)
            connection.execute(sa.insert(replays).values(values(made)))
        return made

    def cancel(self, place: Place, name: str) -> Replay:
        """Have a replay end early. Raises ResourceNotFoundException, IllegalStatusException: it has ended."""
        with self._state.write() as connection:
            found = _get(connection, place, name, locked=True)
            if found.state not in (STARTING, RUNNING):
                raise refusals.illegal_status(name)
            connection.execute(sa.update(replays).where(replays.c.id == found.row).values(state=CANCELLING))
        return msgspec.structs.replace(found, state=CANCELLING)

    def get(self, place: Place, name: str) -> Replay:
        """Raises ResourceNotFoundException."""
        with self._state.read() as connection:
            return _get(connection, place, name)

    def page(self, place: Place, wanted: Page, *, state: str = "", archive_arn: str = "") -> list[Replay]:
        """A page of replays, and one more if there are more.

        Args:
            state, archive_arn: which alone are listed; empty: all.
        """
        where = [*at(place), *wanted.where(replays.c.name)]
        where += [replays.c.state == state] if state else []
        where += [replays.c.archive_arn == archive_arn] if archive_arn else []
        with self._state.read() as connection:
            return select(connection, *where, limit=wanted.rows)


def _get(connection: sa.Connection, place: Place, name: str, *, locked: bool = False) -> Replay:
    found = select(connection, *at(place), replays.c.name == name, locked=locked)
    if not found:
        raise refusals.replay_not_found(name)
    return found[0]
