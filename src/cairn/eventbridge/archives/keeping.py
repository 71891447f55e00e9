"""Forgetting what archives need not keep any longer."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge.archives import rows
from cairn.eventbridge.archives.tables import archived, archives, deleted_archives, replays

PAUSE_S = 60.0
MORE_S = 0.05
"""Between transactions while there is more to delete, so that others can write."""
DELETED_TOGETHER = 1000
"""Events that are deleted in one transaction."""
DAY_S = 86400.0
REPLAYS_KEPT_S = 90 * DAY_S
"""How long a replay that has ended is shown, as AWS does."""


class Keeper:
    """Deletes events that are past their archive's retention, those of deleted archives, and old replays. For one
    thread."""

    name = "event-archives"

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def step(self) -> float:
        """Delete some. Returns the seconds until there may be more to delete."""
        with self._state.read() as connection:
            deleted = list(connection.scalars(sa.select(deleted_archives.c.archive)))
            limited = rows.select(connection, archives.c.retention_days > 0)
            ended = replays.c.ended < self._clock.now() - REPLAYS_KEPT_S
            forgotten = list(connection.scalars(sa.select(replays.c.id).where(ended).limit(DELETED_TOGETHER)))
        more = False
        for row in deleted:
            if self._delete(archived.c.archive == row):
                more = True
            else:
                with self._state.write() as connection:
                    connection.execute(sa.delete(deleted_archives).where(deleted_archives.c.archive == row))
        if forgotten:
            with self._state.write() as connection:
                connection.execute(sa.delete(replays).where(replays.c.id.in_(forgotten)))
        now = self._clock.now()
        for archive in limited:
            old = archived.c.taken < now - archive.retention_days * DAY_S
            more |= self._delete(sa.and_(archived.c.archive == archive.row, old))
        return MORE_S if more else PAUSE_S

    def _delete(self, where: sa.ColumnElement[bool]) -> bool:
        """Delete some of what is true of; False if that was all."""
        some = sa.select(archived.c.id).where(where).limit(DELETED_TOGETHER)
        with self._state.read() as connection:
            found = list(connection.scalars(some))
        if found:
            with self._state.write() as connection:
                connection.execute(sa.delete(archived).where(archived.c.id.in_(found)))
        return len(found) == DELETED_TOGETHER
