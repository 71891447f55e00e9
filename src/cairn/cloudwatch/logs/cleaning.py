"""Cleaning: the step that removes the bytes of what nobody can read any more.

Events that a group's retention has passed and those of deleted groups and streams are invisible at once. Here their
batches and chunks go, a few in a transaction, so that no put waits long. What a sink has still to read stays until it
has, and so does a deleted group's row, with the filters that hang on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from cairn.cloudwatch.logs import chunks, groups
from cairn.cloudwatch.logs.events import unpack_rows
from cairn.cloudwatch.logs.groups import Group
from cairn.cloudwatch.logs.store import LogStore
from cairn.cloudwatch.logs.tables import batches, chunk_streams, graves, living, streams
from cairn.cloudwatch.logs.tables import chunks as chunk_table
from cairn.cloudwatch.logs.tables import groups as group_table

PAUSE_S = 30.0
SLICE = 64
"""Batches or chunks that are removed in one transaction."""


class Cleaner:
    """Removes expired and deleted events. One a database.

    Args:
        passed: the number before which no sink needs a batch; none behind it is removed.
        needed: whether somebody needs a deleted group's row, by its number, though all its events are gone.
    """

    name = "log cleaning"

    def __init__(
        self, store: LogStore, passed: Callable[[], int], needed: Sequence[Callable[[int], bool]] = ()
    ) -> None:
        self._store = store
        self._passed = passed
        self._needed = needed

    def step(self) -> float:
        with self._store.state.read() as connection:
            dug = list(connection.scalars(sa.select(graves.c.id).order_by(graves.c.id)))
        passed = self._passed()
        for grave in dug:
            while self._bury(grave, passed):
                pass
        while self._expire():
            pass
        return PAUSE_S

    def _bury(self, grave: int, passed: int) -> bool:
        """Remove some of what was deleted; whether there may be more to remove now."""
        with self._store.state.write() as connection:
            row = connection.execute(sa.select(graves).where(graves.c.id == grave)).one()
            of_group = row.log_stream is None
            which = batches.c.log_group == row.log_group
            if not of_group:
                which = sa.and_(which, batches.c.log_stream == row.log_stream)
            more = _remove_batches(connection, sa.and_(which, batches.c.seq < passed))
            if of_group:
                more |= _remove_chunks(connection, chunk_table.c.log_group == row.log_group) > 0
            else:
                more |= _thin_out(connection, row.log_group, row.log_stream)
            if more:
                return True
            if of_group:
                _await_puts(connection, row.log_group)
            if connection.scalar(sa.select(batches.c.seq).where(which).limit(1)) is not None:
                return False  # some sink has still to read it
            if of_group:
                if any(needed(row.log_group) for needed in self._needed):
                    return False
                connection.execute(sa.delete(group_table).where(group_table.c.id == row.log_group))
            connection.execute(sa.delete(graves).where(graves.c.id == grave))
        return False

    def _expire(self) -> bool:
        """Remove some of what is beyond its group's retention; whether there may be more."""
        with self._store.state.read() as connection:
            kept = connection.execute(sa.select(group_table).where(group_table.c.retention_days.is_not(None), living))
            limited = [groups.of_row(row) for row in kept]
        now_ms, passed = self._store.now_ms(), self._passed()
        more = False
        for group in limited:
            more |= self._expire_group(group, group.oldest_ms(now_ms), passed)
        return more

    def _expire_group(self, group: Group, oldest_ms: int, passed: int) -> bool:
        old_batches = sa.and_(batches.c.log_group == group.row, batches.c.end_ms < oldest_ms, batches.c.seq < passed)
        old_chunks = sa.and_(chunk_table.c.log_group == group.row, chunk_table.c.end_ms < oldest_ms)
        with self._store.state.read() as connection:
            any_batch = connection.scalar(sa.select(batches.c.seq).where(old_batches).limit(1))
            any_chunk = connection.scalar(sa.select(chunk_table.c.id).where(old_chunks).limit(1))
        if any_batch is None and any_chunk is None:
            return False
        with self._store.state.write() as connection:
            _remove_batches(connection, old_batches)
            removed = _remove_chunks(connection, old_chunks)
            if removed:
                chunks.add_bytes(connection, group.row, -removed)
        return True


def _await_puts(connection: sa.Connection, group: int) -> None:
    """Wait until puts that began before a group was deleted are durable, and so seen by what follows."""
    if connection.dialect.name != "sqlite":  # which has one writer at a time; elsewhere puts hold their stream's row
        connection.execute(sa.select(streams.c.id).where(streams.c.log_group == group).with_for_update())


def _remove_batches(connection: sa.Connection, which: sa.ColumnElement[bool]) -> bool:
    """Remove some batches; whether there were any."""
    seqs = list(connection.scalars(sa.select(batches.c.seq).where(which).limit(SLICE)))
    if seqs:
        connection.execute(sa.delete(batches).where(batches.c.seq.in_(seqs)))
    return bool(seqs)


def _remove_chunks(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    """Remove some chunks; how many bytes they had, as AWS counts."""
    found = connection.execute(sa.select(chunk_table.c.id, chunk_table.c.bytes).where(which).limit(SLICE)).all()
    chunks.delete(connection, [row.id for row in found])
    return sum(row.bytes for row in found)


def _thin_out(connection: sa.Connection, group: int, stream: int) -> bool:
    """Make one chunk anew without a stream; whether there was one with it."""
    query = (
        sa.select(chunk_table.c.id, chunk_table.c.bytes, chunk_table.c.content)
        .join(chunk_streams, chunk_streams.c.chunk == chunk_table.c.id)
        .where(chunk_streams.c.log_stream == stream)
        .limit(1)
    )
    found = connection.execute(query).one_or_none()
    if found is None:
        return False
    kept = [row for row in unpack_rows(found.content) if row.stream != stream]
    chunks.delete(connection, [found.id])
    if kept:
        chunks.insert(connection, group, kept)
    chunks.add_bytes(connection, group, chunks.bytes_of(kept) - found.bytes)
    return True
