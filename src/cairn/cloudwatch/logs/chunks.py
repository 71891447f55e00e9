"""Chunks: many events of one group, of many streams and puts, in the order of their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

import sqlalchemy as sa

from cairn.cloudwatch.logs.events import Place, Row, pack, size_of_message
from cairn.cloudwatch.logs.tables import chunk_streams, chunks, groups, streams

CHUNK_BYTES_MAX = 8 << 20
"""Of its messages, which is about 1 MB packed. Events behind a full chunk go into the next."""
NAMED_MAX = 500
"""Rows that are asked for by number in one query."""


PLACE: Callable[[Row], tuple[int, ...]] = attrgetter("timestamp_ms", "seq", "number")
"""What `place_of` gives as a plain tuple, for sorting."""


def place_of(row: Row) -> Place:
    return Place(row.timestamp_ms, row.seq, row.number)


def bytes_of(rows: Sequence[Row]) -> int:
    """As AWS counts them."""
    return sum(size_of_message(row.message) for row in rows)


def cut(rows: Sequence[Row], bytes_max: int = CHUNK_BYTES_MAX) -> Iterator[Sequence[Row]]:
    """Rows in order, as so many for each chunk."""
    start = size = 0
    for number, row in enumerate(rows):
        row_bytes = size_of_message(row.message)
        if number > start and size + row_bytes > bytes_max:
            yield rows[start:number]
            start, size = number, 0
        size += row_bytes
    if start < len(rows):
        yield rows[start:]


def insert(connection: sa.Connection, group: int, rows: Sequence[Row], content: bytes | None = None) -> None:
    """Store a chunk of rows that are in order.

    Args:
        content: the rows packed, where that was done before the transaction.
    """
    key = connection.execute(
        sa.insert(chunks).values(
            log_group=group,
            start_ms=rows[0].timestamp_ms,
            end_ms=rows[-1].timestamp_ms,
            events=len(rows),
            bytes=bytes_of(rows),
            content=pack(rows) if content is None else content,
        )
    ).inserted_primary_key
    assert key is not None
    held = [{"log_stream": stream, "chunk": key[0]} for stream in sorted({row.stream for row in rows})]
    connection.execute(sa.insert(chunk_streams), held)


def delete(connection: sa.Connection, ids: Sequence[int]) -> int:
    """Delete chunks; how many there were."""
    return sum(connection.execute(sa.delete(chunks).where(chunks.c.id.in_(part))).rowcount for part in _parts(ids))


def add_bytes(connection: sa.Connection, group: int, size: int) -> bool:
    """Count bytes of a group's chunks; False where the group is gone."""
    changed = connection.execute(
        sa.update(groups).where(groups.c.id == group).values(chunk_bytes=groups.c.chunk_bytes + size)
    )
    return changed.rowcount == 1


def living(connection: sa.Connection, rows: Sequence[Row]) -> list[Row]:
    """The rows whose streams are still there."""
    asked = sorted({row.stream for row in rows})
    there: set[int] = set()
    for part in _parts(asked):
        there.update(connection.scalars(sa.select(streams.c.id).where(streams.c.id.in_(part))))
    return list(rows) if len(there) == len(asked) else [row for row in rows if row.stream in there]


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[begin : begin + NAMED_MAX] for begin in range(0, len(ids), NAMED_MAX))
