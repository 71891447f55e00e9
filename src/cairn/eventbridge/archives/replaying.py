"""Replays: the loop that gives archived events to their bus again.

Events go in the order of their own times, some at a time. What they lead to and how far the replay has come are stored
in one transaction, so that a replay that is interrupted goes on behind the last event it gave.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.state import State
from cairn.eventbridge.archives import packing
from cairn.eventbridge.archives.replay import (
    CANCELLED,
    CANCELLING,
    COMPLETED,
    FAILED,
    RUNNING,
    UNDER_WAY,
    Replay,
    select,
)
from cairn.eventbridge.archives.tables import archived, archives, replays
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.event import BusEvent, BusId

log = logging.getLogger(__name__)

POLL_S = 0.5
PAUSE_S = 0.02
"""Between transactions of a replay, so that others can write."""
EVENTS_TOGETHER = 100
"""Events of one transaction, and what is held in memory of an archive."""
BYTES_TOGETHER = 4 << 20
"""The same in bytes as SizeBytes counts them; the event that goes beyond it is the last one."""
REPLAYS_A_STEP = 50


class Puts(Protocol):
    """`routing.Router`, as far as replays need it."""

    def put_within(
        self,
        connection: sa.Connection,
        bus: BusId,
        events: Sequence[BusEvent],
        *,
        rules: Collection[str] | None = None,
    ) -> int: ...


class Replayer:
    """Carries out replays. `step` is for one thread, in one process."""

    name = "event-replays"

    def __init__(self, state: State, router: Puts, clock: Clock) -> None:
        self._state = state
        self._router = router
        self._clock = clock
        self._idle_at: int | None = None
        """The database's revision when no replay was under way."""

    def step(self) -> float:
        """Replay some events of each replay under way. Returns the seconds until there may be more to do."""
        revision = self._state.revision()
        if revision == self._idle_at:
            return POLL_S
        with self._state.read() as connection:
            found = select(connection, replays.c.state.in_(UNDER_WAY), limit=REPLAYS_A_STEP)
        if not found:
            self._idle_at = revision
            return POLL_S
        self._idle_at = None
        for replay in found:
            self._advance(replay.row)
        return PAUSE_S

    def _advance(self, row: int) -> None:
        with self._state.write() as connection:
            found = select(connection, replays.c.id == row, replays.c.state.in_(UNDER_WAY), locked=True)
            if not found:
                return
            (replay,) = found
            connection.execute(sa.update(replays).where(replays.c.id == row).values(self._outcome(connection, replay)))
            failpoint("events.replaying")
        failpoint("events.replayed")

    def _outcome(self, connection: sa.Connection, replay: Replay) -> dict[str, Any]:
        """Replay some events, and say what then becomes of the replay's columns."""
        if replay.state == CANCELLING:
            return self._ended(CANCELLED)
        if connection.scalar(sa.select(archives.c.id).where(archives.c.id == replay.archive)) is None:
            return self._ended(FAILED, f"Archive {replay.archive_arn.rpartition('/')[2]} does not exist.")
        if buses.find(connection, replay.bus) is None:
            return self._ended(FAILED, f"Event bus {replay.bus.name} does not exist.")
        following = _following(connection, replay)
        if not following:
            return self._ended(COMPLETED)
        try:
            events = [packing.unpack(row.packed, replay.name) for row in following]
        except ValueError as error:
            log.error("replay %s cannot go on: %s", replay.arn, error)
            return self._ended(FAILED, str(error))
        self._router.put_within(connection, replay.bus, events, rules=replay.rules or None)
        return {"state": RUNNING, "last_time": following[-1].time, "last_id": following[-1].id}

    def _ended(self, state: str, reason: str = "") -> dict[str, Any]:
        return {"state": state, "reason": reason, "ended": self._clock.now()}


def _following(connection: sa.Connection, replay: Replay) -> list[Any]:
    """The next events of a replay, in order."""
    where = [
        archived.c.archive == replay.archive,
        archived.c.time >= replay.event_start,
        archived.c.time <= replay.event_end,
    ]
    if replay.last_time is not None:
        last = replay.last_time
        where += [
            archived.c.time >= last,
            sa.or_(archived.c.time > last, archived.c.id > replay.last_id),
        ]
    columns = sa.select(archived.c.id, archived.c.time, archived.c.size, archived.c.packed).where(*where)
    found: list[Any] = []
    size = 0
    with connection.execute(columns.order_by(archived.c.time, archived.c.id).limit(EVENTS_TOGETHER)) as rows:
        for row in rows:
            found.append(row)
            size += row.size
            if size >= BYTES_TOGETHER:
                break
    return found
