"""Log streams: what they are, and their rows."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs import groups, refusals
from cairn.cloudwatch.logs.groups import starts_with
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.tables import graves, streams
from cairn.core.clock import Clock
from cairn.core.state import State


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One log stream."""

    row: int
    name: str
    created_ms: int
    first_event_ms: int | None
    """The least timestamp that was put; None: nothing was."""
    last_event_ms: int
    """The greatest; 0: nothing was put."""
    last_ingestion_ms: int | None


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a listing of streams goes on: behind a stream."""

    last_event_ms: int
    name: str


class Streams:
    """The streams of all log groups."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def create(self, group: GroupId, name: str) -> None:
        """Make a stream.

        Raises:
            AwsError: ResourceNotFoundException: no such group; ResourceAlreadyExistsException.
        """
        if not self.ensure(group, name):
            raise refusals.stream_already_exists()

    def ensure(self, group: GroupId, name: str) -> bool:
        """Make a stream unless there is one; whether it was made.

        Raises:
            AwsError: ResourceNotFoundException: no such group.
        """
        with self._state.write() as connection:
            row = groups.get(connection, group).row
            if find(connection, row, name) is not None:
                return False
            connection.execute(
                sa.insert(streams).values(
                    log_group=row, name=name, created_ms=int(self._clock.now() * 1000), last_event_ms=0
                )
            )
            return True

    def get(self, group: GroupId, name: str) -> Stream:
        """The stream.

        Raises:
            AwsError: ResourceNotFoundException: no such group, or no such stream.
        """
        with self._state.read() as connection:
            found = find(connection, groups.get(connection, group).row, name)
        if found is None:
            raise refusals.stream_not_found()
        return found

    def delete(self, group: GroupId, name: str) -> None:
        """Delete a stream and its events, which nobody finds any more; their bytes go once sinks have read them.

        Raises:
            AwsError: ResourceNotFoundException; ValidationException: its group is protected.
        """
        with self._state.write() as connection:
            holder = groups.get(connection, group)
            found = find(connection, holder.row, name)
            if found is None:
                raise refusals.stream_not_found()
            if holder.protected:
                raise refusals.group_protected()
            grave = {"log_group": holder.row, "log_stream": found.row, "stream_name": name}
            connection.execute(sa.insert(graves).values(grave))
            connection.execute(sa.delete(streams).where(streams.c.id == found.row))

    def page(
        self,
        group: GroupId,
        *,
        prefix: str = "",
        by_time: bool = False,
        descending: bool = False,
        after: Place | None = None,
        limit: int,
    ) -> list[Stream]:
        """Streams in the order of their names or of their last events, behind one; no more than `limit`.

        Raises:
            AwsError: ResourceNotFoundException: no such group.
        """
        order = [streams.c.last_event_ms, streams.c.name] if by_time else [streams.c.name]
        with self._state.read() as connection:
            query = sa.select(streams).where(streams.c.log_group == groups.get(connection, group).row)
            if prefix:
                query = query.where(streams.c.name >= prefix, starts_with(streams.c.name, prefix))
            if after is not None:
                here = sa.tuple_(*order)
                there = [after.last_event_ms, after.name] if by_time else [after.name]
                query = query.where(here < there if descending else here > there)
            query = query.order_by(*(column.desc() if descending else column for column in order))
            return [_of_row(row) for row in connection.execute(query.limit(limit))]


def find(connection: sa.Connection, group: int, name: str) -> Stream | None:
    """The stream of a group's row."""
    row = connection.execute(_FIND, {"log_group": group, "name": name}).one_or_none()
    return _of_row(row) if row is not None else None


def _of_row(row: sa.Row[tuple[object, ...]]) -> Stream:
    return Stream(
        row=row.id,
        name=row.name,
        created_ms=row.created_ms,
        first_event_ms=row.first_event_ms,
        last_event_ms=row.last_event_ms,
        last_ingestion_ms=row.last_ingestion_ms,
    )


_FIND = sa.select(streams).where(
    streams.c.log_group == sa.bindparam("log_group"), streams.c.name == sa.bindparam("name")
)
