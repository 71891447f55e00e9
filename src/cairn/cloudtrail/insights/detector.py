"""Minute by minute: what is counted, when an insight starts and ends, and what of it is learnt.

A pure function of its state and of the calls of each minute: the caller says when a minute is over (`close`), and the
same calls give the same insights, live or replayed.

A minute is judged when it is closed, and again if late calls come into it. It is learnt `LATE_MINUTES` later, when no
more are waited for. Of an insight's minutes only as much is learnt as keeps the next one visible.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cairn.cloudtrail.insights import expectation, model
from cairn.cloudtrail.insights.attributions import ATTRIBUTES, Share, Sketch, attributes_of
from cairn.cloudtrail.insights.baseline import Watch
from cairn.cloudtrail.insights.baselines import Baselines
from cairn.cloudtrail.insights.expectation import Before
from cairn.cloudtrail.insights.hours import HOURS_A_WEEK, MINUTES_A_DAY, MINUTES_AN_HOUR
from cairn.cloudtrail.insights.insight import Attribution, Insight, State, Statistics
from cairn.cloudtrail.insights.minutes import Minute, OpenMinutes
from cairn.cloudtrail.insights.model import CALLS_MIN, WINDOWS
from cairn.cloudtrail.insights.series import Call, Scope, SeriesKey

LATE_MINUTES = expectation.LATE_MINUTES
"""After a minute's end in which its late calls can still make an insight of it."""
END_MINUTES = LATE_MINUTES
"""Usual minutes in a row that end an insight. No fewer than late ones are waited for: its End has all of its calls."""
AHEAD_MINUTES_MAX = 60
"""Of calls before the minute that is to be closed next. What is further ahead has a wrong clock, and is refused."""
WATCHED_MINUTES_MIN = MINUTES_A_DAY
"""What an account and region must have been watched before anything of it is called unusual."""
INSIGHT_MINUTES_MAX = MINUTES_A_DAY
"""An insight that lasts longer ends: its level is what is usual now."""
LEARNT_FACTOR = 2.0
"""Of an unusual minute, at most so many times the calls that were expected are learnt,"""
LEARNT_MIN = 5
"""or so many."""


@dataclass
class Active:
    """An insight that has not ended."""

    start: int
    """Its first minute."""
    last: int
    """Its last unusual minute."""
    before: Before
    statistics: Statistics
    """As its Start had them."""
    usual: tuple[tuple[Share, ...], ...]
    """The baseline's attributions, in the order of the series' attributes."""
    quiet: int = 0
    """Usual minutes since `last`, without those in which nothing at all was heard."""
    calls: int = 0
    """In its minutes that are learnt,"""
    highest: int = 0
    """and in the highest of them."""
    sketch: Sketch = field(default_factory=Sketch)
    """Who made them."""


class Detector:
    """Used by one thread. `Detector()` knows nothing; `saved.load` gives one back."""

    def __init__(self) -> None:
        self.baselines = Baselines()
        self.open = OpenMinutes()
        self.active: dict[SeriesKey, Active] = {}
        self.closed: int | None = None
        """The last minute that is over."""
        self.touched: set[tuple[int, SeriesKey]] = set()
        """Closed minutes into which late calls came."""
        self.forgotten = 0
        """Calls so late or so far ahead that they are counted nowhere."""
        self._leasts: dict[int, dict[SeriesKey, float]] = {}
        """By half hour, for this one and the one before."""

    def watch(self, scope: Scope, minute: int) -> None:
        """Every call of an account and region is told from this minute on: silence before the first is silence."""
        self.baselines.watch(scope, minute)

    def add(self, key: SeriesKey, minute: int, call: Call, calls: int = 1) -> None:
        """Count calls of a series.

        Args:
            minute: in which they were made, since the epoch.
        """
        if self.closed is None:
            self.closed = minute - 1
        if minute <= self.closed:
            if minute <= self.closed - LATE_MINUTES:
                self._add_very_late(key, minute, call, calls)
                return
            self.touched.add((minute, key))
        elif minute > self.closed + AHEAD_MINUTES_MAX:
            self.forgotten += calls
            return
        self.open.add(key, minute, call, calls)

    def close(self, minute: int) -> list[Insight]:
        """`minute` and those before it are over.

        Returns:
            What started and ended, in order of time and series.
        """
        found: list[Insight] = []
        if self.closed is None:
            self.closed = minute
        while self.closed < minute:
            self.closed += 1
            self._judge_minute(self.closed, found)
            self._learn_minute(self.closed - LATE_MINUTES)
            self._end_insights(self.closed, found)
            if self.closed % MINUTES_A_DAY == 0:
                self.baselines.let_go(self.closed)
        return found

    def _judge_minute(self, minute: int, found: list[Insight]) -> None:
        here = self.open.of(minute)
        for scope in {key[:2] for key in here}:
            watch = self.baselines.watches.get(Scope(*scope))
            if watch is not None:
                watch.hear(minute)
        due = {(minute, key) for key, counted in here.items() if counted.calls > 1}
        due |= self.touched
        due |= {(minute, key) for key in self.active}
        self.touched.clear()
        for at, key in sorted(due):
            insight = self.active.get(key)
            if insight is not None:
                self._go_on(key, insight, at)
                continue
            start = self._unusual_since(key, at)
            if start is not None:
                found.append(self._start(key, start, at))

    def _unusual_since(self, key: SeriesKey, minute: int) -> int | None:
        """The first of the minutes up to `minute` that are unusual, by themselves or together; None: none are."""
        watch = self.baselines.watches.get(key.scope)
        if watch is None or minute - watch.first < WATCHED_MINUTES_MIN:
            return None
        least = self._least(key, watch, minute)
        if self.open.calls(minute, key) < model.FACTOR * least:
            return None
        counts = [self.open.calls(minute - back, key) for back in range(max(WINDOWS))]
        if sum(counts) < CALLS_MIN or not model.may_be_unusual(least, counts):
            return None
        series = self.baselines.get(key, minute)
        usual = model.usual(series, watch, minute)
        if not usual.above(counts[0]):
            return None
        for window in WINDOWS:
            earlier = counts[window:]
            lately = sum(earlier) / len(earlier) if earlier else expectation.lately(series, watch, minute)
            if usual.unusual(sum(counts[:window]), window, lately):
                return minute - max(back for back in range(window) if back == 0 or usual.above(counts[back]))
        return None

    def _least(self, key: SeriesKey, watch: Watch, minute: int) -> float:
        """A bound below what is expected, remembered for half an hour."""
        half = minute // expectation.HALF_HOUR
        leasts = self._leasts.get(half)
        if leasts is None:
            self._leasts = {held: leasts for held, leasts in self._leasts.items() if held == half - 1}
            leasts = self._leasts[half] = {}
        found = leasts.get(key)
        if found is None:
            found = leasts[key] = expectation.least(self.baselines.get(key, minute), watch, minute)
        return found

    def _go_on(self, key: SeriesKey, insight: Active, minute: int) -> None:
        if minute < insight.start:
            return
        watch = self.baselines.watch(key.scope, minute)
        usual = model.usual(self.baselines.get(key, minute), watch, minute, insight.before)
        if not usual.normal(self.open.calls(minute, key)):
            insight.last = max(insight.last, minute)
            insight.quiet = 0
        elif minute == self.closed and not watch.in_doubt(minute):
            insight.quiet += 1

    def _start(self, key: SeriesKey, start: int, minute: int) -> Insight:
        watch = self.baselines.watch(key.scope, start)
        series = self.baselines.get(key, start)
        calls, minutes, whole = self.baselines.summary(key, start)
        average = calls / minutes
        usual = tuple(
            tuple(series.learnt.top(attribute, self.baselines.values, average)) for attribute in attributes_of(key)
        )
        sketch = Sketch()
        for at in range(start, minute + 1):
            sketch.merge(self.open.get(at, key).sketch())
        duration = minute + 1 - start
        average_now = sum(self.open.calls(at, key) for at in range(start, minute + 1)) / duration
        statistics = Statistics(average, average_now, duration, whole)
        self.active[key] = Active(start, minute, expectation.before(series, watch, start), statistics, usual)
        return _insight(key, State.START, start, start, statistics, sketch, usual)

    def _learn_minute(self, minute: int) -> None:
        """Close a minute for good."""
        taken = self.open.take(minute)
        heard: dict[Scope, int] = {}
        for key, counted in taken.items():
            heard[key.scope] = heard.get(key.scope, 0) + counted.calls
        for scope, calls in heard.items():
            self.baselines.watch(scope, minute).take_minute(minute, calls)
        for key in sorted(taken):
            self._learn(key, minute, taken[key])

    def _learn(self, key: SeriesKey, minute: int, counted: Minute) -> None:
        insight = self.active.get(key)
        within = insight is not None and insight.start <= minute <= insight.last
        calls = counted.calls
        sketch: Sketch | None = counted.sketch()
        watch = self.baselines.watch(key.scope, minute)
        watched = minute - watch.first >= WATCHED_MINUTES_MIN
        if within or (
            watched and calls >= CALLS_MIN and model.may_be_unusual(self._least(key, watch, minute), (calls,))
        ):
            usual = model.usual(self.baselines.get(key, minute), watch, minute, insight.before if insight else None)
            if within or usual.unusual(calls):
                calls = min(calls, max(int(LEARNT_FACTOR * usual.mean), LEARNT_MIN))
        if within:
            assert insight is not None and sketch is not None
            insight.calls += counted.calls
            insight.highest = max(insight.highest, counted.calls)
            insight.sketch.merge(sketch)
            sketch = None
        self.baselines.take_minute(key, minute, calls, sketch)

    def _end_insights(self, minute: int, found: list[Insight]) -> None:
        """End what is over. All of its minutes are learnt by then."""
        learnt = minute - LATE_MINUTES
        for key in sorted(self.active):
            insight = self.active[key]
            series = self.baselines.get(key, minute)
            if insight.quiet >= END_MINUTES:
                end = insight.last + 1
            elif learnt - insight.start + 1 >= INSIGHT_MINUTES_MAX:
                end = learnt + 1
                series.level = insight.calls / (end - insight.start)
                series.level_until = minute // MINUTES_AN_HOUR + HOURS_A_WEEK
            else:
                continue
            del self.active[key]
            series.tell(insight.highest)
            duration = end - insight.start
            start = insight.statistics
            statistics = Statistics(start.baseline, insight.calls / duration, duration, start.baseline_minutes)
            found.append(_insight(key, State.END, insight.start, end, statistics, insight.sketch, insight.usual))

    def _add_very_late(self, key: SeriesKey, minute: int, call: Call, calls: int) -> None:
        insight = self.active.get(key)
        if insight is not None and insight.start <= minute <= insight.last:
            insight.calls += calls
            insight.sketch.add(call, calls)
        elif not self.baselines.take_late(key, minute, calls):
            self.forgotten += calls


def _insight(
    key: SeriesKey,
    state: State,
    start: int,
    minute: int,
    statistics: Statistics,
    sketch: Sketch,
    usual: tuple[tuple[Share, ...], ...],
) -> Insight:
    attributions = tuple(
        Attribution(ATTRIBUTES[attribute], tuple(sketch.top(attribute, statistics.minutes)), baseline)
        for attribute, baseline in zip(attributes_of(key), usual, strict=True)
    )
    return Insight(key, state, start, minute, statistics, attributions)
