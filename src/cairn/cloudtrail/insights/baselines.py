"""All baselines: what closed minutes teach, what very late calls add, and what a record says of a baseline."""

from __future__ import annotations

from cairn.cloudtrail.insights import model
from cairn.cloudtrail.insights.attributions import Sketch, Values, attributes_of, learn
from cairn.cloudtrail.insights.baseline import BASELINE_DAYS, Series, Watch
from cairn.cloudtrail.insights.hours import HOURS_KEPT, MINUTES_A_DAY, MINUTES_AN_HOUR
from cairn.cloudtrail.insights.series import Scope, SeriesKey

SERIES_MAX = 200_000
"""Of all accounts. Calls of further ones are counted as refused."""
SCOPE_SERIES_MAX = 50_000
"""Of an account in a region: no account takes the room of all others."""
VALUES_SPARE = 10_000
"""Attributed values that nobody names any more are let go at the end of a day, once they are so many."""


class Baselines:
    """Used by one thread."""

    def __init__(self) -> None:
        self.series: dict[SeriesKey, Series] = {}
        self.watches: dict[Scope, Watch] = {}
        self.values = Values()
        self.refused = 0
        """Calls that no series had room for."""
        self._hour = 0

    def watch(self, scope: Scope, minute: int) -> Watch:
        """The watch of an account and region; one that is new begins at `minute`."""
        found = self.watches.get(scope)
        if found is None:
            found = self.watches[scope] = Watch(first=minute, last=minute, heard=minute)
        return found

    def get(self, key: SeriesKey, minute: int) -> Series:
        """The series; an empty one, which is not kept, if it was never seen before `minute`."""
        hour = minute // MINUTES_AN_HOUR
        return self.series.get(key) or Series(born=hour, hour=hour)

    def take_minute(self, key: SeriesKey, minute: int, calls: int, sketch: Sketch | None) -> None:
        """Learn a closed minute of a series. Minutes come in order.

        Args:
            calls: as many as are to be learnt.
            sketch: who called; None: that is not to be learnt.
        """
        hour = minute // MINUTES_AN_HOUR
        if hour != self._hour:
            self._hour = hour
        hour = self._hour  # one object for all series: each of its own takes 32 bytes
        series = self._kept(key, hour)
        if series is None:
            self.refused += calls
            return
        if series.hour < hour:
            model.settle(series, self.watches[key.scope])
            series.move(hour)
        series.take_minute(minute % MINUTES_AN_HOUR, calls)
        if sketch is not None:
            learn(series.learnt, sketch, attributes_of(key), self.values)

    def take_late(self, key: SeriesKey, minute: int, calls: int) -> bool:
        """Count calls of a minute that was closed long ago, where they belong. False: so long that it is forgotten."""
        hour = minute // MINUTES_AN_HOUR
        watch = self.watches.get(key.scope)
        if watch is None or hour <= watch.last // MINUTES_AN_HOUR - HOURS_KEPT:
            return False
        series = self._kept(key, hour)
        if series is None:
            return False
        series.born = min(series.born, hour)
        series.hours.add(hour, calls)
        watch.hours.add(hour, calls)
        return True

    def summary(self, key: SeriesKey, start: int) -> tuple[int, int, int]:
        """The baseline of an insight that starts at the minute `start`: from midnight seven days before (AWS's samples
        have a baselineDuration to fit), or since it is watched.

        Returns:
            Learnt calls, the minutes in which they were made, and those of the whole baseline: outages are in it.
        """
        watch = self.watch(key.scope, start)
        first = max((start // MINUTES_A_DAY - BASELINE_DAYS) * MINUTES_A_DAY, watch.first)
        series = self.get(key, start)
        calls = series.hours.between(first // MINUTES_AN_HOUR, start // MINUTES_AN_HOUR + 1)
        whole = max(start - first, 1)
        return calls, max(whole - watch.missed_between(first, start), 1), whole

    def let_go(self, minute: int) -> None:
        """Forget series without calls in the days that are kept, and values that nobody names. Once a day."""
        oldest = minute // MINUTES_AN_HOUR - HOURS_KEPT
        for key in [key for key, series in self.series.items() if series.hours.newest <= oldest]:
            del self.series[key]
            self.watches[key.scope].series -= 1
        named = {number for series in self.series.values() for number in series.learnt.numbers()}
        if len(self.values) - len(named) >= VALUES_SPARE:
            self.renumber(sorted(named))

    def renumber(self, named: list[int]) -> None:
        """Keep these values alone, in this order."""
        numbers = {number: place for place, number in enumerate(named)}
        self.values = Values(self.values.text(number) for number in named)
        for series in self.series.values():
            series.learnt.renumber(numbers)

    def _kept(self, key: SeriesKey, hour: int) -> Series | None:
        """The series, made if it is new; None if there is no room."""
        found = self.series.get(key)
        if found is None:
            watch = self.watch(key.scope, hour * MINUTES_AN_HOUR)
            if len(self.series) >= SERIES_MAX or watch.series >= SCOPE_SERIES_MAX:
                return None
            watch.series += 1
            found = self.series[key] = Series(born=hour, hour=hour)
        return found
