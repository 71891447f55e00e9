"""The first baseline of a lens, learnt at once from what was called before, a little at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from cairn.cloudtrail.insights.counting import SECONDS_A_MINUTE, counts_of
from cairn.cloudtrail.insights.detector import Detector
from cairn.cloudtrail.insights.lens import Lens
from cairn.cloudtrail.insights.past import Past
from cairn.cloudtrail.insights.series import Call, SeriesKey
from cairn.core.clock import Clock
from cairn.core.records.event import Event

WAITING_MAX = 500_000
"""Different calls that wait; what comes beside them is counted nowhere."""

Counted = Callable[[SeriesKey, int, int], None]
"""Is told of calls: their series, minute and number."""


class Learning:
    """Runs what was called before minute `until` through a detector, whose findings nobody is told of. What is called
    meanwhile waits.

    Args:
        position: the journal position of the first event that waits.
        wanted: whether a trail logs an event.
    """

    def __init__(
        self, lens: Lens, until: int, position: int, *, past: Past, wanted: Callable[[Event], bool], counted: Counted
    ) -> None:
        self.until = until
        self.detector = Detector()
        self.known_to = 0
        """The journal position up to which the history had all: what was called before `until` and stands before this
        position is learnt."""
        self._lens = lens
        self._position = position
        self._past = past
        self._wanted = wanted
        self._counted = counted
        self._waiting: Counter[tuple[SeriesKey, int, Call]] = Counter()
        self._events: Iterator[Event] | None = None

    def add(self, position: int, key: SeriesKey, minute: int, call: Call) -> None:
        """Count a call of now when the learning is done."""
        if minute >= self.until or (self._events is not None and position >= self.known_to):
            if len(self._waiting) >= WAITING_MAX and (key, minute, call) not in self._waiting:
                self.detector.forgotten += 1
                return
            self._waiting[key, minute, call] += 1

    def go_on(self, clock: Clock, seconds: float) -> bool:
        """Learn for so long. Returns whether that is all."""
        if self._events is None and not self._begin(clock):
            return False
        assert self._events is not None
        deadline = clock.monotonic() + seconds
        for event in self._events:
            if self._wanted(event):
                self._learn(event)
            if clock.monotonic() > deadline:
                return False
        self.detector.close(self.until - 1)
        for (key, minute, call), calls in self._waiting.items():
            self.detector.add(key, minute, call, calls)
        return True

    def _begin(self, clock: Clock) -> bool:
        if not self._past.holds(self._position):
            return False
        self.known_to = self._past.position()
        end = self.until * SECONDS_A_MINUTE
        self._events = self._past.events(self._lens, end, self._position)
        if not self._lens.trail:
            begins = self._past.begins(clock.now())
            if begins is not None:
                self.detector.watch(self._lens.scope, int(begins // SECONDS_A_MINUTE) + 1)
        return True

    def _learn(self, event: Event) -> None:
        for key, minute, call in counts_of(event.header, event.record):
            if self.detector.closed is None or minute > self.detector.closed + 1:
                self.detector.close(minute - 1)
            self.detector.add(key, minute, call)
            self._counted(key, minute, 1)
