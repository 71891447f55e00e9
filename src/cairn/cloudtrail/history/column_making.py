"""Making the columns of segments, a little at a time: whole blocks of the one that grows, all of the others."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from cairn.cloudtrail.history import columns
from cairn.cloudtrail.history.columns import Block, ColumnsFile, NoColumns
from cairn.cloudtrail.history.manifest import SegmentInfo, columns_file, segment_file
from cairn.cloudtrail.history.schema import open_to_read
from cairn.cloudtrail.history.segment_reader import SegmentReader
from cairn.core.clock import Clock

log = logging.getLogger(__name__)

ROWS_A_SLICE = 4000


class ColumnMaking:
    """What of a folder's segments has columns, and what is to get some next."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._job: _Job | None = None
        self._done: dict[str, int] = {}
        """By segment, the number of the first event that has no columns yet."""
        self._without: set[str] = set()
        """Segments of which columns cannot be made."""

    def work(self, segments: Sequence[SegmentInfo], active_next_seq: int, seconds_max: float) -> bool:
        """Go on for about so long.

        Args:
            active_next_seq: the number that the active segment's next event will have.

        Returns:
            Whether there may be more to make.
        """
        deadline = self._clock.monotonic() + seconds_max
        info = next((info for info in reversed(segments) if self._end(info, active_next_seq) > self._begin(info)), None)
        if info is None:
            self.close()
            return False
        try:
            if self._job is None or self._job.info != info:
                self.close()
                self._job = _Job(self._folder, info)
            while self._job.next_seq < self._end(info, active_next_seq) and self._clock.monotonic() < deadline:
                self._job.step(self._end(info, active_next_seq))
            self._done[info.name] = self._job.done
        except (sqlite3.Error, OSError, NoColumns) as error:
            log.warning("segment %s of the event history gets no columns until the next start: %s", info.name, error)
            self._without.add(info.name)
        return True

    def close(self) -> None:
        if self._job is not None:
            self._job.close()
            self._job = None

    def _begin(self, info: SegmentInfo) -> int:
        if info.name not in self._done:
            self._done[info.name] = info.first_seq + ColumnsFile(columns_file(self._folder, info.name)).events
        return self._done[info.name]

    def _end(self, info: SegmentInfo, active_next_seq: int) -> int:
        """Up to which number events are to have columns."""
        if info.state == "damaged" or info.name in self._without:
            return 0
        if info.state == "active":
            return active_next_seq - (active_next_seq - info.first_seq) % columns.BLOCK_EVENTS
        return info.next_seq


class _Job:
    """The columns of one segment, on their way."""

    def __init__(self, folder: Path, info: SegmentInfo) -> None:
        self.info = info
        self._file = ColumnsFile(columns_file(folder, info.name))
        self._reader = SegmentReader(info, open_to_read(segment_file(folder, info.name), sealed=info.state == "sealed"))
        self._block = Block(self.done)

    @property
    def done(self) -> int:
        """The number of the first event that has no columns yet."""
        return self.info.first_seq + self._file.events

    @property
    def next_seq(self) -> int:
        """The number of the event to be read next."""
        return self.done + len(self._block)

    def step(self, end: int) -> None:
        """Read some more of the events before number `end`; store their block once it is full, or ends there.

        Raises:
            sqlite3.Error: the segment cannot be read.
            OSError: the columns cannot be written.
            NoColumns: they cannot hold what the segment has.
        """
        full = min(self.done + columns.BLOCK_EVENTS, end)
        rows = self._reader.facts(self.next_seq, min(self.next_seq + ROWS_A_SLICE, full))
        if not rows:
            raise NoColumns(f"event {self.next_seq} is missing")
        self._block.add_all(rows)
        if self.next_seq == full:
            self._file.append(self._block)
            self._block = Block(self.done)

    def close(self) -> None:
        self._reader.connection.close()
