"""What was called before a trail looked for insights: of management events the history tells it, of data events the
journal, as far as it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from cairn.cloudtrail.gather import UNDELIVERED_ORIGINS
from cairn.cloudtrail.history import HistoryReader
from cairn.cloudtrail.history.search import LIMIT_MAX, Search
from cairn.cloudtrail.insights.hours import HOURS_KEPT
from cairn.cloudtrail.insights.lens import Lens
from cairn.core.journal.journal import Journal
from cairn.core.records.event import Event

SECONDS_KEPT = HOURS_KEPT * 3600
READ_BYTES_MAX = 1 << 20


class Past:
    """Used by one thread."""

    def __init__(self, history: HistoryReader, journal: Journal) -> None:
        self._history = history
        self._journal = journal

    def holds(self, position: int) -> bool:
        """Whether the history has all that stands before a journal position."""
        return self._history.position() >= position

    def position(self) -> int:
        """The journal position up to which the history has all."""
        return self._history.position()

    def begins(self, now: float) -> float | None:
        """The time from which the history is complete, as far as a baseline reaches back; None: it has nothing."""
        oldest = self._history.search(Search(newest_first=False, limit=1, time_min=int(now - SECONDS_KEPT)))
        return oldest.events[0].time if oldest.events else None

    def events(self, lens: Lens, until: int, position: int) -> Iterator[Event]:
        """The events that may be seen through a lens, the oldest first.

        Args:
            until: seconds since the epoch; only what was called before.
            position: of the journal; only what stands before.
        """
        return self._journaled(lens, until, position) if lens.trail else self._kept(lens, until)

    def _kept(self, lens: Lens, until: int) -> Iterator[Event]:
        question = Search(
            accounts=(lens.account,),
            regions=(lens.region,),
            time_min=until - SECONDS_KEPT,
            time_max=until - 1,
            newest_first=False,
            limit=LIMIT_MAX,
        )
        token = ""
        while True:
            hits = self._history.search(question, token)
            yield from (Event(stored.header, stored.record) for stored in hits.events)
            token = hits.next
            if not token:
                return

    def _journaled(self, lens: Lens, until: int, position: int) -> Iterator[Event]:
        at = 0
        while entries := self._journal.read_from(at, bytes_max=READ_BYTES_MAX):
            for entry in entries:
                if entry.position >= position:
                    return
                if entry.batch.origin in UNDELIVERED_ORIGINS:
                    continue
                for event in entry.batch.of_kind():
                    header = event.header
                    here = (header.account, header.region, header.category) == (*lens.scope, lens.category)
                    if here and until - SECONDS_KEPT <= header.time < until:
                        yield event
            at = entries[-1].position + 1
