"""Reading one segment: by its inverted index to places, from places to events."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from cairn.cloudtrail.history.columns import NAMES
from cairn.cloudtrail.history.facts import TIMES, Field, Scope, facts_of, id_key, id_text
from cairn.cloudtrail.history.manifest import SegmentInfo
from cairn.cloudtrail.history.packing import RecordDamaged, Unpacker
from cairn.core.records.event import EventHeader

SCOPES_CACHED_MAX = 10_000
ROWS_A_QUERY = 500

Place = tuple[int, int]
"""Where an event stands: its time in seconds, then its number. Newer events have greater places."""

_T = TypeVar("_T")
_decoder = msgspec.json.Decoder()


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as history gives it back. Empty texts are values that it does not have."""

    place: Place
    id: str
    account: str
    region: str
    category: str
    time: int
    read_only: bool
    name: str
    source: str
    user: str
    access_key: str
    error: str
    source_ip: str
    resources: tuple[tuple[str, str], ...]
    """(type, name) of each."""
    record: bytes
    """The record's JSON, byte for byte as it was recorded."""

    @property
    def header(self) -> EventHeader:
        return EventHeader(
            id=self.id,
            account=self.account,
            region=self.region,
            category=self.category,
            time=self.time,
            read_only=self.read_only,
            source=self.source,
            name=self.name,
        )


class SetAside(msgspec.Struct, frozen=True):
    """An event that could not be taken in, kept beside the others with the reason."""

    position: int
    """The batch in the journal."""
    place: int
    """Which event of the batch."""
    arrived: int
    event_id: str
    reason: str
    record: bytes


class SegmentReader:
    """A connection to one segment. Serves one thread at a time."""

    def __init__(self, info: SegmentInfo, connection: sqlite3.Connection) -> None:
        self.info = info
        self.connection = connection
        self._unpacker = Unpacker({})
        self._newest_dictionary = -1
        self._covered = 0  # the dictionaries of all events before this number are at hand
        self._scopes: dict[Scope, int] = {}
        self._scope_names: dict[int, Scope] = {}

    def scope(self, scope: Scope) -> int | None:
        """The scope's number, None if the segment holds nothing of it."""
        number = self._scopes.get(scope)
        if number is None:
            found = self.connection.execute(
                "SELECT id FROM scopes WHERE account = ? AND region = ? AND category = ?", scope
            ).fetchone()
            if found is None:
                return None
            if len(self._scopes) >= SCOPES_CACHED_MAX:
                self._scopes.clear()
            number = self._scopes[scope] = int(found[0])
        return number

    def term(self, scope: Scope, field: Field, value: str) -> int | None:
        """The term's number, None if no event of the segment has it."""
        number = self.scope(scope)
        if number is None:
            return None
        found = self.connection.execute(
            "SELECT id FROM terms WHERE scope = ? AND field = ? AND value = ?", (number, int(field), value)
        ).fetchone()
        return None if found is None else int(found[0])

    def newest(self, term: int, *, below: Place, time_min: int, seq_min: int, seq_end: int, limit: int) -> list[Place]:
        """Places of the events that have `term`, newest first: under `below`, not before `time_min`, with numbers
        from `seq_min` up to, not including, `seq_end`."""
        rows = self.connection.execute(
            "SELECT time, seq FROM postings WHERE term = ? AND (time, seq) < (?, ?) AND time >= ?"
            " AND seq >= ? AND seq < ? ORDER BY time DESC, seq DESC LIMIT ?",
            (term, *below, time_min, seq_min, seq_end, limit),
        )
        return placed(rows.fetchall())

    def by_id(self, event_id: str, scope: Scope) -> Place | None:
        """Where the event of this id in this scope is."""
        number = self.scope(scope)
        if number is None:
            return None
        rows = self.connection.execute(
            "SELECT time, seq FROM events WHERE id = ? AND scope = ?", (id_key(event_id), number)
        )
        return next(iter(placed(rows.fetchall())), None)

    def record(self, seq: int) -> bytes:
        """The record of the event with this number.

        Raises:
            RecordDamaged: it is not there, or not as it was written.
        """
        found = self.connection.execute("SELECT record FROM records WHERE seq = ?", (seq,)).fetchone()
        if found is None:
            raise RecordDamaged(f"event {seq} has no record")
        return self._unpack(found[0], seq)

    def records(self, seqs: Sequence[int]) -> list[bytes]:
        """The records of the events with these numbers, in this order.

        Raises:
            RecordDamaged: one of them is not there, or not as it was written.
        """
        packed: dict[int, bytes] = {}
        for start in range(0, len(seqs), ROWS_A_QUERY):
            some = seqs[start : start + ROWS_A_QUERY]
            query = f"SELECT seq, record FROM records WHERE seq IN ({marks(some)})"  # noqa: S608 - question marks
            packed.update(self.connection.execute(query, some).fetchall())
        if len(packed) < len(seqs):
            raise RecordDamaged(f"{len(seqs) - len(packed)} events have no record")
        return [self._unpack(packed[seq], seq) for seq in seqs]

    def facts(self, start: int, end: int) -> list[tuple[Any, ...]]:
        """Of the events numbered from `start` up to, not including, `end`: the number, then the values of
        `columns.NAMES`."""
        return self.connection.execute(
            f"SELECT seq, {', '.join(NAMES)} FROM events WHERE seq >= ? AND seq < ? ORDER BY seq",  # noqa: S608
            (start, end),
        ).fetchall()

    def events(self, seqs: Sequence[int]) -> tuple[list[StoredEvent], list[str]]:
        """The events with these numbers, in any order, and what is wrong with those that cannot be read."""
        events: list[StoredEvent] = []
        wrong: list[str] = []
        for start in range(0, len(seqs), ROWS_A_QUERY):
            some = seqs[start : start + ROWS_A_QUERY]
            query = (
                "SELECT e.seq, e.id, e.time, e.read_only, e.scope, r.record"  # noqa: S608 - question marks
                f" FROM events e JOIN records r ON r.seq = e.seq WHERE e.seq IN ({marks(some)})"
            )
            rows = self.connection.execute(query, some).fetchall()
            if len(rows) < len(some):
                wrong.append(f"{len(some) - len(rows)} of {len(some)} events are missing")
            for row in rows:
                try:
                    events.append(self._event(*row))
                except RecordDamaged as error:
                    wrong.append(error.message)
        return events, wrong

    def _event(self, seq: int, key: bytes, time: int, read_only: int, scope: int, packed: bytes) -> StoredEvent:
        account, region, category = self._scope_of(scope)
        if not (isinstance(key, bytes) and isinstance(time, int) and time in TIMES):
            raise RecordDamaged(f"event {seq} is garbled")
        record = self._unpack(packed, seq)
        parsed = parse(record)
        source, name = str(parsed.get("eventSource") or ""), str(parsed.get("eventName") or "")
        header = EventHeader(id_text(key), account, region, category, time, bool(read_only), source, name)
        facts = facts_of(header, parsed)
        return StoredEvent(
            place=(time, seq),
            id=header.id,
            account=account,
            region=region,
            category=category,
            time=time,
            read_only=facts.read_only,
            name=facts.name,
            source=facts.source,
            user=facts.user,
            access_key=facts.access_key,
            error=facts.error,
            source_ip=facts.source_ip,
            resources=facts.resources,
            record=record,
        )

    def _scope_of(self, number: int) -> Scope:
        scope = self._scope_names.get(number)
        if scope is None:
            for key, *names in self.connection.execute("SELECT id, account, region, category FROM scopes"):
                self._scope_names[key] = (names[0], names[1], names[2])
            scope = self._scope_names.get(number)
            if scope is None:
                raise RecordDamaged(f"there is no scope {number}")
        return scope

    def _unpack(self, packed: bytes, seq: int) -> bytes:
        if seq >= self._covered:
            self._cover(seq)
        return self._unpacker.unpack(packed, seq)

    def first_since(self, arrived: int) -> int:
        """The number of the first event that arrived at `arrived` (seconds since the epoch) or later."""
        found = self.connection.execute(
            "SELECT first_seq FROM arrivals WHERE arrived >= ? ORDER BY arrived LIMIT 1", (arrived,)
        ).fetchone()
        return stored(found[0], int) if found is not None else self.end()

    def end(self) -> int:
        """The number that the segment's next event has or would have."""
        found = self.connection.execute("SELECT max(seq) + 1 FROM events").fetchone()
        return int(found[0]) if found[0] is not None else self.info.first_seq

    def _cover(self, seq: int) -> None:
        """Have the dictionary of `seq` at hand."""
        end = self.end()  # asked before: the dictionaries of all events before it are stored by now
        newest = self.connection.execute("SELECT max(first_seq) FROM dictionaries").fetchone()[0]
        if newest != self._newest_dictionary:
            self._unpacker = Unpacker(dict(self.connection.execute("SELECT first_seq, content FROM dictionaries")))
            self._newest_dictionary = newest
        self._covered = max(end, seq + 1)


def placed(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows that begin with an event's time and number.

    Raises:
        RecordDamaged: one begins with something else: a flipped bit can make that of a number.
    """
    if not {type(value) for row in rows for value in row[:2]} <= {int}:
        raise RecordDamaged("the place of an event is garbled")
    return rows


def stored(value: object, kind: type[_T]) -> _T:
    """A number or a text as it was stored.

    Raises:
        RecordDamaged: it is none any more.
    """
    if not isinstance(value, kind):
        raise RecordDamaged(f"what should be {kind.__name__} is garbled")
    return value


def parse(record: bytes) -> dict[str, Any]:
    """A record that is known to be a JSON object."""
    parsed: dict[str, Any] = _decoder.decode(record)
    return parsed


def ids_in(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[bytes]:
    """Those of the ids, as `id_key` made them, that a segment holds."""
    known: list[bytes] = []
    for start in range(0, len(keys), ROWS_A_QUERY):
        some = keys[start : start + ROWS_A_QUERY]
        query = f"SELECT id FROM events WHERE id IN ({marks(some)})"  # noqa: S608 - question marks
        known += (key for (key,) in connection.execute(query, some))
    return known


def known_ids(keys: Sequence[bytes], reader: SegmentReader) -> list[bytes]:
    return ids_in(reader.connection, keys)


def newest_set_aside(limit: int, reader: SegmentReader) -> list[SetAside]:
    """The newest events that were set aside while the segment was written, oldest first."""
    rows = reader.connection.execute("SELECT * FROM set_aside ORDER BY position DESC, place DESC LIMIT ?", (limit,))
    return [SetAside(*row) for row in rows][::-1]


def marks(values: Sequence[object]) -> str:
    """As many question marks for a query as there are values."""
    return ", ".join("?" * len(values))


def journal_position(reader: SegmentReader) -> int:
    """The journal position behind everything that the segment holds."""
    row = reader.connection.execute("SELECT value FROM meta WHERE name = 'position'").fetchone()
    return stored(row[0] if row else None, int)
