"""The journal in memory: both faces over one log, with faults that tests switch on."""

from __future__ import annotations

import enum
import threading
from collections.abc import Sequence

from cairn.core.clock import Clock, SystemClock
from cairn.core.journal.batch import encode, next_link
from cairn.core.journal.journal import (
    Bounds,
    JournalBusy,
    JournalEntry,
    JournalFenced,
    JournalFull,
    JournalUnavailable,
)
from cairn.core.journal.own_intents import OwnIntents
from cairn.core.journal.reading import FaultLog, Stored, Verifier
from cairn.core.records.event import Event, new_event_id


class Fault(enum.Enum):
    """What is wrong with a memory journal, until a test sets its `fault` to None again."""

    FULL = "full"
    """Appends are refused with `JournalFull`."""
    UNAVAILABLE = "unavailable"
    """Nothing is stored and nothing read: `JournalUnavailable`."""
    LOST_ACK = "lost ack"
    """Appends are stored, and raise `JournalUnavailable`."""
    BUSY = "busy"
    """The asyncio face raises `JournalBusy`."""


class _Log:
    """What all faces of one journal share. `lock` guards everything."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.Lock()
        self.grown = threading.Event()  # set by the next append, which leaves a new one
        self.clock = clock
        self.stored: dict[int, Stored] = {}
        self.bounds = Bounds(1, 1)
        self.last: dict[str, int] = {}  # a writer's last position
        self.fault: Fault | None = None

    def store(self, writer: str, epoch: str, origin: str, events: Sequence[Event]) -> int:
        """Append a batch that follows the writer's last. The caller holds `lock`."""
        last = self.stored.get(self.last.get(writer, 0))
        sequence, previous = next_link(last.data if last else None)
        data = encode(writer, epoch, sequence, origin, previous, events)
        position = self.bounds.next
        self.stored[position] = Stored(position, self.clock.now(), data, len(data))
        self.last[writer] = position
        self.bounds = Bounds(self.bounds.first, position + 1)
        self.grown.set()
        self.grown = threading.Event()
        return position


class MemoryJournal:
    """`Journal` in memory. `as_writer` gives further faces of the same log, as other processes would have."""

    def __init__(self, writer: str = "memory", *, clock: Clock | None = None, _log: _Log | None = None) -> None:
        self.writer = writer
        self._log = _log or _Log(clock or SystemClock())
        self._epoch = ""
        self._last = 0  # where this face's last batch stands
        self._unknown: list[tuple[tuple[Event, ...], int]] = []  # stored, but the caller was told nothing
        self._intents = OwnIntents()
        self._verifier = Verifier()

    def as_writer(self, writer: str) -> MemoryJournal:
        """Another writer of the same log; the same name is that writer's next life."""
        return MemoryJournal(writer, _log=self._log)

    @property
    def faults(self) -> FaultLog:
        return self._verifier.faults

    @property
    def fault(self) -> Fault | None:
        """What is wrong with the log, for all its faces."""
        return self._log.fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        self._log.fault = fault

    def append(self, events: Sequence[Event], *, origin: str, read_to: int | None = None) -> int:
        with self._log.lock:
            self._check_store()
            for known in self._unknown:
                if known[0] == tuple(events):
                    self._unknown.remove(known)
                    return known[1]
            last = self._log.last.get(self.writer, 0)
            if last != self._last or not self._epoch:
                self._intents.end()
                self._epoch = new_event_id()
            if self._intents.ended(events) or (read_to is not None and last >= read_to):
                raise JournalFenced(f"others have appended as {self.writer}")
            self._last = self._log.store(self.writer, self._epoch, origin, events)
            self._intents.note(events)
            if self._log.fault is Fault.LOST_ACK:
                self._unknown.append((tuple(events), self._last))
                raise JournalUnavailable("the journal did not answer")
            return self._last

    def read_from(self, position: int, *, bytes_max: int = 8 << 20, wait_s: float = 0.0) -> list[JournalEntry]:
        clock = self._log.clock
        deadline = clock.monotonic() + wait_s
        while True:
            with self._log.lock:
                if self._log.fault is Fault.UNAVAILABLE:
                    raise JournalUnavailable("the journal cannot be read")
                bounds, grown = self._log.bounds, self._log.grown
                stored = self._fetch(max(position, bounds.first), bounds.next, bytes_max)
            if position > bounds.next:
                position = self._verifier.behind(position, bounds.next)
                continue
            entries = self._verifier.accept(position, stored, first=bounds.first)
            position = stored[-1].position + 1 if stored else max(position, bounds.first)
            if not stored and position < bounds.next:
                self._verifier.missing(position, bounds.next)
                position = bounds.next
            if entries:
                return entries
            if position >= bounds.next and clock.wait(grown, deadline - clock.monotonic()) is False:
                return []

    def bounds(self) -> Bounds:
        with self._log.lock:
            if self._log.fault is Fault.UNAVAILABLE:
                raise JournalUnavailable("the journal cannot be read")
            return self._log.bounds

    def trim(self, before: int) -> None:
        with self._log.lock:
            first = max(self._log.bounds.first, min(before, self._log.bounds.next))
            for position in range(self._log.bounds.first, first):
                self._log.stored.pop(position, None)
            self._log.bounds = Bounds(first, self._log.bounds.next)

    def fence(self, writer: str, *, read_to: int) -> bool:
        with self._log.lock:
            self._check_store()
            if self._log.last.get(writer, 0) >= read_to:
                return False
            self._log.store(writer, new_event_id(), "unresolved", ())
            return True

    def damage(self, position: int, *, byte: int = -1) -> None:
        """Flip a bit of what is stored at `position`."""
        with self._log.lock:
            item = self._log.stored[position]
            data = bytearray(item.data)
            data[byte] ^= 1
            self._log.stored[position] = Stored(position, item.time, bytes(data), item.size)

    def lose(self, position: int) -> None:
        """Make a hole at `position`."""
        with self._log.lock:
            del self._log.stored[position]

    def _check_store(self) -> None:
        if self._log.fault is Fault.FULL:
            raise JournalFull("the journal is full")
        if self._log.fault is Fault.UNAVAILABLE:
            raise JournalUnavailable("the journal does not answer")

    def _fetch(self, start: int, end: int, bytes_max: int) -> list[Stored]:
        found: list[Stored] = []
        size = 0
        for position in range(start, end):
            item = self._log.stored.get(position)
            if item is None:
                continue
            if found and size + item.size > bytes_max:
                break
            found.append(item)
            size += item.size
        return found


class MemoryAppender:
    """`Appender` over a memory journal: each append is a batch."""

    def __init__(self, journal: MemoryJournal, *, origin: str = "gateway") -> None:
        self.journal = journal
        self._origin = origin

    async def append(self, events: Sequence[Event]) -> int:
        if self.journal.fault is Fault.BUSY:
            raise JournalBusy("too many appends are waiting")
        return self.journal.append(events, origin=self._origin)
