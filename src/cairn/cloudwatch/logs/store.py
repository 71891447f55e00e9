"""The store of log events: what was put is durable, is read on by every sink in order, and is found by time.

A put is one row, a batch, with a number that grows over all groups; that is what sinks read. Batches that every sink
has passed are made into chunks (`compaction`), which hold many events of one group in the order of time. Readers by
time (`read`) see both alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.commit import GroupCommit
from cairn.cloudwatch.logs.events import LogBatch, LogEvent, Place, StoredEvent, pack, size_of, unpack_events
from cairn.cloudwatch.logs.groups import Group, Groups, find, get
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.reading import FOREVER_MS, Span, sweep
from cairn.cloudwatch.logs.streams import Stream, Streams
from cairn.cloudwatch.logs.streams import find as find_stream
from cairn.cloudwatch.logs.tables import batches, graves, groups, living, readers, streams
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.state import State

COMMIT_BYTES_MAX = 8 << 20
"""Packed bytes of puts that share one transaction."""
READ_BYTES_MAX = 4 << 20
"""Packed bytes that `read_from` reads by itself."""

_SEQUENCE = ""  # the reader whose position is the next seq


class Once(msgspec.Struct, frozen=True):
    """Says where its reader stands once a put is durable, so that nothing is put twice."""

    reader: str
    """Such as `trail:ARN`; one that only one thread of one process puts for."""
    position: int
    """Beyond every earlier one."""


class Accepted(msgspec.Struct, frozen=True):
    """What became of a put."""

    seq: int
    """Its number; 0 where its reader stood there already, so that nothing was put."""


class _Put(msgspec.Struct, frozen=True):
    group: GroupId
    stream: str
    start_ms: int
    end_ms: int
    events: int
    size: int
    content: bytes
    once: Once | None


class LogStore:
    """The events of all log groups. For many threads and processes at once."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self.clock = clock
        self.groups = Groups(state, clock)
        self.streams = Streams(state, clock)
        self._commit: GroupCommit[_Put, Accepted] = GroupCommit(
            self._write, size=lambda put: len(put.content), bytes_max=COMMIT_BYTES_MAX
        )

    def group(self, arn: str) -> Group | None:
        """The log group of an ARN, with or without `:*`; None where there is none."""
        named = GroupId.of_arn(arn)
        if named is None:
            return None
        with self.state.read() as connection:
            return find(connection, named)

    def destination(self, group: GroupId, stream: str) -> tuple[Group, Stream]:
        """Where a put goes.

        Raises:
            AwsError: ResourceNotFoundException: there is no such group, or no such stream.
        """
        with self.state.read() as connection:
            found = get(connection, group)
            named = find_stream(connection, found.row, stream)
        if named is None:
            raise refusals.stream_not_found()
        return found, named

    def put(self, group: GroupId, stream: str, events: Sequence[LogEvent], *, once: Once | None = None) -> Accepted:
        """Store events, durable when it returns. Whether AWS would take them is for `intake` to say.

        Raises:
            AwsError: ResourceNotFoundException: there is no such group, or no such stream.
        """
        return self._commit.submit(
            _Put(
                group=group,
                stream=stream,
                start_ms=min((event.timestamp_ms for event in events), default=0),
                end_ms=max((event.timestamp_ms for event in events), default=0),
                events=len(events),
                size=size_of(events),
                content=pack(events) if events else b"",
                once=once,
            )
        )

    def end(self) -> int:
        """The number that the next put will have."""
        with self.state.read() as connection:
            return self.next_seq(connection)

    def next_seq(self, connection: sa.Connection) -> int:
        """As `end`, in a transaction: every put that is not durable yet has this number or a greater one."""
        return _position(connection, _SEQUENCE)

    def position_of(self, reader: str) -> int:
        """Where a reader of `Once` stands; 0 for one that never put anything."""
        with self.state.read() as connection:
            return _position(connection, reader)

    def read_from(self, seq: int, *, bytes_max: int = READ_BYTES_MAX, deleted: bool = False) -> list[LogBatch]:
        """Puts from a number on, in order; at least one if there is one, and no more than have `bytes_max` packed.

        Only puts that the compaction has left alone are among them: it waits for its sinks, and for
        `compaction.COMPACT_AFTER_S` seconds.

        Args:
            deleted: also those of groups and streams that were deleted since, for sinks: whoever deletes a stream does
                not undo what was put. The cleaning waits for them as the compaction does.
        """
        found: list[LogBatch] = []
        size = 0
        query = _READ_ALL_FROM if deleted else _READ_FROM
        with (
            self.state.read() as connection,
            connection.execution_options(stream_results=True).execute(query, {"seq": seq}) as rows,
        ):
            for row in rows:
                size += len(row.content)
                if found and size > bytes_max:
                    break
                group = GroupId(row.account, row.region, row.group_name)
                events = unpack_events(row.content)
                found.append(LogBatch(row.seq, group, row.log_group, row.stream_name, row.ingestion_ms, events))
        return found

    def read(
        self,
        group: GroupId,
        *,
        streams: Sequence[str] | None = None,
        prefix: str = "",
        start_ms: int = 0,
        end_ms: int = FOREVER_MS,
        after: Place | None = None,
        descending: bool = False,
    ) -> Iterator[StoredEvent]:
        """Events of a group in the order of their places, with flat memory however many there are.

        What is put while it runs may come or not; nothing comes twice. Events beyond the group's retention do not.

        Args:
            streams: names; None: of all streams.
            prefix: of the streams' names.
            start_ms, end_ms: timestamps of the first and of the last event, both included.
            after: only events that come later than this place in the order of the reading.
            descending: the youngest first.

        Raises:
            AwsError: ResourceNotFoundException: there is no such group.
        """
        with self.state.read() as connection:
            found = get(connection, group)
        first_ms = min(max(start_ms, found.oldest_ms(self.now_ms())), FOREVER_MS)
        span = Span(found.row, streams, prefix, first_ms, min(end_ms, FOREVER_MS), descending)
        return sweep(self.state, span, after)

    def stored_bytes_of(self, group: Group) -> int:
        """Bytes of a group's events, as AWS counts those of a put."""
        return self.groups.stored_bytes([group])[group.id]

    def now_ms(self) -> int:
        return int(self.clock.now() * 1000)

    def _write(self, puts: list[_Put]) -> list[Accepted | Exception]:
        now_ms = self.now_ms()
        outcomes: list[Accepted | Exception] = []
        rows = []
        with self.state.write() as connection:
            for put in puts:
                row = _prepare(connection, put, now_ms)
                if isinstance(row, dict):
                    rows.append(row)
                    outcomes.append(Accepted(len(rows)))
                else:
                    outcomes.append(row)
            if rows:
                first = connection.scalar(_ADVANCE, {"count": len(rows)}) - len(rows)
                connection.execute(_INSERT, [row | {"seq": first + number} for number, row in enumerate(rows)])
                outcomes = [_numbered(outcome, first) for outcome in outcomes]
            failpoint("logs.put_written")
        failpoint("logs.put_durable")
        return outcomes


def _numbered(outcome: Accepted | Exception, first: int) -> Accepted | Exception:
    if isinstance(outcome, Accepted) and outcome.seq:
        return Accepted(first + outcome.seq - 1)
    return outcome


def _prepare(connection: sa.Connection, put: _Put, now_ms: int) -> dict[str, object] | Accepted | Exception:
    """What to insert for a put; else what it comes to without."""
    if put.once is not None and _position(connection, put.once.reader) >= put.once.position:
        return Accepted(0)
    if put.events:
        stream = connection.execute(
            _TOUCH,
            {
                "account": put.group.account,
                "region": put.group.region,
                "group_name": put.group.name,
                "stream_name": put.stream,
                "start_ms": put.start_ms,
                "end_ms": put.end_ms,
                "now_ms": now_ms,
            },
        ).one_or_none()
        if stream is None:
            missing = find(connection, put.group) is None
            return refusals.group_not_found() if missing else refusals.stream_not_found()
    if put.once is not None:
        move(connection, put.once)
    if not put.events:
        return Accepted(0)
    assert stream is not None
    return {
        "log_group": stream.log_group,
        "log_stream": stream.id,
        "ingestion_ms": now_ms,
        "start_ms": put.start_ms,
        "end_ms": put.end_ms,
        "events": put.events,
        "bytes": put.size,
        "content": put.content,
    }


def _position(connection: sa.Connection, reader: str) -> int:
    return connection.scalar(_POSITION, {"reader": reader}) or 0


def move(connection: sa.Connection, once: Once) -> None:
    """Where a reader stands from now on."""
    if not connection.execute(_MOVE, {"name": once.reader, "to": once.position}).rowcount:
        connection.execute(sa.insert(readers).values(reader=once.reader, position=once.position))


_POSITION = sa.select(readers.c.position).where(readers.c.reader == sa.bindparam("reader"))
_MOVE = sa.update(readers).where(readers.c.reader == sa.bindparam("name")).values(position=sa.bindparam("to"))
# On PostgreSQL the row's lock keeps other writers waiting until we have committed: numbers appear in order.
_ADVANCE = (
    sa.update(readers)
    .where(readers.c.reader == _SEQUENCE)
    .values(position=readers.c.position + sa.bindparam("count"))
    .returning(readers.c.position)
)
_INSERT = sa.insert(batches)
_START, _END = sa.bindparam("start_ms", type_=sa.BigInteger), sa.bindparam("end_ms", type_=sa.BigInteger)
_TOUCH = (
    sa.update(streams)
    .where(
        streams.c.name == sa.bindparam("stream_name"),
        streams.c.log_group
        == sa.select(groups.c.id)
        .where(
            groups.c.account == sa.bindparam("account"),
            groups.c.region == sa.bindparam("region"),
            groups.c.name == sa.bindparam("group_name"),
            living,
        )
        .scalar_subquery(),
    )
    .values(
        first_event_ms=sa.case((streams.c.first_event_ms < _START, streams.c.first_event_ms), else_=_START),
        last_event_ms=sa.case((streams.c.last_event_ms > _END, streams.c.last_event_ms), else_=_END),
        last_ingestion_ms=sa.bindparam("now_ms"),
    )
    .returning(streams.c.id, streams.c.log_group)
)
_STREAM_NAME = sa.func.coalesce(streams.c.name, graves.c.stream_name)
_READ_ALL_FROM = (
    sa.select(
        batches.c.seq,
        batches.c.log_group,
        groups.c.account,
        groups.c.region,
        groups.c.name.label("group_name"),
        _STREAM_NAME.label("stream_name"),
        batches.c.ingestion_ms,
        batches.c.content,
    )
    .join(groups, groups.c.id == batches.c.log_group)
    .outerjoin(streams, streams.c.id == batches.c.log_stream)
    .outerjoin(graves, graves.c.log_stream == batches.c.log_stream)
    .where(batches.c.seq >= sa.bindparam("seq"), _STREAM_NAME.is_not(None))
    .order_by(batches.c.seq)
)
_READ_FROM = _READ_ALL_FROM.where(living, streams.c.id.is_not(None))
