"""Sealing a full segment, a little at a time: its Bloom filter is made, and its write-ahead log put away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cairn.cloudtrail.history.bloom import BloomBuilder
from cairn.cloudtrail.history.facts import Field, term_key
from cairn.cloudtrail.history.manifest import SegmentInfo, filter_file, segment_file
from cairn.cloudtrail.history.schema import open_to_write
from cairn.core.clock import Clock

KEYS_A_SLICE = 4000
BUSY_MS = 20
"""How long a reader in the middle of the log is waited for at a time."""


class Sealing:
    """One segment on its way from full to sealed. Starting it again from the beginning is harmless."""

    def __init__(self, folder: Path, info: SegmentInfo) -> None:
        self.info = info
        self._folder = folder
        self._connection = open_to_write(segment_file(folder, info.name))
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")  # the sink waits meanwhile
        terms = self._connection.execute("SELECT count(*) FROM terms").fetchone()[0]
        self._builder = BloomBuilder(info.events + terms)
        self._slices = self._keys()

    def work(self, clock: Clock, seconds_max: float) -> bool:
        """Go on for about so long. Returns whether all is done and durable.

        Raises:
            sqlite3.Error: the segment cannot be read.
        """
        deadline = clock.monotonic() + seconds_max
        for keys in self._slices:
            self._builder.add_all(keys)
            if clock.monotonic() >= deadline:
                return False
        if self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            return False  # a reader is in the middle of the log; the next call tries again
        self._builder.save(filter_file(self._folder, self.info.name))
        self.close()
        return True

    def close(self) -> None:
        self._connection.close()

    def _keys(self) -> Iterator[list[bytes]]:
        """Every key that the segment can be asked for, in slices."""
        query = self._connection.execute
        seq = -1
        while rows := query(
            "SELECT id, seq FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (seq, KEYS_A_SLICE)
        ).fetchall():
            seq = rows[-1][1]
            yield [row[0] for row in rows]
        scopes = {number: tuple(scope) for number, *scope in query("SELECT * FROM scopes")}
        term = 0
        while rows := query("SELECT * FROM terms WHERE id > ? ORDER BY id LIMIT ?", (term, KEYS_A_SLICE)).fetchall():
            term = rows[-1][0]
            yield [term_key(scopes[scope], Field(field), value) for _, scope, field, value in rows]
