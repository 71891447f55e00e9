"""Reading a group's events in the order of time out of batches and chunks that overlap.

A window is gathered at a time: sources are opened in the order in which they begin, and as soon as their events are
more than the window holds, those that come last are let go and nothing beyond them is looked at. What stays is
complete, and is handed out; the next window begins behind it. So memory is a window and one source, however many
sources overlap, and where few do, each is opened little more than once.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs.chunks import PLACE, place_of
from cairn.cloudwatch.logs.events import Place, Row, StoredEvent, size_of_message, unpack_events, unpack_rows
from cairn.cloudwatch.logs.groups import starts_with
from cairn.cloudwatch.logs.tables import batches, chunk_streams, chunks, groups, living, streams
from cairn.core.state import State

FOREVER_MS = 1 << 62
"""No event is later."""
WINDOW_BYTES_FIRST = 256 << 10
WINDOW_BYTES_MAX = 16 << 20
"""A window grows from the first to the latter, so that who wants little does not wait for much."""
OPEN_BYTES_MAX = 16 << 20
"""Opened sources that are kept for the next window."""
LISTED_MAX = 256
"""Sources that are listed at once."""


class Span(msgspec.Struct, frozen=True):
    """What is read."""

    group: int
    """Its row."""
    streams: Sequence[str] | None
    prefix: str
    start_ms: int
    end_ms: int
    descending: bool

    @property
    def of_streams(self) -> bool:
        return self.streams is not None or bool(self.prefix)


class _Source(msgspec.Struct, frozen=True):
    """A batch or a chunk."""

    first: int
    """Where it begins in the order of the reading: a timestamp, negative where that is descending."""
    is_chunk: bool
    id: int


def sweep(state: State, span: Span, after: Place | None) -> Iterator[StoredEvent]:
    """The events of a span."""
    opened = _Opened()
    wanted = _wanted(state, span)
    window_bytes = WINDOW_BYTES_FIRST
    while True:
        with state.read() as connection:
            window = _Window(span, wanted, after, window_bytes)
            for source in _sources(connection, span, after):
                if window.is_beyond(source.first):
                    break
                window.add(opened.rows(connection, source))
            found = window.complete()
            named = _names(connection, found)
        for row in found:
            stream = named.get(row.stream)
            if stream is not None:
                yield StoredEvent(place_of(row), stream, row.ingestion_ms, row.message)
        if window.horizon is None:
            return
        after = window.horizon
        window_bytes = min(window_bytes * 2, WINDOW_BYTES_MAX)


class _Window:
    """The first events of a span behind a place, as many as fit."""

    def __init__(self, span: Span, wanted: frozenset[int] | None, after: Place | None, bytes_max: int) -> None:
        self._span = span
        self._wanted = wanted
        self._after = after
        self._bytes_max = bytes_max
        self._rows: list[Row] = []
        self._bytes = 0
        self.horizon: Place | None = None
        """The last place that the window reaches to; None: the end of the span."""

    def is_beyond(self, first: int) -> bool:
        """Whether a source that begins there has nothing for the window."""
        if self.horizon is None:
            return False
        last = self.horizon.timestamp_ms
        return first > (-last if self._span.descending else last)

    def add(self, rows: Sequence[Row]) -> None:
        """What the window takes of a source's rows, which are in ascending order."""
        new = rows[self._first(rows) : self._end(rows)]
        if self._wanted is not None:
            new = [row for row in new if row.stream in self._wanted]
        self._rows += new
        self._bytes += sum(size_of_message(row.message) for row in new)
        if self._bytes > self._bytes_max:
            self._cut()

    def complete(self) -> list[Row]:
        self._rows.sort(key=PLACE, reverse=self._span.descending)
        return self._rows

    def _first(self, rows: Sequence[Row]) -> int:
        """Index of the first row that is taken."""
        first = _before(rows, (self._span.start_ms,))
        if self._span.descending:
            return first if self.horizon is None else max(first, _before(rows, self.horizon))
        return first if self._after is None else max(first, _through(rows, self._after))

    def _end(self, rows: Sequence[Row]) -> int:
        """Index behind the last row that is taken."""
        end = _before(rows, (self._span.end_ms + 1,))
        if self._span.descending:
            return end if self._after is None else min(end, _before(rows, self._after))
        return end if self.horizon is None else min(end, _through(rows, self.horizon))

    def _cut(self) -> None:
        """Keep the first half, by size; at least one event."""
        rows = self.complete()
        size = kept = 0
        while kept < len(rows) and size * 2 < self._bytes_max:
            size += size_of_message(rows[kept].message)
            kept += 1
        del rows[kept:]
        self._bytes = size
        self.horizon = place_of(rows[-1])


def _before(rows: Sequence[Row], place: tuple[int, ...]) -> int:
    """How many rows stand before a place."""
    return bisect_left(rows, place, key=PLACE)


def _through(rows: Sequence[Row], place: tuple[int, ...]) -> int:
    """How many rows stand before a place or at it."""
    return bisect_right(rows, place, key=PLACE)


class _Opened:
    """Sources as they were opened, the latest few."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[bool, int], tuple[int, list[Row]]] = OrderedDict()
        self._bytes = 0

    def rows(self, connection: sa.Connection, source: _Source) -> list[Row]:
        key = (source.is_chunk, source.id)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][1]
        rows = _open_chunk(connection, source.id) if source.is_chunk else _open_batch(connection, source.id)
        size = sum(size_of_message(row.message) for row in rows)
        self._kept[key] = (size, rows)
        self._bytes += size
        while self._bytes > OPEN_BYTES_MAX:
            self._bytes -= self._kept.popitem(last=False)[1][0]
        return rows


def _wanted(state: State, span: Span) -> frozenset[int] | None:
    """The rows of the streams that are read; None: all."""
    if not span.of_streams:
        return None
    with state.read() as connection:
        return frozenset(connection.scalars(_stream_rows(span)))


def _names(connection: sa.Connection, rows: Sequence[Row]) -> dict[int, str]:
    """Names of streams by their rows; a stream that was deleted, or whose group was, has none."""
    asked = sorted({row.stream for row in rows})
    named: dict[int, str] = {}
    for begin in range(0, len(asked), LISTED_MAX):
        part = asked[begin : begin + LISTED_MAX]
        query = sa.select(streams.c.id, streams.c.name).join(groups, groups.c.id == streams.c.log_group)
        query = query.where(streams.c.id.in_(part), living)
        named.update((row.id, row.name) for row in connection.execute(query))
    return named


def _sources(connection: sa.Connection, span: Span, after: Place | None) -> Iterator[_Source]:
    """Batches and chunks that may have events of the span behind a place, in the order in which they begin."""
    return heapq.merge(
        _listed(connection, span, after, batches, batches.c.seq, is_chunk=False),
        _listed(connection, span, after, chunks, chunks.c.id, is_chunk=True),
        key=lambda source: source.first,
    )


def _listed(
    connection: sa.Connection, span: Span, after: Place | None, table: sa.Table, id: sa.Column[int], *, is_chunk: bool
) -> Iterator[_Source]:
    start_ms, end_ms = span.start_ms, span.end_ms
    if after is not None:
        start_ms, end_ms = (
            (start_ms, min(end_ms, after.timestamp_ms))
            if span.descending
            else (min(max(start_ms, after.timestamp_ms), FOREVER_MS), end_ms)
        )
    query = sa.select(table.c.start_ms, table.c.end_ms, id.label("id")).where(
        table.c.log_group == span.group, table.c.end_ms >= start_ms, table.c.start_ms <= end_ms
    )
    if span.of_streams:
        held = sa.select(chunk_streams.c.chunk).where(chunk_streams.c.log_stream.in_(_stream_rows(span)))
        query = query.where(id.in_(held) if is_chunk else table.c.log_stream.in_(_stream_rows(span)))
    first = table.c.end_ms if span.descending else table.c.start_ms
    query = query.order_by(first.desc() if span.descending else first, id).limit(LISTED_MAX)
    last: tuple[int, int] | None = None
    while True:
        page = query
        if last is not None:
            edge, seen = last
            page = query.where(
                sa.or_(first < edge if span.descending else first > edge, sa.and_(first == edge, id > seen))
            )
        rows = connection.execute(page).all()
        for row in rows:
            yield _Source(-row.end_ms if span.descending else row.start_ms, is_chunk, row.id)
        if len(rows) < LISTED_MAX:
            return
        last = (rows[-1].end_ms if span.descending else rows[-1].start_ms, rows[-1].id)


def _stream_rows(span: Span) -> sa.Select[tuple[int]]:
    query = sa.select(streams.c.id).where(streams.c.log_group == span.group)
    if span.streams is not None:
        query = query.where(streams.c.name.in_(span.streams))
    if span.prefix:
        query = query.where(streams.c.name >= span.prefix, starts_with(streams.c.name, span.prefix))
    return query


def _open_batch(connection: sa.Connection, seq: int) -> list[Row]:
    row = connection.execute(
        sa.select(batches.c.log_stream, batches.c.ingestion_ms, batches.c.content).where(batches.c.seq == seq)
    ).one()
    return sorted(batch_rows(seq, row.log_stream, row.ingestion_ms, row.content), key=PLACE)


def batch_rows(seq: int, stream: int, ingestion_ms: int, content: bytes) -> list[Row]:
    """A batch's events as those of chunks."""
    return [
        Row(event.timestamp_ms, seq, number, stream, ingestion_ms, event.message)
        for number, event in enumerate(unpack_events(content))
    ]


def _open_chunk(connection: sa.Connection, chunk: int) -> list[Row]:
    content = connection.scalar(sa.select(chunks.c.content).where(chunks.c.id == chunk))
    assert content is not None, "chunks go in other transactions than this one"
    return unpack_rows(content)
