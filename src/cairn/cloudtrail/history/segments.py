"""Reading segments from any process: connections that are kept, filters that are asked first, damage that is told."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from cairn.cloudtrail.history import schema
from cairn.cloudtrail.history.bloom import Bloom, FilterDamaged
from cairn.cloudtrail.history.columns import Columns
from cairn.cloudtrail.history.manifest import (
    Manifest,
    ManifestWatch,
    SegmentInfo,
    columns_file,
    filter_file,
    segment_file,
)
from cairn.cloudtrail.history.packing import RecordDamaged
from cairn.cloudtrail.history.segment_reader import SegmentReader, placed
from cairn.core.durable import write_durably

log = logging.getLogger(__name__)

IDLE_CONNECTIONS_MAX = 4
"""Connections kept a segment. More are opened under load, and closed again."""
SEGMENTS_OPEN_MAX = 64
DAMAGE_SUFFIX = ".damage"
REASON_CHARS_MAX = 500
ROWS_A_READ = 10_000


_T = TypeVar("_T")
_GARBLED = (RecordDamaged, KeyError, TypeError, ValueError)
"""What reading raises where flipped bits made something else of a value or of the schema, which SQLite gives out all
the same: a text for a number, a column of another name."""


_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_FULL,
}


def is_damage(error: sqlite3.Error, path: Path) -> bool:
    """Whether `error` says that the segment's file is not as it was written, and not that something passing is in
    the way."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_CANTOPEN:
        return not path.exists()  # else too many files are open, or the like
    return code not in _PASSING


class Damage(msgspec.Struct, frozen=True):
    """A segment that could not be read, or not wholly."""

    segment: str
    reason: str


class Segments:
    """Every segment of a folder, to read. For any number of threads; a process needs one of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._watch = ManifestWatch(folder)
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[str, bool], _Shared] = OrderedDict()

    def manifest(self) -> Manifest:
        """The segments as they stand now.

        Raises:
            ManifestDamaged: the list cannot be read.
        """
        return self._watch.current()

    def may_hold(self, info: SegmentInfo, key: tuple[int, int]) -> bool:
        """False: the segment surely holds nothing under this key of the filter."""
        if info.state != "sealed":
            return True
        bloom = self._shared(info).bloom(self)
        return bloom is None or bloom.may_hold(key)

    def columns(self, info: SegmentInfo) -> Columns:
        """The columns of a segment, which hold as many of its events as they do."""
        return Columns(columns_file(self.folder, info.name))

    def visit(self, info: SegmentInfo, read: Callable[[SegmentReader], _T]) -> _T | None:
        """What `read` returns of a segment, or None where the segment is gone or damaged; damage is noted."""
        try:
            with self.reading(info) as reader:
                return read(reader)
        except (sqlite3.Error, *_GARBLED) as error:
            if isinstance(error, sqlite3.Error) and not is_damage(error, segment_file(self.folder, info.name)):
                raise
            log.info("segment %s could not be read", info.name, exc_info=error)
            if not self._dropped(info):
                self.note_damage(info.name, f"{type(error).__name__}: {error}")
            return None

    @contextmanager
    def reading(self, info: SegmentInfo) -> Iterator[SegmentReader]:
        """A connection to the segment, which is kept for others afterwards.

        Raises:
            sqlite3.Error: the segment cannot be opened.
        """
        shared = self._shared(info)
        reader = shared.take() or SegmentReader(
            info, schema.open_to_read(segment_file(self.folder, info.name), sealed=info.state == "sealed")
        )
        try:
            yield reader
        except BaseException:
            reader.connection.close()
            raise
        shared.give(reader)

    def check(self, info: SegmentInfo) -> str:
        """Read a segment wholly; returns what is wrong with it, or nothing."""
        if info.state == "damaged":
            return info.reason
        try:
            # a connection of its own: those that are kept may hold pages from before the damage
            reader = SegmentReader(
                info, schema.open_to_read(segment_file(self.folder, info.name), sealed=info.state == "sealed")
            )
        except sqlite3.Error as error:
            return f"{type(error).__name__}: {error}"
        try:
            found = reader.connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                return str(found)
            return _read_wholly(reader)
        except (sqlite3.Error, *_GARBLED) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            reader.connection.close()

    def note_damage(self, name: str, reason: str) -> None:
        """Write down, for every process to see, that a segment could not be read. Each is told once."""
        path = self.folder / f"{name}{DAMAGE_SUFFIX}"
        if path.exists():
            return
        log.error("segment %s of the event history is damaged: %s", name, reason)
        try:
            write_durably(path, reason[:REASON_CHARS_MAX].encode())
        except OSError as error:
            log.error("the damage of segment %s could not be written down: %s", name, error)

    def damage(self) -> list[Damage]:
        """What is damaged, by name."""
        return [
            Damage(path.name.removesuffix(DAMAGE_SUFFIX), path.read_text("utf-8", "replace"))
            for path in sorted(self.folder.glob(f"*{DAMAGE_SUFFIX}"))
        ]

    def close(self) -> None:
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def _shared(self, info: SegmentInfo) -> _Shared:
        key = (info.name, info.state == "sealed")
        with self._lock:
            shared = self._open.get(key)
            if shared is None:
                shared = self._open[key] = _Shared(info)
                if info.state == "sealed" and (stale := self._open.pop((info.name, False), None)) is not None:
                    stale.close()
                while len(self._open) > SEGMENTS_OPEN_MAX:
                    self._open.popitem(last=False)[1].close()
            else:
                self._open.move_to_end(key)
            return shared

    def _dropped(self, info: SegmentInfo) -> bool:
        """Whether the segment has left the history, or changed its state, since `info` was read."""
        now = next((other for other in self.manifest().segments if other.name == info.name), None)
        return now is None or now.state != info.state


def _read_wholly(reader: SegmentReader) -> str:
    """What of its events and postings cannot be read, or nothing.

    Raises:
        RecordDamaged: a posting cannot.
    """
    postings = reader.connection.execute("SELECT time, seq FROM postings")
    while rows := postings.fetchmany(ROWS_A_READ):
        placed(rows)
    seqs = reader.connection.execute("SELECT seq FROM events")
    while some := [seq for (seq,) in seqs.fetchmany(ROWS_A_READ)]:
        _, wrong = reader.events(some)
        if wrong:
            return wrong[0]
    return ""


class _Shared:
    """What the threads of a process share of one segment."""

    def __init__(self, info: SegmentInfo) -> None:
        self._info = info
        self._lock = threading.Lock()
        self._idle: list[SegmentReader] = []
        self._closed = False
        self._bloom: Bloom | None = None
        self._bloom_tried = False

    def take(self) -> SegmentReader | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def give(self, reader: SegmentReader) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_CONNECTIONS_MAX:
                self._idle.append(reader)
                return
        reader.connection.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.connection.close()

    def bloom(self, segments: Segments) -> Bloom | None:
        """The filter; None where it cannot be read, so that the segment is always asked."""
        with self._lock:
            if not self._bloom_tried:
                self._bloom_tried = True
                try:
                    self._bloom = Bloom(filter_file(segments.folder, self._info.name))
                except FilterDamaged as error:
                    log.error("%s; lookups in the segment are slower until it is made again", error.message)
            return self._bloom
