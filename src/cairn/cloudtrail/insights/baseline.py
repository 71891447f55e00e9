"""What is learnt: of a series its calls an hour and how they scatter, of an account and region when it was watched."""

from __future__ import annotations

import msgspec

from cairn.cloudtrail.insights.attributions import Learnt
from cairn.cloudtrail.insights.hours import HOURS_A_DAY, HOURS_A_WEEK, MINUTES_A_DAY, MINUTES_AN_HOUR, Hours

BASELINE_DAYS = 7
"""Whole days, from midnight UTC, before the day in which an insight starts (spec 7)."""
FADING = 1 - 1 / BASELINE_DAYS
"""What a day leaves of sums that are to tend to those of seven days."""

GAP_MINUTES_MIN = 3
GAP_CALLS = 20.0
"""A silence of an account and region in which so many calls were expected is an outage: by chance, e^-20."""
DOUBTFUL_CALLS = 3.0
"""A silence in which so many were expected may become one."""


class Series(msgspec.Struct, gc=False):
    """The baseline of one series. Sums are of closed minutes; of those of an insight as much as is learnt."""

    born: int
    """The hour of its first call."""
    hour: int
    """The hour whose minutes are being summed up."""
    hours: Hours = msgspec.field(default_factory=Hours)
    learnt: Learnt = msgspec.field(default_factory=Learnt)
    calls: int = 0
    """In the minutes of `hour`."""
    squares: int = 0
    """Squares of the differences between the calls of its minutes and of those before them."""
    minute: int = -1
    """The last minute of `hour` with calls, from its beginning;"""
    before: int = 0
    """and its calls."""
    surplus: float = 0.0
    """How much more minutes scatter about the level of their hour than Poisson's would, as a sum of squares."""
    scale: float = 0.0
    """The squares of those levels, for each minute: `surplus / scale` is the dispersion."""
    errors: float = 0.0
    """By how much levels were above what was expected, relative to it, as a sum of squares."""
    judged: float = 0.0
    """Hours of which that is the sum."""
    active: float = 0.0
    """Minutes with calls, of seven days."""
    peak: int = 0
    """The most calls of a minute in this week of the epoch."""
    peak_before: int = 0
    """In the week before."""
    told: int = 0
    """Of the last insight, the most calls of a minute: as much as a second insight reaches of that is usual."""
    level: float = 0.0
    """Calls a minute that an insight of a whole day left as usual; 0: none did."""
    level_until: int = 0
    """The hour in which `level` ends: the hours themselves say it by then."""

    def active_in(self, hour: int) -> float:
        """`active` as it is in `hour`, if nothing came since."""
        days = hour // HOURS_A_DAY - self.hour // HOURS_A_DAY
        return self.active * FADING**days if days > 0 else self.active

    def highest_in(self, hour: int) -> int:
        """The most calls of a minute in the 7 to 14 days before `hour`."""
        weeks = hour // HOURS_A_WEEK - self.hour // HOURS_A_WEEK
        if weeks <= 0:
            return max(self.peak, self.peak_before)
        return self.peak if weeks == 1 else 0

    def take_minute(self, minute: int, calls: int) -> None:
        """Learn the calls of one closed minute of `hour`; not of silent ones."""
        if minute - self.minute == 1:
            self.squares += (calls - self.before) ** 2
        else:
            self.squares += self.before**2 + calls**2
        self.minute, self.before = minute, calls
        self.calls += calls
        self.active += 1
        self.peak = max(self.peak, calls)
        self.hours.add(self.hour, calls)

    def tell(self, highest: int) -> None:
        """Learn from an insight that ended: what comes again and again is told twice.

        Args:
            highest: the calls of its highest minute, all of them.
        """
        self.peak = max(self.peak, min(highest, self.told))
        self.told = highest

    def move(self, hour: int) -> None:
        """Go on to a later hour; the sums of the one before are settled."""
        days = hour // HOURS_A_DAY - self.hour // HOURS_A_DAY
        if days:
            factor = FADING**days
            self.active *= factor
            self.surplus *= factor
            self.scale *= factor
            self.errors *= factor
            self.judged *= factor
            self.learnt.fade(factor)
        weeks = hour // HOURS_A_WEEK - self.hour // HOURS_A_WEEK
        if weeks:
            self.peak_before = self.peak if weeks == 1 else 0
            self.peak = 0
        self.minute -= (hour - self.hour) * MINUTES_AN_HOUR
        if self.minute < -1:
            self.minute, self.before = -1, 0
        self.hour = hour


class Watch(msgspec.Struct):
    """An account and region: since when it is watched, and when nothing at all was heard of it."""

    first: int
    """The first minute."""
    last: int
    """The last closed minute with calls, late ones of which have come in."""
    heard: int
    """The last minute with calls that is over."""
    resumed: int = -1
    """The minute in which an outage ended;"""
    fell: int = -1
    """and its first minute."""
    series: int = 0
    """How many it has."""
    hours: Hours = msgspec.field(default_factory=Hours)
    """Calls of all its series."""
    missed: dict[int, int] = msgspec.field(default_factory=dict)
    """Minutes of an hour that an outage took, for hours that have some."""

    def minutes(self, hour: int) -> int:
        """Minutes of `hour` that were watched."""
        lost = self.missed.get(hour, 0) if self.missed else 0
        if self.resumed > self.last:  # It is over, but not learnt yet.
            begin = hour * MINUTES_AN_HOUR
            lost += max(0, min(self.resumed, begin + MINUTES_AN_HOUR) - max(self.fell, begin))
        first = self.first // MINUTES_AN_HOUR
        if hour > first:
            return MINUTES_AN_HOUR - lost
        return MINUTES_AN_HOUR - self.first % MINUTES_AN_HOUR - lost if hour == first else 0

    def hear(self, minute: int) -> None:
        """A minute with calls is over, late ones of which may be missing."""
        if self._is_gap(self.heard, minute):
            self.fell, self.resumed = self.heard + 1, minute
        self.heard = max(self.heard, minute)

    def take_minute(self, minute: int, calls: int) -> None:
        """Count a closed minute with calls; a silence before it that cannot be chance was an outage."""
        if self._is_gap(self.last, minute):
            for silent in range(self.last + 1, minute):
                hour = silent // MINUTES_AN_HOUR
                self.missed[hour] = self.missed.get(hour, 0) + 1
            self._forget(minute)
        self.last = max(self.last, minute)
        self.hours.add(minute // MINUTES_AN_HOUR, calls)

    def in_doubt(self, minute: int) -> bool:
        """Whether the silence up to and with `minute` may be an outage."""
        return minute > self.heard and self.expected(self.heard + 1, minute + 1) >= DOUBTFUL_CALLS

    def expected(self, first: int, end: int) -> float:
        """Calls that are usual from the minute `first` on, before `end`: by the quieter of yesterday and a week ago."""
        total = 0.0
        minute = max(first, end - BASELINE_DAYS * MINUTES_A_DAY)
        while minute < end:
            hour = minute // MINUTES_AN_HOUR
            stop = min(end, (hour + 1) * MINUTES_AN_HOUR)
            total += (stop - minute) * self._usual(hour)
            minute = stop
        return total

    def missed_between(self, first: int, end: int) -> int:
        """Minutes lost in hours that begin at the minute `first` or later, before the minute `end`."""
        return sum(lost for hour, lost in self.missed.items() if first <= hour * MINUTES_AN_HOUR < end)

    def _is_gap(self, last: int, minute: int) -> bool:
        return minute - last > GAP_MINUTES_MIN and self.expected(last + 1, minute) >= GAP_CALLS

    def _usual(self, hour: int) -> float:
        """Calls a minute. On the first day, of which nothing else is known, those of the hour before."""
        known = [at for at in (hour - HOURS_A_DAY, hour - BASELINE_DAYS * HOURS_A_DAY) if self.minutes(at)]
        if not known and self.minutes(hour - 1):
            known = [hour - 1]
        return min((self.hours.at(at) / self.minutes(at) for at in known), default=0.0)

    def _forget(self, minute: int) -> None:
        oldest = minute // MINUTES_AN_HOUR - (BASELINE_DAYS + 2) * HOURS_A_DAY
        self.missed = {hour: lost for hour, lost in self.missed.items() if hour >= oldest}
