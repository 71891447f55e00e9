"""A segment that is being written: events and the journal position they came from, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cairn.cloudtrail.history import schema
from cairn.cloudtrail.history.facts import SINGLE, Facts, Field, Scope, id_key, indexed
from cairn.cloudtrail.history.packing import dictionary_of, pack
from cairn.cloudtrail.history.segment_reader import SetAside, ids_in
from cairn.core.records.event import EventHeader

TERMS_CACHED_MAX = 100_000
DICTIONARY_AT = (64, 4096, 65536)
"""After how many events of a segment the records are packed against newer ones."""
DICTIONARY_RECORDS = 48


class Arrival(msgspec.Struct, frozen=True):
    """An event on its way into a segment."""

    header: EventHeader
    facts: Facts
    record: bytes
    arrived: int
    """When the journal took it, seconds since the epoch."""

    @property
    def scope(self) -> Scope:
        return self.header.account, self.header.region, self.header.category


class Extent(msgspec.Struct, frozen=True):
    """What a segment holds."""

    next_seq: int
    next_position: int
    events: int
    time_min: int
    time_max: int
    arrived_min: int
    arrived_max: int
    scopes: tuple[Scope, ...]


class SegmentWriter:
    """The one writer of a segment. Not for more than one thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._reload()

    @classmethod
    def create(cls, path: Path, *, first_seq: int, position: int) -> SegmentWriter:
        """A new, empty segment whose events will be numbered from `first_seq`."""
        connection = schema.create(path)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [("first_seq", first_seq), ("first_position", position), ("position", position), ("duplicates", 0)],
        )
        return cls(path, connection)

    @classmethod
    def open(cls, path: Path) -> SegmentWriter:
        """A segment as its last committed transaction left it.

        Raises:
            sqlite3.Error: the file is missing, damaged or no segment.
        """
        return cls(path, schema.open_to_write(path))

    @property
    def events(self) -> int:
        return self.next_seq - self.first_seq

    def append(self, arrivals: Sequence[Arrival], *, position: int, set_aside: Sequence[SetAside] = ()) -> int:
        """Store events and the position behind them at once; returns how many were new.

        An event whose eventID the segment already holds, or that comes twice, is counted and not stored again.
        """
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            fresh = self._without_known(arrivals)
            self._insert(fresh)
            connection.executemany(
                "INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?, ?, ?, ?)",
                [msgspec.structs.astuple(item) for item in set_aside],
            )
            connection.execute("UPDATE meta SET value = ? WHERE name = 'position'", (position,))
            repeated = len(arrivals) - len(fresh)
            if repeated:
                connection.execute("UPDATE meta SET value = value + ? WHERE name = 'duplicates'", (repeated,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._reload()
            raise
        self.position = position
        self.duplicates += repeated
        return len(fresh)

    def add_duplicates(self, count: int) -> None:
        """Count repeats that were found elsewhere. They are stored with the next transaction that stores anything."""
        self._connection.execute("UPDATE meta SET value = value + ? WHERE name = 'duplicates'", (count,))
        self.duplicates += count

    def extent(self) -> Extent:
        """What it holds, read from its index."""
        one = self._connection.execute
        times = [
            (low, high)
            for (term,) in one("SELECT id FROM terms WHERE field = ?", (int(Field.ALL),))
            for low, high in one("SELECT min(time), max(time) FROM postings WHERE term = ?", (term,))
        ]
        arrived_min, arrived_max = one("SELECT min(arrived), max(arrived) FROM arrivals").fetchone()
        return Extent(
            next_seq=self.next_seq,
            next_position=self.position,
            events=self.events,
            time_min=min((low for low, _ in times), default=0),
            time_max=max((high for _, high in times), default=0),
            arrived_min=arrived_min or 0,
            arrived_max=max(arrived_max or 0, self.last_arrived),
            scopes=tuple(one("SELECT account, region, category FROM scopes").fetchall()),
        )

    def checkpoint(self) -> bool:
        """Move everything from the write-ahead log into the file, durably. False: a reader is still in the way."""
        busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def close(self) -> None:
        self._connection.close()

    def _reload(self) -> None:
        """Take everything that is kept in memory from the file."""
        one = self._connection.execute
        meta: dict[str, int] = dict(one("SELECT name, value FROM meta").fetchall())
        self.first_seq = meta["first_seq"]
        self.first_position = meta["first_position"]
        self.position = meta["position"]
        self.duplicates = meta["duplicates"]
        self.next_seq: int = one("SELECT coalesce(max(seq) + 1, ?) FROM events", (self.first_seq,)).fetchone()[0]
        self._next_term: int = one("SELECT coalesce(max(id), 0) + 1 FROM terms").fetchone()[0]
        self.first_arrived, self.last_arrived = one(
            "SELECT coalesce(min(arrived), 0), coalesce(max(arrived), 0) FROM arrivals"
        ).fetchone()
        newest = one("SELECT content FROM dictionaries ORDER BY first_seq DESC LIMIT 1").fetchone()
        self._dictionary: bytes | None = newest[0] if newest else None
        self._terms: dict[tuple[int, Field, str], int] = {}
        self._scopes: dict[Scope, int] = {}

    def _without_known(self, arrivals: Sequence[Arrival]) -> list[tuple[bytes, Arrival]]:
        by_key: dict[bytes, Arrival] = {}
        for arrival in arrivals:
            by_key.setdefault(id_key(arrival.header.id), arrival)
        for known in ids_in(self._connection, list(by_key)):
            del by_key[known]
        return list(by_key.items())

    def _insert(self, fresh: Sequence[tuple[bytes, Arrival]]) -> None:
        events, records, postings = [], [], []
        seconds: dict[int, int] = {}
        for key, arrival in fresh:
            seq = self.next_seq
            self.next_seq += 1
            dictionary = self._dictionary_for(seq, fresh)
            scope = self._scope(arrival.scope)
            time = arrival.header.time
            columns = [
                self._term(scope, field, indexed(value)) if value else None
                for field, value in zip(SINGLE, arrival.facts.single(), strict=True)
            ]
            events.append((seq, key, scope, time, arrival.header.read_only, *columns))
            records.append((seq, pack(arrival.record, dictionary)))
            for field, value in arrival.facts.terms():
                postings.append((self._term(scope, field, value), time, seq))
            # the journal's time never decreases; a clock that was set back must not undo the order
            self.last_arrived = max(self.last_arrived, arrival.arrived)
            seconds.setdefault(self.last_arrived, seq)
        if seconds and not self.first_arrived:
            self.first_arrived = min(seconds)
        postings.sort()
        many = self._connection.executemany
        many("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", events)
        many("INSERT INTO records VALUES (?, ?)", records)
        many("INSERT INTO postings VALUES (?, ?, ?)", postings)
        many("INSERT OR IGNORE INTO arrivals VALUES (?, ?)", seconds.items())

    def _dictionary_for(self, seq: int, fresh: Sequence[tuple[bytes, Arrival]]) -> bytes:
        if self._dictionary is None or seq - self.first_seq in DICTIONARY_AT:
            step = max(1, len(fresh) // DICTIONARY_RECORDS)
            self._dictionary = dictionary_of(arrival.record for _, arrival in fresh[::step])
            self._connection.execute("INSERT INTO dictionaries VALUES (?, ?)", (seq, self._dictionary))
        return self._dictionary

    def _scope(self, scope: Scope) -> int:
        number = self._scopes.get(scope)
        if number is None:
            one = self._connection.execute
            one("INSERT OR IGNORE INTO scopes (account, region, category) VALUES (?, ?, ?)", scope)
            found = one("SELECT id FROM scopes WHERE account = ? AND region = ? AND category = ?", scope).fetchone()
            number = self._scopes[scope] = int(found[0])
        return number

    def _term(self, scope: int, field: Field, value: str) -> int:
        term = (scope, field, value)
        number = self._terms.get(term)
        if number is None:
            one = self._connection.execute
            row = (scope, int(field), value)
            found = one("SELECT id FROM terms WHERE scope = ? AND field = ? AND value = ?", row).fetchone()
            if found is None:
                number = self._next_term
                self._next_term += 1
                one("INSERT INTO terms VALUES (?, ?, ?, ?)", (number, *row))
            else:
                number = int(found[0])
            if len(self._terms) >= TERMS_CACHED_MAX:
                self._terms.clear()
            self._terms[term] = number
        return number
