"""Compaction: the step that makes chunks of batches.

It reads some of a group's oldest batches, sorts and packs their events outside any transaction, and then puts the
chunks in place of the batches in one. If anything of what it read is gone by then, it leaves all as it is. A young
chunk that is small is made anew together with what follows, so that a group that gets little has few chunks too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs import chunks, groups
from cairn.cloudwatch.logs.chunks import CHUNK_BYTES_MAX
from cairn.cloudwatch.logs.events import Row, pack, unpack_rows
from cairn.cloudwatch.logs.reading import batch_rows
from cairn.cloudwatch.logs.store import LogStore
from cairn.cloudwatch.logs.tables import batches
from cairn.cloudwatch.logs.tables import chunks as chunk_table
from cairn.cloudwatch.logs.tables import groups as group_table
from cairn.core.failpoints import failpoint

COMPACT_AFTER_S = 60.0
"""Batches are let alone for so long, for those who follow what comes and are no sinks."""
LINGER_S = 3600.0
"""A group's batches are compacted when they are a chunk's worth or many, and else after so long."""
BATCHES_MAX = 2000
"""Of a group, before they are compacted whatever their size."""
PASS_BYTES_MAX = 2 * CHUNK_BYTES_MAX
"""Of messages that are compacted at once, one batch more at most: what it holds in memory."""
PAUSE_S = 5.0

Position = Callable[[], int]
"""The number before which a sink needs no batch."""


class Compactor:
    """Makes chunks of one group's batches at a step. One a database.

    Args:
        sinks: the positions of all who read batches by number; what one of them has still to read stays.
    """

    name = "log compaction"

    def __init__(self, store: LogStore, sinks: Sequence[Position]) -> None:
        self._store = store
        self._sinks = sinks

    def step(self) -> float:
        upto = self._upto()
        group = self._due(upto)
        if group is None:
            return PAUSE_S
        self._compact(group, upto)
        return 0.0

    def compact_all(self) -> None:
        """All that sinks have passed, however young and few."""
        upto = self._passed()
        while (group := self._first(upto)) is not None:
            self._compact(group, upto)

    def _upto(self) -> int:
        """The number up to which batches may be compacted now."""
        old_ms = self._store.now_ms() - int(COMPACT_AFTER_S * 1000)
        with self._store.state.read() as connection:
            young = connection.scalar(sa.select(sa.func.min(batches.c.seq)).where(batches.c.ingestion_ms > old_ms))
        passed = self._passed()
        return min(passed, young) if young is not None else passed

    def _passed(self) -> int:
        return min((position() for position in self._sinks), default=self._store.end())

    def _first(self, upto: int) -> int | None:
        query = sa.select(batches.c.log_group).where(batches.c.seq < upto).order_by(batches.c.seq).limit(1)
        with self._store.state.read() as connection:
            return connection.scalar(query)

    def _due(self, upto: int) -> int | None:
        """The row of a group whose batches are to be compacted: the one with the most."""
        count, size = sa.func.count(), sa.func.sum(batches.c.bytes)
        lingered_ms = self._store.now_ms() - int(LINGER_S * 1000)
        query = (
            sa.select(batches.c.log_group)
            .where(batches.c.seq < upto)
            .group_by(batches.c.log_group)
            .having(
                sa.or_(
                    size >= CHUNK_BYTES_MAX, count >= BATCHES_MAX, sa.func.min(batches.c.ingestion_ms) <= lingered_ms
                )
            )
            .order_by(size.desc())
            .limit(1)
        )
        with self._store.state.read() as connection:
            return connection.scalar(query)

    def _compact(self, group: int, upto: int) -> None:
        taken = self._take(group, upto)
        rows = sorted(taken.rows, key=chunks.PLACE)
        packed = [(part, pack(part)) for part in chunks.cut(rows)]
        failpoint("logs.chunks_packed")
        with suppress(_Changed), self._store.state.write() as connection:
            gone = connection.execute(
                sa.delete(batches).where(batches.c.log_group == group, batches.c.seq.in_(taken.seqs))
            )
            if gone.rowcount != len(taken.seqs) or chunks.delete(connection, taken.absorbed) != len(taken.absorbed):
                raise _Changed
            size = sum(chunks.bytes_of(part) for part, _ in packed)
            if not chunks.add_bytes(connection, group, size - taken.absorbed_bytes):
                return  # the group was deleted, and its batches go with it
            for part, content in packed:
                chunks.insert(connection, group, part, content)
            failpoint("logs.chunks_written")

    def _take(self, group: int, upto: int) -> _Taken:
        """Batches of a group, in order, and its youngest chunk if that is small; without what nobody can read."""
        rows: list[Row] = []
        seqs: list[int] = []
        absorbed: list[int] = []
        absorbed_bytes = size = 0
        with self._store.state.read() as connection:
            youngest = connection.execute(_YOUNGEST, {"log_group": group}).one_or_none()
            if youngest is not None and youngest.bytes < CHUNK_BYTES_MAX // 2:
                absorbed, absorbed_bytes = [youngest.id], youngest.bytes
                rows += unpack_rows(youngest.content)
            found = connection.execution_options(stream_results=True).execute(
                _BATCHES, {"log_group": group, "upto": upto}
            )
            for row in found:
                rows += batch_rows(row.seq, row.log_stream, row.ingestion_ms, row.content)
                seqs.append(row.seq)
                size += row.bytes
                if size >= PASS_BYTES_MAX or len(seqs) >= BATCHES_MAX:
                    break
            found.close()
            rows = chunks.living(connection, rows)
            holder = connection.execute(sa.select(group_table).where(group_table.c.id == group)).one_or_none()
        if holder is not None:
            oldest_ms = groups.of_row(holder).oldest_ms(self._store.now_ms())
            rows = [row for row in rows if row.timestamp_ms >= oldest_ms]
        return _Taken(rows, seqs, absorbed, absorbed_bytes)


class _Changed(Exception):
    """Some of what was read is gone."""


class _Taken(msgspec.Struct, frozen=True):
    rows: list[Row]
    seqs: list[int]
    absorbed: list[int]
    absorbed_bytes: int


_YOUNGEST = (
    sa.select(chunk_table.c.id, chunk_table.c.bytes, chunk_table.c.content)
    .where(chunk_table.c.log_group == sa.bindparam("log_group"))
    .order_by(chunk_table.c.end_ms.desc(), chunk_table.c.id.desc())
    .limit(1)
)
_BATCHES = (
    sa.select(batches.c.seq, batches.c.log_stream, batches.c.ingestion_ms, batches.c.bytes, batches.c.content)
    .where(batches.c.log_group == sa.bindparam("log_group"), batches.c.seq < sa.bindparam("upto"))
    .order_by(batches.c.seq)
)
