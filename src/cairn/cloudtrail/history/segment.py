"""A segment that is being written: events and the journal position they came from, in one transaction."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cairn.cloudtrail.history import schema
from cairn.cloudtrail.history.facts import SINGLE, Facts, Field, Scope, id_key
from cairn.cloudtrail.history.packing import dictionary_of, pack
from cairn.cloudtrail.history.segment_reader import SetAside, ids_in
from cairn.core.records.event import EventHeader

TERMS_CACHED_MAX = 100_000
DICTIONARY_AT = (64, 4096, 65536)
"""After how many events of a segment the records are packed against newer ones."""
DICTIONARY_RECORDS = 48

_COLUMN = [SINGLE.index(field) if field in SINGLE else None for field in Field]
_TERM = operator.itemgetter(0)


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
        schema.create(path, {"first_seq": first_seq, "first_position": position, "position": position, "duplicates": 0})
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> SegmentWriter:
        """A segment as its last committed transaction left it.

        Raises:
            sqlite3.Error: the file is missing, damaged or no segment.
        """
        try:
            connection = schema.open_to_write(path)
            try:
                return cls(path, connection)
            except BaseException:
                connection.close()
                raise
        except (KeyError, TypeError, ValueError) as error:  # what flipped bits made of it
            raise sqlite3.DatabaseError(f"the segment is garbled: {error!r}") from error

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
        # each minimum and maximum in a query of its own: only so are they read off an index's end
        times = [
            one(
                "SELECT (SELECT min(time) FROM postings WHERE term = t.id), (SELECT max(time) FROM postings"
                " WHERE term = t.id) FROM terms t WHERE t.scope = ? AND t.field = ? AND t.value = ''",
                (scope, int(Field.ALL)),
            ).fetchone()
            for (scope,) in one("SELECT id FROM scopes").fetchall()
        ]
        return Extent(
            next_seq=self.next_seq,
            next_position=self.position,
            events=self.events,
            time_min=min((low for low, _ in times), default=0),
            time_max=max((high for _, high in times), default=0),
            arrived_min=self.first_arrived,
            arrived_max=self.last_arrived,
            scopes=tuple(one("SELECT account, region, category FROM scopes").fetchall()),
        )

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
            "SELECT coalesce((SELECT min(arrived) FROM arrivals), 0), coalesce((SELECT max(arrived) FROM arrivals), 0)"
        ).fetchone()
        newest = one("SELECT content FROM dictionaries ORDER BY first_seq DESC LIMIT 1").fetchone()
        self._dictionary: bytes | None = newest[0] if newest else None
        self._scopes: dict[Scope, _CachedScope] = {}
        self._cached = 0

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
            seq, time = self.next_seq, arrival.header.time
            self.next_seq += 1
            scope = self._scope(arrival.scope)
            columns: list[int | None] = [None] * len(SINGLE)
            for field, value in arrival.facts.terms():
                term = scope.terms[field].get(value) or self._number(scope, field, value)
                postings.append((term, time, seq))
                if (column := _COLUMN[field]) is not None:
                    columns[column] = term
            events.append((seq, key, scope.number, time, arrival.header.read_only, *columns))
            records.append((seq, pack(arrival.record, self._dictionary_for(seq, fresh))))
            # the journal's time never decreases; a clock that was set back must not undo the order
            self.last_arrived = max(self.last_arrived, arrival.arrived)
            seconds.setdefault(self.last_arrived, seq)
        if seconds and not self.first_arrived:
            self.first_arrived = min(seconds)
        postings.sort(key=_TERM)  # neighbours in the index go in together
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

    def _scope(self, scope: Scope) -> _CachedScope:
        cached = self._scopes.get(scope)
        if cached is None:
            one = self._connection.execute
            one("INSERT OR IGNORE INTO scopes (account, region, category) VALUES (?, ?, ?)", scope)
            found = one("SELECT id FROM scopes WHERE account = ? AND region = ? AND category = ?", scope).fetchone()
            cached = self._scopes[scope] = _CachedScope(int(found[0]))
        return cached

    def _number(self, scope: _CachedScope, field: Field, value: str) -> int:
        """The number of a term that is not cached; a new one if the segment does not have it."""
        one = self._connection.execute
        row = (scope.number, int(field), value)
        number = self._next_term
        if one("INSERT INTO terms VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (number, *row)).rowcount:
            self._next_term += 1
        else:
            number = int(one("SELECT id FROM terms WHERE scope = ? AND field = ? AND value = ?", row).fetchone()[0])
        if self._cached >= TERMS_CACHED_MAX:
            self._scopes.clear()  # the scope in hand goes on with a cache of its own until the next event
            self._cached = 0
        self._cached += 1
        scope.terms[field][value] = number
        return number


class _CachedScope:
    """A scope's number, and the numbers of the terms that were met in it lately."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.terms: list[dict[str, int]] = [{} for _ in Field]
