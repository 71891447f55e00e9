"""The import: files in, batches of events out, and a report that names what could not be read."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

import msgspec

from cairn.cloudtrail.imports.logfiles import DamagedFile, read_log_file
from cairn.cloudtrail.imports.progress import ImportProgress
from cairn.cloudtrail.imports.sources import FoundFile
from cairn.core.records.event import Event
from cairn.core.records.parse import DamagedRecord

log = logging.getLogger(__name__)

BATCH_EVENTS_MAX = 500
BATCH_BYTES_MAX = 1 << 20
RECENT_IDS_MAX = 250_000
"""How many events back a repeated eventID is noticed here; history notices it however far back."""
DAMAGED_NAMED_MAX = 1000


class ImportStanding(msgspec.Struct):
    """How far an import is, for a progress bar. Changes while it runs."""

    files_total: int = 0
    bytes_total: int = 0
    files_done: int = 0
    """Read, damaged or known from before."""
    bytes_done: int = 0
    events: int = 0
    """Handed over so far."""


class ImportReport(msgspec.Struct, kw_only=True):
    """What an import did."""

    files: int = 0
    """Files read now."""
    files_before: int = 0
    """Files passed over, since an earlier import had read them."""
    events: int = 0
    duplicates: int = 0
    """Events that were there already, as far as they were noticed here."""
    files_damaged: int = 0
    records_damaged: int = 0
    damaged: list[tuple[str, str]] = []
    """(file, what is wrong), at most 1,000. Each file stands here once, with the first thing wrong in it."""


class Importer:
    """One import. After any error another one goes on with the files that are not wholly handed over.

    Args:
        source: the files, as `find` gives them.
        append: takes a batch, and returns when it is durable; what it raises ends the import.
        progress: remembers the files; without it every file is read.
        known: tells which eventIDs the history has already.
        report: called now and then with how far the import is.
    """

    def __init__(
        self,
        source: Iterable[FoundFile],
        append: Callable[[list[Event]], object],
        *,
        progress: ImportProgress | None = None,
        known: Callable[[Sequence[str]], set[str]] | None = None,
        report: Callable[[ImportStanding], None] | None = None,
    ) -> None:
        self._source = source
        self._append = append
        self._progress = progress
        self._known = known
        self._tell = report
        self._standing = ImportStanding()
        self._report = ImportReport()
        self._batch: list[Event] = []
        self._batch_bytes = 0
        self._finished: list[FoundFile] = []  # all their events are in the batch or before it
        self._recent: OrderedDict[str, None] = OrderedDict()

    def run(self) -> ImportReport:
        """Import everything.

        Raises:
            CairnError: the files cannot be listed, the store is away, or the journal does not take the events.
        """
        files = list(self._source)
        self._standing.files_total = len(files)
        self._standing.bytes_total = sum(file.size for file in files)
        for file in files:
            if self._progress is not None and self._progress.is_done(file):
                self._report.files_before += 1
            else:
                self._read(file)
            self._standing.files_done += 1
            self._standing.bytes_done += file.size
            if self._tell is not None:
                self._tell(self._standing)
        self._flush()
        return self._report

    def _read(self, file: FoundFile) -> None:
        try:
            found = read_log_file(file.name, file.read())
        except DamagedFile as error:
            self._report.files_damaged += 1
            self._name(file, error.message)
            return  # and not remembered: once it is mended it is read
        self._report.files += 1
        whole = True
        for event in found:
            if isinstance(event, DamagedRecord):
                self._report.records_damaged += 1
                if whole:
                    self._name(file, event.message)
                whole = False
            elif self._is_recent(event.header.id):
                self._report.duplicates += 1
            else:
                self._add(event)
        self._finished.append(file)

    def _add(self, event: Event) -> None:
        # a full batch waits for the next event, so that the files it completes are remembered with it
        full = len(self._batch) >= BATCH_EVENTS_MAX or self._batch_bytes + len(event.record) > BATCH_BYTES_MAX
        if self._batch and full:
            self._flush()
        self._batch.append(event)
        self._batch_bytes += len(event.record)

    def _flush(self) -> None:
        """Hand the batch over, and only then remember the files it completes."""
        batch = self._batch
        if batch and self._known is not None:
            known = self._known([event.header.id for event in batch])
            batch = [event for event in batch if event.header.id not in known]
        if batch:
            self._append(batch)
        self._report.events += len(batch)
        self._report.duplicates += len(self._batch) - len(batch)
        self._standing.events = self._report.events
        self._batch, self._batch_bytes = [], 0
        if self._progress is not None and self._finished:
            self._progress.note(self._finished)
        self._finished = []

    def _is_recent(self, event_id: str) -> bool:
        if event_id in self._recent:
            return True
        self._recent[event_id] = None
        if len(self._recent) > RECENT_IDS_MAX:
            self._recent.popitem(last=False)
        return False

    def _name(self, file: FoundFile, reason: str) -> None:
        log.warning("import of %s: %s", file.name, reason)
        if len(self._report.damaged) < DAMAGED_NAMED_MAX:
            self._report.damaged.append((file.name, reason))
