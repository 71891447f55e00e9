"""Entries read lately, so that sinks that follow each other fetch, verify and decode each batch once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from cairn.core.journal.journal import JournalEntry

RECENT_BYTES_MAX = 32 << 20
EVENT_BYTES = 1300
"""About what an event takes in memory besides its bytes in the journal: its header's values and the objects."""


class Recent:
    """Entries that take a bounded number of bytes of memory, by position. For any number of threads.

    Args:
        bytes_max: 0 where nothing is to be kept.
    """

    def __init__(self, bytes_max: int = RECENT_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._entries: OrderedDict[int, JournalEntry] = OrderedDict()
        self._bytes = 0

    def put(self, entries: Iterable[JournalEntry]) -> None:
        """Keep `entries`, and let go of those that were put in first."""
        with self._lock:
            for entry in entries:
                if entry.position not in self._entries:
                    self._entries[entry.position] = entry
                    self._bytes += _weight(entry)
            while self._bytes > self._bytes_max:
                self._bytes -= _weight(self._entries.popitem(last=False)[1])

    def from_position(self, position: int, bytes_max: int) -> list[JournalEntry]:
        """The entries kept from `position` on without a gap, of about `bytes_max` bytes; none if it is not kept."""
        found: list[JournalEntry] = []
        size = 0
        with self._lock:
            while (entry := self._entries.get(position + len(found))) is not None:
                size += entry.size
                if found and size > bytes_max:
                    break
                found.append(entry)
        return found

    def drop_before(self, position: int) -> None:
        """Let go of what stands before `position`."""
        with self._lock:
            for each in [kept for kept in self._entries if kept < position]:
                self._bytes -= _weight(self._entries.pop(each))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._bytes = 0


def _weight(entry: JournalEntry) -> int:
    """Bytes that it takes in memory, about."""
    return entry.size + EVENT_BYTES * len(entry.batch.events)
