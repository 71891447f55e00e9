"""The statistical model: how many calls a minute of a series may have before that is unusual.

Counts of calls are taken as negative binomial: Poisson's, but wider by a dispersion that is estimated by the method of
moments (Lawless: Negative binomial and mixed Poisson regression, 1987) from the differences of neighbouring minutes
(von Neumann's mean square successive difference, 1941), which the rising and falling of a day leaves alone. As in
Farrington's method for outbreaks of diseases (Farrington et al., 1996; Noufaily et al., 2013), a count is unusual if it
is beyond a quantile of the predicted distribution, the baseline is cleared of earlier outbreaks, and few cases are
never one.

The quantile is Bonferroni's: by how many series and minutes of a week there are, false alarms of chance alone are to
be `FALSE_ALARMS_A_WEEK`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from cairn.cloudtrail.insights.baseline import BASELINE_DAYS, Series, Watch
from cairn.cloudtrail.insights.expectation import WATCHED_MINUTES_MIN, Before, expected
from cairn.cloudtrail.insights.hours import MINUTES_A_DAY, MINUTES_AN_HOUR

FALSE_ALARMS_A_WEEK = 0.3
"""By chance, in one account and region, if the model were true."""
SERIES_MIN = 20
"""An account with fewer series is judged as if it had so many."""
FACTOR = 2.5
FACTOR_LONG = 3.0
"""An unusual minute has at least so many times the calls that are expected; more than `SHORT_MINUTES` together have,
since load that rises by itself does so for longer;"""
SHORT_MINUTES = 3
FACTOR_LATELY = 2.0
"""so many times those of the minutes just before: load that wanders, and a day that begins early, do not jump;"""
EXCESS_KNOWN = 5.0
"""and so many more than that in a series that has calls in most minutes,"""
EXCESS_UNKNOWN = 40.0
"""so many more in one that was never seen before: new users and scripts make a few dozen calls at once."""
EXCESS_MINUTES = 60.0
"""Minutes with calls after which half of the difference between the two is gone."""
CALLS_MIN = 6
"""No minute with fewer calls is looked at."""
WINDOWS = (1, 2, 3, 5, 10)
"""Minutes that are looked at together: what is too little for one of them can be too much for all."""
EXCESS_A_MINUTE = 1.0
"""Of each minute but the first."""
NORMAL_SHARE = 0.6
"""Of the calls that make a minute unusual: an insight ends below."""

SPARSE_MINUTES = 500.0
"""A series with calls in fewer minutes of a week has no rhythm to speak of: only its highest minute says what is
usual."""
PEAK_FACTOR = 2.0
"""A minute with more than so many times the calls of the highest in a week is unusual at any time. If the tail of the
distribution falls at least as fast as an exponential one, that has a chance of about 1 / 10080 squared."""

ERROR_SHARE = 0.5
"""Standard deviations of what is expected by which it is raised before the scatter of minutes is judged."""
INDEPENDENCE = 0.75
"""Of neighbouring minutes' scatter: 1 if one said nothing of the next, 0 if they were the same."""
DISPERSION_MIN = 0.02
DISPERSION_START = 0.3
"""The dispersion of minutes that is assumed before there is evidence,"""
DISPERSION_WEIGHT = 60.0
"""which counts as so many minutes with one expected call."""
ERROR_START = 0.1
"""The square of the error of expectations that is assumed before there is evidence,"""
ERROR_HOURS = 12.0
"""which counts as so many hours."""
ERROR_RATIO_MAX = 3.0
"""An hour with more than so many times the calls that were expected counts as if it had so many."""
ERROR_CALLS = 30.0
"""Expected calls with which an hour has half of its say in that."""


class Usual(NamedTuple):
    """What is known of a series at a minute."""

    mean: float
    """Calls a minute that are expected."""
    dispersion: float
    """Of single minutes about the level of their hour: nearly independent of each other."""
    error: float
    """Of that level about what is expected: the same for neighbouring minutes. Both are relative variances."""
    excess: float
    """Calls above the mean that any minute may have."""
    highest: int
    """The most calls of a minute so far."""
    sparse: bool
    chance: float
    """Tail probability below which a count is unusual."""

    def unusual(self, calls: int, minutes: int = 1, lately: float = 0.0) -> bool:
        """Whether `minutes` in a row with so many calls in all are.

        Args:
            lately: calls a minute of the minutes before them: load that wanders up is no burst.
        """
        factor = FACTOR if minutes <= SHORT_MINUTES else FACTOR_LONG
        excess = self.excess + EXCESS_A_MINUTE * (minutes - 1)
        if calls < factor * self.mean * minutes + excess or calls < FACTOR_LATELY * lately * minutes + excess:
            return False
        if minutes == 1 and calls > PEAK_FACTOR * self.highest + self.excess:
            return True
        if self.sparse:
            return False
        mean = max(self.mean * (1 + ERROR_SHARE * math.sqrt(self.error)), lately) * minutes
        return tail(calls, mean, max(self.dispersion / minutes**INDEPENDENCE, DISPERSION_MIN)) <= self.chance

    def above(self, calls: int) -> bool:
        """Whether a minute can be the first of some that are unusual together."""
        return calls >= max(FACTOR * self.mean, 1)

    def normal(self, calls: int) -> bool:
        """Whether a minute can end an insight: clearly below what begins one."""
        return calls < NORMAL_SHARE * (FACTOR * self.mean + self.excess) or not self.unusual(calls)


def tail(calls: int, mean: float, dispersion: float) -> float:
    """An upper bound of the chance that a negative binomial count reaches `calls`, close where that is small.

    Terms of the distribution fall by a factor that tends to mean / (mean + 1 / dispersion); the geometric series with
    the largest factor from `calls` on bounds their sum.
    """
    if calls <= mean:
        return 1.0
    if mean <= 0:
        return 0.0
    size = 1 / dispersion
    ratio = mean / (mean + size)
    first = math.lgamma(calls + size) - math.lgamma(size) - math.lgamma(calls + 1)
    first += calls * math.log(ratio) + size * math.log1p(-ratio)
    falling = max(ratio, ratio * (calls + size) / (calls + 1))
    return min(1.0, math.exp(first) / (1 - falling)) if falling < 1 else 1.0


def usual(series: Series, watch: Watch, minute: int, before: Before | None = None) -> Usual:
    """What is usual for a series at `minute`, by what was learnt earlier; in an insight, by what was so `before`."""
    active = series.active_in(minute // MINUTES_AN_HOUR)
    return Usual(
        mean=expected(series, watch, minute, before),
        dispersion=(max(series.surplus, 0.0) + DISPERSION_START * DISPERSION_WEIGHT)
        / (series.scale + DISPERSION_WEIGHT),
        error=(series.errors + ERROR_START * ERROR_HOURS) / (series.judged + ERROR_HOURS),
        excess=EXCESS_KNOWN + (EXCESS_UNKNOWN - EXCESS_KNOWN) / (1 + active / EXCESS_MINUTES),
        highest=series.highest_in(minute // MINUTES_AN_HOUR),
        sparse=active < SPARSE_MINUTES,
        chance=FALSE_ALARMS_A_WEEK / (BASELINE_DAYS * MINUTES_A_DAY * max(watch.series, SERIES_MIN)),
    )


def may_be_unusual(mean: float, counts: Sequence[int]) -> bool:
    """Whether the counts of a minute and those before it are worth a closer look, if the mean is `mean` or more."""
    calls = 0
    for minutes, count in enumerate(counts, 1):
        calls += count
        if minutes in WINDOWS and calls >= FACTOR * mean * minutes + EXCESS_KNOWN + EXCESS_A_MINUTE * (minutes - 1):
            return True
    return False


def settle(series: Series, watch: Watch) -> None:
    """Learn from the hour that is over how its minutes scattered about its level, and that about what was expected."""
    calls, squares, minutes = series.calls, series.squares, watch.minutes(series.hour)
    series.calls = series.squares = 0
    if calls and minutes >= WATCHED_MINUTES_MIN:
        rate = calls / minutes
        series.surplus += squares / 2 - calls
        series.scale += minutes * rate * rate
        mean = expected(series, watch, series.hour * MINUTES_AN_HOUR + MINUTES_AN_HOUR // 2)
        if mean > 0:
            ratio = min(rate / mean, ERROR_RATIO_MAX)
            say = mean * minutes / (mean * minutes + ERROR_CALLS)
            chance = 1 / (mean * minutes)
            # Expectations are high ones: fewer calls than expected are no error.
            series.errors += say * max(0.0, max(0.0, ratio - 1) ** 2 - chance)
            series.judged += say
