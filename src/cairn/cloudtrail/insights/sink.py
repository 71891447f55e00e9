"""The sink that looks for insights in what trails log, and puts them into the journal like any other event.

A minute is over when the journal has one that was taken `GRACE_S` behind it, or when that time has come and the journal
is read to its end; so the same journal gives the same insights, live or read again. What is found is appended under a
name of the sink's own, and only if all that was ever appended under it has been read: an insight is told once, whoever
dies in between. Baselines are saved with the position now and then, and the journal is read again from there.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from prometheus_client import Counter as Metric

from cairn.cloudtrail.gather import UNDELIVERED_ORIGINS
from cairn.cloudtrail.insights.counting import SECONDS_A_MINUTE, counts_of
from cairn.cloudtrail.insights.insight import Insight
from cairn.cloudtrail.insights.learning import Learning
from cairn.cloudtrail.insights.lens import Lens, Looking, looking
from cairn.cloudtrail.insights.past import Past
from cairn.cloudtrail.insights.records import EVENT_CATEGORY, event_of
from cairn.cloudtrail.insights.series import SeriesKey
from cairn.cloudtrail.insights.store import InsightStore, Kept
from cairn.core.clock import Clock
from cairn.core.failpoints import failpoint
from cairn.core.journal.journal import Journal, JournalEntry, JournalFenced
from cairn.core.records.event import Event
from cairn.core.state import State

log = logging.getLogger(__name__)

TOLD = Metric("cairn_insight_events", "Insights events that were put into the journal.")
UNCOUNTED = Metric("cairn_insight_calls_uncounted", "Calls of accounts and Regions that there was no room for.")

ORIGIN = "insights"
GRACE_S = 5
"""How long after a minute's end its calls are waited for."""
WAIT_S = 0.5
"""How long a step waits for the journal to grow."""
IDLE_S = 1.0
"""How soon a trail that begins to look for insights is seen."""
PAUSE_S = 0.1
READ_BYTES_MAX = 1 << 20
LEARN_S = 0.25
"""How long a step learns what is past."""
SAVE_S = 10.0
SAVE_SHARE = 50
"""Saving takes at most about this part of the time."""
EXPIRE_S = 3600.0
LENSES_MAX = 5_000
APPENDED_MAX = 500


class InsightsSink:
    """The `core.loops.Step` of Insights.

    Args:
        state: the saved state, which has the trails.
        writer: a journal's face that appends under a name that nobody else appends under.
        wait_s: how long a step waits for the journal to grow.
    """

    name = "insights"

    def __init__(
        self,
        state: State,
        store: InsightStore,
        journal: Journal,
        writer: Journal,
        past: Past,
        clock: Clock,
        *,
        wait_s: float = WAIT_S,
    ) -> None:
        self._state = state
        self._store = store
        self._journal = journal
        self._writer = writer
        self._past = past
        self._clock = clock
        self._wait_s = wait_s
        self._kept: dict[Lens, Kept] = {}
        self._learning: dict[Lens, Learning] = {}
        self._changed: set[Lens] = set()
        self._gone: set[Lens] = set()
        self._counted: Counter[tuple[str, SeriesKey, int]] = Counter()
        self._looking: Sequence[Looking] = ()
        self._going_on: Sequence[Looking] = ()
        """Those of them that do not end."""
        self._revision: int | None = None
        self._reached = 0
        """The next position to read; 0 before the first step."""
        self._saved = 0
        self._save_at = 0.0
        self._expire_at = 0.0
        self._over: int | None = None
        """The last minute that is over."""
        self._found: dict[str, Event] = {}
        """Insights that are not in the journal yet, as far as it is read, by their ids."""
        self._told: set[str] = set()
        """Ids of those that are, and may be found again: until the journal is read to its end."""

    def step(self) -> float:
        """Read on, and tell what was found. Returns the seconds until there may be more to do."""
        if not self._reached:
            self._begin()
        self._look()
        if not self._looking and not self._kept:
            return self._pass_over()
        busy = self._learn()
        now = self._clock.now()
        wait_s = 0.0 if busy or self._found else self._wait_s
        entries = self._journal.read_from(self._reached, bytes_max=READ_BYTES_MAX, wait_s=wait_s)
        for entry in entries:
            self._take(entry)
            self._reached = entry.position + 1
        if not entries:
            self._end_minutes(now)
            self._append()
        if self._clock.monotonic() >= self._save_at:
            self._save()
        return 0.0 if busy or not self._wait_s else PAUSE_S

    @property
    def position(self) -> int:
        """The journal position before which nothing is needed any more: what may be trimmed."""
        if not self._looking and not self._kept:
            return self._reached or self._journal.bounds().next
        return self._saved or self._reached

    def _begin(self) -> None:
        """Go on where the last process was."""
        self._kept = self._store.load()
        saved, end = self._store.position(), self._journal.bounds().next
        if saved > end:
            log.error("Insights stand at journal position %d, and the journal ends at %d", saved, end)
            saved = end
        self._reached = saved if self._kept else end
        closed = (kept.detector.closed for kept in self._kept.values())
        self._over = max((minute for minute in closed if minute is not None), default=None)
        self._saved = self._reached
        self._save_at = self._clock.monotonic() + SAVE_S

    def _look(self) -> None:
        """See who looks for insights now, and forget what nobody looks at any more."""
        revision = self._state.revision()
        if revision == self._revision:
            return
        looked = bool(self._looking or self._kept)
        with self._state.read() as connection:
            self._looking = looking(connection, 0 if not looked else self._reached)
        self._revision = revision
        self._going_on = [one for one in self._looking if one.span.stop is None and one.span.end is None]
        if self._looking and not looked:
            self._reached = self._saved = min(self._reached, *(one.span.start for one in self._looking))
        for lens in [*self._kept, *self._learning]:
            if not self._is_looked_through(lens):
                self._kept.pop(lens, None)
                self._learning.pop(lens, None)
                self._changed.discard(lens)
                self._gone.add(lens)

    def _is_looked_through(self, lens: Lens) -> bool:
        return any(one.looks_through(lens) for one in self._going_on)

    def _pass_over(self) -> float:
        """Nobody looks for insights: nothing of the journal is needed."""
        if self._gone:
            self._save()
        self._reached = self._journal.bounds().next
        self._over = None
        return IDLE_S if self._wait_s else PAUSE_S

    def _take(self, entry: JournalEntry) -> None:
        self._end_minutes(entry.time)
        if entry.batch.origin in UNDELIVERED_ORIGINS:
            return
        for event in entry.batch.of_kind():
            if event.header.category == EVENT_CATEGORY:
                self._found.pop(event.header.id, None)
                self._told.add(event.header.id)
                continue
            lenses = {one.lens_of(entry, event) for one in self._looking}
            for lens in lenses:
                if lens is not None:
                    self._count(lens, entry.position, event)

    def _count(self, lens: Lens, position: int, event: Event) -> None:
        if lens not in self._kept and lens not in self._learning and not self._open(lens, position):
            return
        for key, minute, call in counts_of(event.header, event.record):
            self._counted[lens.trail, key, minute] += 1
            if lens in self._learning:
                self._learning[lens].add(position, key, minute, call)
            else:
                self._kept[lens].detector.add(key, minute, call)
                self._changed.add(lens)

    def _open(self, lens: Lens, position: int) -> bool:
        """Begin to look through a lens, at an event. False: nobody does, or there is no room."""
        if not self._is_looked_through(lens):
            return False
        if len(self._kept) + len(self._learning) >= LENSES_MAX:
            UNCOUNTED.inc()
            return False
        assert self._over is not None  # minutes end before events are taken

        def wanted(event: Event) -> bool:
            return any(one.looks_through(lens) and one.selector.wants(event) for one in self._looking)

        def counted(key: SeriesKey, minute: int, calls: int) -> None:
            self._counted[lens.trail, key, minute] += calls

        self._gone.discard(lens)
        self._learning[lens] = Learning(lens, self._over + 1, position, past=self._past, wanted=wanted, counted=counted)
        return True

    def _learn(self) -> bool:
        """Learn of what is past, a little. Returns whether there is more of it."""
        for lens, learning in list(self._learning.items()):
            if learning.go_on(self._clock, LEARN_S):
                del self._learning[lens]
                self._kept[lens] = Kept(learning.detector, learning.until)
                self._changed.add(lens)
                if self._over is not None:
                    self._tell(lens, learning.detector.close(self._over))
        return bool(self._learning)

    def _end_minutes(self, now: float) -> None:
        """End what is over at `now`."""
        over = int((now - GRACE_S) // SECONDS_A_MINUTE) - 1
        if self._over is not None and over <= self._over:
            return
        self._over = over
        for lens, kept in self._kept.items():
            self._tell(lens, kept.detector.close(over))
            self._changed.add(lens)

    def _tell(self, lens: Lens, insights: Iterable[Insight]) -> None:
        since = self._kept[lens].since
        for insight in insights:
            event = event_of(insight, lens.trail)
            if event.header.id in self._told or insight.start < since:
                continue
            if any(one.selector.wants(event) for one in self._looking):
                self._found[event.header.id] = event

    def _append(self) -> None:
        """Put what was found into the journal, which was read to its end."""
        if not self._learning:
            self._told.clear()
        if not self._found:
            return
        events = list(self._found.values())[:APPENDED_MAX]
        failpoint("insights.found")
        try:
            self._writer.append(events, origin=ORIGIN, read_to=self._reached)
        except JournalFenced:
            return  # some of them may be there already: that is read next
        failpoint("insights.appended")
        TOLD.inc(len(events))
        for event in events:
            del self._found[event.header.id]

    def _save(self) -> None:
        """Save what was learnt, unless something is still on its way."""
        started = self._clock.monotonic()
        self._save_at = started + SAVE_S
        if self._found or self._learning:
            return
        if self._changed or self._gone or self._counted:
            changed = {lens: self._kept[lens] for lens in self._changed}
            self._store.save(self._reached, changed, self._gone, self._counted)
            failpoint("insights.saved")
            self._changed.clear()
            self._gone.clear()
            self._counted.clear()
            self._saved = self._reached
        if started >= self._expire_at:
            self._store.expire(self._clock.now())
            self._expire_at = started + EXPIRE_S
        took = self._clock.monotonic() - started
        self._save_at = started + max(SAVE_S, took * SAVE_SHARE)
