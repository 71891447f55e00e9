"""The sink that keeps event history: management and Insight events, from the journal into segments."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cairn.cloudtrail.history.facts import TIMES, facts_of
from cairn.cloudtrail.history.segment import Arrival
from cairn.cloudtrail.history.segment_reader import SetAside, parse
from cairn.cloudtrail.history.store import HistoryStore
from cairn.core.clock import Clock
from cairn.core.config import History as HistorySettings
from cairn.core.durable import write_durably
from cairn.core.journal.journal import Journal, JournalEntry
from cairn.core.records.event import Event, Kind

log = logging.getLogger(__name__)

CATEGORIES = frozenset({"Management", "Insight"})
"""What event history keeps. Data events are not in it, as at AWS."""
READ_BYTES_MAX = 8 << 20
"""Of a backlog, what one transaction takes: the more, the fewer times a page of the index is written."""
SMALL_READ_BYTES = 1 << 20
COMMIT_PAUSE_S = 0.1
"""Between two reads that found little, so that commits do not cost more than events."""
TEND_S = 0.03
REBUILD_FILE = "rebuild.request"
REBUILT_FILE = "rebuild.answer"
RECORD_BYTES_MAX = 4 << 20


class Rebuilt(msgspec.Struct, frozen=True):
    """What a rebuild does."""

    damaged: list[str]
    """Segments that were set apart."""
    first: int
    """Journal positions that are read again: from here up to, not including, `next`."""
    next: int


class HistorySink:
    """A `core.loops.Step`. Opens the history's folder for writing when it is made; `close` lets go of it."""

    name = "history"

    def __init__(
        self, folder: Path, settings: HistorySettings, clock: Clock, journal: Journal, *, wait_s: float = 0.5
    ) -> None:
        self.store = HistoryStore(folder, settings, clock)
        self._journal = journal
        self._wait_s = wait_s
        self._closing = threading.Lock()
        self._closed = False
        self.events = 0
        """Events stored since the start."""
        self.duplicates = 0
        self.set_aside = 0
        self._journal_checked = False

    @property
    def position(self) -> int:
        """The next journal position to read. What is before it is stored durably."""
        return self.store.position

    @property
    def behind(self) -> int:
        """Batches of the journal that are not in the history yet."""
        bounds = self._journal.bounds()
        if self.position > bounds.next:
            return bounds.next - bounds.first  # another journal, which `step` reads from its beginning
        return bounds.next - max(self.position, bounds.first)

    def step(self) -> float:
        """Read once, store it in one transaction, and do some of the upkeep that is due."""
        with self._closing:
            if self._closed:
                return 1.0
            if not self._journal_checked:
                self._check_journal()
                self._journal_checked = True
            self._answer_request()
            busy = self.store.tend(TEND_S)
            entries = self._journal.read_from(
                self.position, bytes_max=READ_BYTES_MAX, wait_s=0.0 if busy else self._wait_s
            )
            if entries:
                self._take(entries)
            small = sum(entry.size for entry in entries) < SMALL_READ_BYTES
            return COMMIT_PAUSE_S if small and entries else 0.0

    def close(self) -> None:
        """Let go of the folder, after the step in progress."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self.store.close()

    def rebuild(self) -> Rebuilt:
        """Set damaged segments apart, and read the journal again as far as it is kept; what is there already is not
        stored twice. `step` does the reading."""
        damaged = self.store.set_damaged_apart()
        bounds = self._journal.bounds()
        self.store.rewind(bounds.first)
        log.info("history is built again from position %d; set apart: %s", bounds.first, ", ".join(damaged) or "none")
        return Rebuilt(damaged, bounds.first, bounds.next)

    def _answer_request(self) -> None:
        request = self.store.folder / REBUILD_FILE
        if request.exists():
            write_durably(self.store.folder / REBUILT_FILE, msgspec.json.encode(self.rebuild()))
            request.unlink(missing_ok=True)  # only now: after a crash it is begun again, which is harmless

    def _check_journal(self) -> None:
        """A journal that ends before our position is another one: it is read from its beginning."""
        bounds = self._journal.bounds()
        if self.position > bounds.next:
            log.error(
                "history stands at journal position %d, and the journal ends at %d: it was made anew, "
                "and is read from its beginning",
                self.position,
                bounds.next,
            )
            self.store.rewind(bounds.first)

    def _take(self, entries: Sequence[JournalEntry]) -> None:
        arrivals: list[Arrival] = []
        set_aside: list[SetAside] = []
        for entry in entries:
            for place, event in enumerate(entry.batch.events):
                if event.header.kind != Kind.EVENT or event.header.category not in CATEGORIES:
                    continue
                try:
                    arrivals.append(_arrival(event, int(entry.time)))
                except (ValueError, TypeError, RecursionError, OverflowError) as error:
                    reason = f"{type(error).__name__}: {error}"
                    log.error("event %s at %d is set aside: %s", event.header.id, entry.position, reason)
                    set_aside.append(
                        SetAside(entry.position, place, int(entry.time), event.header.id, reason, event.record)
                    )
        stored = self.store.append(arrivals, position=entries[-1].position + 1, set_aside=set_aside)
        self.events += stored
        self.duplicates += len(arrivals) - stored
        self.set_aside += len(set_aside)


def request_rebuild(folder: Path) -> None:
    """Have the sink that writes the history in `folder` build it again, now or when it starts."""
    (folder / REBUILD_FILE).touch(mode=0o600)


def rebuilt(folder: Path) -> Rebuilt | None:
    """What the last rebuild does, once the sink has begun it."""
    if (folder / REBUILD_FILE).exists():
        return None
    try:
        return msgspec.json.decode((folder / REBUILT_FILE).read_bytes(), type=Rebuilt)
    except FileNotFoundError:
        return None


def _arrival(event: Event, arrived: int) -> Arrival:
    """The event with its facts.

    Raises:
        ValueError: its record cannot be kept.
    """
    if len(event.record) > RECORD_BYTES_MAX:
        raise ValueError(f"the record has {len(event.record)} bytes, and {RECORD_BYTES_MAX} are the most")
    record = parse(event.record)
    if not isinstance(record, dict):
        raise ValueError("the record is no JSON object")
    facts = facts_of(event.header, record)
    if event.header.time not in TIMES:
        raise ValueError(f"the time {event.header.time} is none")
    return Arrival(event.header, facts, event.record, arrived)
