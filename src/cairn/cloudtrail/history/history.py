"""The face of the event history: a sink for the worker, a reader for every process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from cairn.cloudtrail.history.bloom import probe
from cairn.cloudtrail.history.facts import id_key
from cairn.cloudtrail.history.lookup import Found, Lookup, lookup
from cairn.cloudtrail.history.manifest import SegmentInfo
from cairn.cloudtrail.history.operations import lookup_events
from cairn.cloudtrail.history.pages import PageTokens
from cairn.cloudtrail.history.rate import LookupRate
from cairn.cloudtrail.history.search import SECONDS_MAX, Budget, Hits, Search, search
from cairn.cloudtrail.history.segment_reader import SetAside, journal_position, known_ids, newest_set_aside
from cairn.cloudtrail.history.segments import Damage, Segments
from cairn.cloudtrail.history.sink import HistorySink, Rebuilt, rebuilt, request_rebuild
from cairn.cloudtrail.history.summary import Summary, summarize
from cairn.core.clock import Clock
from cairn.core.config import History as HistorySettings
from cairn.core.journal.journal import Journal
from cairn.wire.operation import Operation


class History:
    """The event history of a data folder (`DATA/history`)."""

    def __init__(self, folder: Path, settings: HistorySettings, clock: Clock) -> None:
        self.folder = folder
        self._settings = settings
        self._clock = clock

    def sink(self, journal: Journal) -> HistorySink:
        """The one writer, for a `Loop` of the worker.

        Raises:
            FolderInUse: another process has it.
        """
        return HistorySink(self.folder, self._settings, self._clock, journal)

    def reader(self) -> HistoryReader:
        """A reader, for any number of threads. A process needs one."""
        return HistoryReader(self.folder, self._settings, self._clock)


class HistoryReader:
    """Reads the history while the worker writes it. Sees each event as soon as it is committed."""

    def __init__(self, folder: Path, settings: HistorySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.segments = Segments(folder)
        self.tokens = PageTokens(folder, clock)
        self.rate = LookupRate(folder, settings.lookup_rate, clock)

    def lookup(self, question: Lookup) -> Found:
        """The newest events that fit the question."""
        return lookup(self.segments, question, arrived_min=self.arrived_min())

    def search(self, question: Search, token: str = "", *, seconds: float = SECONDS_MAX) -> Hits:
        """A page of the events that fit many conditions.

        Args:
            seconds: after which it stops and says so.

        Raises:
            BadToken: `token` was not given for this question, or is too old.
        """
        return search(
            self.segments,
            question,
            token,
            tokens=self.tokens,
            arrived_min=self.arrived_min(),
            budget=Budget(self._clock, seconds=seconds),
        )

    def summarize(
        self, question: Search, *, fields: Sequence[str] = (), buckets: int = 0, seconds: float = SECONDS_MAX
    ) -> Summary:
        """Counts per field and over time of everything that fits.

        Args:
            seconds: after which it stops and says so.

        Raises:
            QueryError: there is no such field.
        """
        return summarize(
            self.segments,
            question,
            fields=fields,
            buckets=buckets,
            arrived_min=self.arrived_min(),
            budget=Budget(self._clock, seconds=seconds),
        )

    def known(self, event_ids: Sequence[str]) -> set[str]:
        """Those of the events that the history holds."""
        keys = {id_key(event_id): event_id for event_id in event_ids}
        bits = {key: probe(key) for key in keys}
        known: set[str] = set()
        for info in self.segments.manifest().segments:
            wanted = [key for key in keys if self.segments.may_hold(info, bits[key])]
            if wanted and info.state != "damaged":
                found = self.segments.visit(info, partial(known_ids, wanted))
                known.update(keys[key] for key in found or ())
        return known

    def set_aside(self, limit: int = 100) -> list[SetAside]:
        """Events that could not be taken in, the newest at the most `limit`, oldest first."""
        found: list[SetAside] = []
        for info in reversed(self.segments.manifest().segments):
            if len(found) < limit and info.state != "damaged":
                found = (self.segments.visit(info, partial(newest_set_aside, limit - len(found))) or []) + found
        return found

    def position(self) -> int:
        """The next journal position that the history will read; 0 where that cannot be told."""
        active = next((info for info in self.extent() if info.state == "active"), None)
        return (self.segments.visit(active, journal_position) or 0) if active is not None else 0

    def request_rebuild(self) -> None:
        """Have the history built again: damaged segments set apart, the journal read again as far as it is kept."""
        request_rebuild(self.segments.folder)

    def rebuilt(self) -> Rebuilt | None:
        """What the last rebuild does; None until it has begun. It is done once `position` has reached its end."""
        return rebuilt(self.segments.folder)

    def damage(self) -> list[Damage]:
        """Segments that could not be read, or not wholly. They are missing from every answer."""
        return self.segments.damage()

    def verify(self) -> Iterator[tuple[SegmentInfo, str]]:
        """Read every segment wholly; each with what is wrong with it, or an empty text."""
        return ((info, self.segments.check(info)) for info in self.extent())

    def extent(self) -> tuple[SegmentInfo, ...]:
        """The segments, oldest first; what the active one holds is not in it."""
        return self.segments.manifest().segments

    def operations(self) -> dict[str, Operation]:
        """The operations of the service that history answers, by name."""
        return {"LookupEvents": lookup_events(self.lookup, self.tokens, self.rate)}

    def arrived_min(self) -> int:
        """When the oldest event arrived that is still within retention, in seconds since the epoch."""
        return int(self._clock.now() - self._settings.retention)

    def close(self) -> None:
        self.segments.close()
        self.rate.close()
