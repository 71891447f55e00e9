"""Reading a stretch of the journal once for all spans that stand at its beginning, and cutting files from it.

What a stretch gives is a function of the journal, the span and the plan's bounds alone: gathered again after a crash,
or years later for redelivery, it gives the same files with the same bytes. Memory is bounded by `GATHER_BYTES_MAX`
however far a trail is behind: a stretch ends there, and the next begins.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cairn.cloudtrail.aggregation import Aggregation
from cairn.cloudtrail.logfile import FOLDER, FOLDERS, FRAME_BYTES
from cairn.cloudtrail.selectors import Selection, Selector
from cairn.cloudtrail.spans import Span
from cairn.core.journal.journal import Journal, JournalEntry
from cairn.core.records.event import Event

GATHER_BYTES_MAX = 32 << 20
"""Journal bytes in a stretch; a file is never larger either."""
READ_BYTES_MAX = 4 << 20
UNDELIVERED_ORIGINS = frozenset({"import"})
"""Events that come from log files are not delivered as log files again."""
SELECTORS_CACHED = 10_000


@dataclass
class FileDraft:
    """The records of a log file to be."""

    account: str
    region: str
    part: int
    folder: str = FOLDER
    organization: str = ""
    """`o-...` where it is a file of an organization's trail."""
    records: list[bytes] = field(default_factory=list)
    bytes: int = FRAME_BYTES
    oldest: int = 0
    newest: int = 0

    def add(self, event: Event) -> None:
        time = event.header.time
        self.oldest = min(self.oldest, time) if self.records else time
        self.newest = max(self.newest, time)
        self.bytes += len(event.record) + (1 if self.records else 0)
        self.records.append(event.record)

    def has_room(self, event: Event, bytes_max: int) -> bool:
        return not self.records or self.bytes + len(event.record) + 1 <= bytes_max


class Taker:
    """What one span takes of the events that pass by, cut into files: one account and region a file.

    Args:
        first: the journal position at which they begin to pass.
    """

    def __init__(self, span: Span, first: int, file_bytes_max: int) -> None:
        self.span = span
        self.selector = compiled(span.selection)
        self._aggregation = Aggregation(self.selector.aggregations, f"{span.id} {first}")
        self.drafts: list[FileDraft] = []
        self._last: dict[tuple[str, str, str], FileDraft] = {}
        self._parts: Counter[tuple[str, str]] = Counter()
        self._file_bytes_max = file_bytes_max

    def take(self, position: int, event: Event) -> None:
        header = event.header
        if self.selector.wants(event) and self.span.takes(position, header.time):
            self._aggregation.add(event)
            self._put(event)

    def close(self) -> None:
        """Add what the events that passed by come to."""
        for event in self._aggregation.events():
            self._put(event)

    def _put(self, event: Event) -> None:
        header = event.header
        place, folder = (header.account, self.selector.filed_under(header)), FOLDERS.get(header.category, FOLDER)
        draft = self._last.get((*place, folder))
        if draft is None or not draft.has_room(event, self._file_bytes_max):
            # Parts are counted over all folders of a place: they tell its files apart without the folder.
            draft = FileDraft(*place, self._parts[place], folder, self.selector.organization)
            self._parts[place] += 1
            self._last[*place, folder] = draft
            self.drafts.append(draft)
        draft.add(event)

    @property
    def events(self) -> int:
        return sum(len(draft.records) for draft in self.drafts)


@dataclass(frozen=True)
class Gathered:
    """How far a stretch went."""

    next: int
    """Where the next stretch begins."""
    oldest: float
    """When the journal took its first batch; 0 if it holds none."""
    at_end: bool
    """Whether it ended only because the journal does."""
    refused: JournalEntry | None = None
    """The entry behind it that `halt` refused, if that ended it."""


def gather(
    reader: Reader, first: int, takers: Sequence[Taker], halt: Callable[[JournalEntry], bool], bytes_max: int | None
) -> Gathered:
    """Give every event from position `first` on to the takers, up to an entry that `halt` refuses.

    Args:
        bytes_max: journal bytes after which it stops; None if only `halt` says where.
    """
    gathered = _gather(reader, first, takers, halt, bytes_max)
    for taker in takers:
        taker.close()
    return gathered


def _gather(
    reader: Reader, first: int, takers: Sequence[Taker], halt: Callable[[JournalEntry], bool], bytes_max: int | None
) -> Gathered:
    by_account: dict[str, list[Taker]] = defaultdict(list)
    for taker in takers:
        for account in taker.selector.accounts:
            by_account[account].append(taker)
    position, oldest, size = first, 0.0, 0
    for entry in reader.entries(first):
        if halt(entry):
            return Gathered(entry.position, oldest, at_end=False, refused=entry)
        if bytes_max is not None and size >= bytes_max:
            return Gathered(position, oldest, at_end=False)
        size += entry.size
        oldest = oldest or entry.time
        position = entry.position + 1
        if entry.batch.origin not in UNDELIVERED_ORIGINS:
            _offer(entry, by_account)
    return Gathered(position, oldest, at_end=True)


def _offer(entry: JournalEntry, by_account: dict[str, list[Taker]]) -> None:
    for event in entry.batch.of_kind():
        for taker in by_account.get(event.header.account, ()):
            taker.take(entry.position, event)


class Reader:
    """Reads the journal and keeps the last chunk, for stretches that begin where others ended or begin.

    Used by one thread.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._chunk: list[JournalEntry] = []
        self._asked = 0
        """The chunk is what the journal holds from this position on."""

    def entries(self, position: int) -> Iterator[JournalEntry]:
        """Entries from `position` on, to the journal's end as it is now."""
        while chunk := self._read(position):
            yield from chunk
            position = chunk[-1].position + 1

    def first(self, position: int) -> JournalEntry | None:
        """The first entry at or behind `position`."""
        return next(self.entries(position), None)

    def _read(self, position: int) -> list[JournalEntry]:
        if not (self._chunk and self._asked <= position <= self._chunk[-1].position):
            self._chunk = self._journal.read_from(position, bytes_max=READ_BYTES_MAX)
            self._asked = position
        return [entry for entry in self._chunk if entry.position >= position]


@lru_cache(SELECTORS_CACHED)
def compiled(selection: str) -> Selector:
    """The selector of an encoded selection, compiled once."""
    return Selector(Selection.decode(selection))
