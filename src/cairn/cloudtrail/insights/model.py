"""The statistical model: how many calls a minute of a series may have before that is unusual.

Counts of calls are taken as negative binomial: Poisson's, but wider by a dispersion that is estimated by the method of
moments from how minutes scatter about what was expected of them (Lawless: Negative binomial and mixed Poisson
regression, 1987). What is expected comes from the same time of the week before, scaled up by how the last hours compare
with theirs, as in Holt and Winters' multiplicative method. As in Farrington's method for outbreaks of diseases
(Farrington et al., 1996; Noufaily et al., 2013), a count is unusual if it is beyond a quantile of the predicted
distribution, the baseline is cleared of earlier outbreaks, and few cases are never one.

The quantile is Bonferroni's: by how many series and minutes of a week there are, a false alarm of chance alone is to
come in one week of twenty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from cairn.cloudtrail.insights.baseline import BASELINE_DAYS, Series, Watch
from cairn.cloudtrail.insights.hours import HOURS_A_DAY, HOURS_A_WEEK, HOURS_KEPT, MINUTES_A_DAY, MINUTES_AN_HOUR

FALSE_ALARMS_A_WEEK = 0.05
"""By chance, in one account and region, if the model were true."""
SERIES_MIN = 20
"""An account with fewer series is judged as if it had so many."""
FACTOR = 2.5
FACTOR_TOGETHER = 3.0
"""An unusual minute has at least so many times the calls that are expected; minutes together have, since load that
rises by itself does so for longer than one;"""
EXCESS_KNOWN = 6.0
"""and so many more than that in a series that has calls in most minutes,"""
EXCESS_UNKNOWN = 40.0
"""so many more in one that was never seen before: new users and scripts make a few dozen calls at once."""
EXCESS_MINUTES = 60.0
"""Minutes with calls after which half of the difference between the two is gone."""
CALLS_MIN = int(EXCESS_KNOWN)
"""No minute with fewer calls is looked at."""
WINDOWS = (1, 2, 5, 10)
"""Minutes that are looked at together: what is too little for one of them can be too much for all."""
EXCESS_A_MINUTE = 2.0
"""Of each minute but the first."""
NORMAL_SHARE = 0.6
"""Of the calls that make a minute unusual: an insight ends below."""

SPARSE_MINUTES = 500.0
"""A series with calls in fewer minutes of a week has no rhythm to speak of: only its highest minute says what is
usual."""
PEAK_FACTOR = 2.0
"""A minute with more than so many times the calls of the highest in a week is unusual at any time. If the tail of the
distribution falls at least as fast as an exponential one, that has a chance of about 1 / 10080 squared."""

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

GROWTH_MAX = 5.0
"""What the last hours can raise an expectation by. They never lower it: whatever is away comes back."""
GROWTH_CALLS = 10.0
"""Added to both sides of that ratio, so that few calls do not count as growth."""
GREW = 2.0
"""Yesterday counts as it was, if it had so many times the calls of its week before."""
MEAN_SHARE = 0.03
"""Any minute may have this share of the mean of the whole week."""
RECENT_SHARE = 0.8
"""Any minute may have this share of the calls of the last two hours."""
CATCHING_UP = 2.0
CATCHING_UP_MINUTES = 30
"""After an outage, so many times the calls are expected for so long: clients try again what failed."""
WATCHED_MINUTES_MIN = 15
"""An hour that was watched for less says nothing."""


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

    def unusual(self, calls: int, minutes: int = 1) -> bool:
        """Whether `minutes` in a row with so many calls in all are."""
        mean = self.mean * minutes
        factor = FACTOR if minutes == 1 else FACTOR_TOGETHER
        if calls < factor * mean + self.excess + EXCESS_A_MINUTE * (minutes - 1):
            return False
        if minutes == 1 and calls > PEAK_FACTOR * self.highest + self.excess:
            return True
        if self.sparse:
            return False
        return (
            tail(calls, mean, max(self.dispersion / minutes**INDEPENDENCE + self.error, DISPERSION_MIN)) <= self.chance
        )

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


class Before(NamedTuple):
    """What was usual when an insight began. Its own calls must not make themselves usual."""

    mean: float
    growth: float


def usual(series: Series, watch: Watch, minute: int, before: Before | None = None) -> Usual:
    """What is usual for a series at `minute`, by what was learnt earlier; in an insight, by what was so `before`."""
    active = series.active_in(minute // MINUTES_AN_HOUR)
    return Usual(
        mean=expected(series, watch, minute, before),
        dispersion=(series.surplus + DISPERSION_START * DISPERSION_WEIGHT) / (series.scale + DISPERSION_WEIGHT),
        error=(series.errors + ERROR_START * ERROR_HOURS) / (series.judged + ERROR_HOURS),
        excess=EXCESS_KNOWN + (EXCESS_UNKNOWN - EXCESS_KNOWN) / (1 + active / EXCESS_MINUTES),
        highest=series.highest_in(minute // MINUTES_AN_HOUR),
        sparse=active < SPARSE_MINUTES,
        chance=FALSE_ALARMS_A_WEEK / (BASELINE_DAYS * MINUTES_A_DAY * max(watch.series, SERIES_MIN)),
    )


def before(series: Series, watch: Watch, minute: int) -> Before:
    """What an insight that begins at `minute` is held against until it ends."""
    return Before(expected(series, watch, minute), _growth(series, watch, minute))


def expected(series: Series, watch: Watch, minute: int, before: Before | None = None) -> float:
    """Calls a minute that are expected: the most that a good reason can be given for."""
    hour = minute // MINUTES_AN_HOUR
    level = series.level if hour < series.level_until else 0.0
    week_ago = _rate(series, watch, minute - BASELINE_DAYS * MINUTES_A_DAY)
    recent = before.mean if before else max(_hour_rate(series, watch, hour - at) or 0.0 for at in (1, 2))
    after_outage = before is None and watch.resumed <= minute < watch.resumed + CATCHING_UP_MINUTES
    if week_ago is None or hour - HOURS_A_WEEK - 2 < max(series.born, watch.first // MINUTES_AN_HOUR + 1):
        usual_rate = max(_days(series, watch, minute), recent)
    else:
        usual_rate = week_ago * (before.growth if before else _growth(series, watch, minute))
        yesterday = _rate(series, watch, minute - MINUTES_A_DAY) or 0.0
        long_ago = _rate(series, watch, minute - (BASELINE_DAYS + 1) * MINUTES_A_DAY)
        if long_ago is not None and yesterday > GREW * long_ago:
            usual_rate = max(usual_rate, yesterday)
    mean = max(usual_rate, RECENT_SHARE * recent, level, MEAN_SHARE * _mean(series, watch, hour))
    return CATCHING_UP * mean if after_outage else mean


def least(series: Series, watch: Watch, minute: int) -> float:
    """A bound, in the half hour of `minute`, below any mean: cheap to hold minutes against."""
    half = minute - minute % (MINUTES_AN_HOUR // 2)
    rates = [_rate(series, watch, at - BASELINE_DAYS * MINUTES_A_DAY) for at in (half, half + MINUTES_AN_HOUR // 2 - 1)]
    return min((rate for rate in rates if rate is not None), default=0.0)


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
        series.surplus += max(0.0, squares - calls * rate - calls)
        series.scale += minutes * rate * rate
        mean = expected(series, watch, series.hour * MINUTES_AN_HOUR + MINUTES_AN_HOUR // 2)
        if mean > 0:
            ratio = min(rate / mean, ERROR_RATIO_MAX)
            say = mean * minutes / (mean * minutes + ERROR_CALLS)
            chance = 1 / (mean * minutes)
            # Expectations are high ones: fewer calls than expected are no error.
            series.errors += say * max(0.0, max(0.0, ratio - 1) ** 2 - chance)
            series.judged += say


def _hour_rate(series: Series, watch: Watch, hour: int) -> float | None:
    """Calls a minute; None where the hour was hardly watched."""
    minutes = watch.minutes(hour)
    return series.hours.at(hour) / minutes if minutes >= WATCHED_MINUTES_MIN else None


def _rate(series: Series, watch: Watch, minute: int) -> float | None:
    """Calls a minute about `minute`, between the middles of two hours; None where neither was watched."""
    hour, passed = divmod(minute, MINUTES_AN_HOUR)
    part = (passed + 0.5) / MINUTES_AN_HOUR - 0.5
    here = _hour_rate(series, watch, hour)
    beside = _hour_rate(series, watch, hour + 1 if part > 0 else hour - 1)
    if here is None or beside is None:
        return here if here is not None else beside
    return here + abs(part) * (beside - here)


def _days(series: Series, watch: Watch, minute: int) -> float:
    """The most calls a minute at this time of any day of the last six."""
    return max(_rate(series, watch, minute - day * MINUTES_A_DAY) or 0.0 for day in range(1, BASELINE_DAYS))


def _growth(series: Series, watch: Watch, minute: int) -> float:
    """How the last two hours, and this one so far, compare with the same a week before: what both hours have in common,
    or the square root of the most that one has."""
    hour, passed = divmod(minute, MINUTES_AN_HOUR)
    ratios: list[float] = []
    for at in (hour - 2, hour - 1):
        calls, calls_then = _hour_rate(series, watch, at), _hour_rate(series, watch, at - HOURS_A_WEEK)
        if calls is not None and calls_then is not None:
            ratios.append((calls * MINUTES_AN_HOUR + GROWTH_CALLS) / (calls_then * MINUTES_AN_HOUR + GROWTH_CALLS))
    common = min(ratios, default=1.0)
    if series.hour == hour and passed >= WATCHED_MINUTES_MIN:
        week_ago = _hour_rate(series, watch, hour - HOURS_A_WEEK) or 0.0
        ratios.append((series.calls + GROWTH_CALLS) / (week_ago * passed + GROWTH_CALLS))
    return min(max(common, math.sqrt(max(ratios, default=1.0)), 1.0), GROWTH_MAX)


def _mean(series: Series, watch: Watch, hour: int) -> float:
    """Calls a minute of all hours that are kept."""
    hours = min(HOURS_KEPT, hour - watch.first // MINUTES_AN_HOUR + 1)
    return series.hours.total() / (max(hours, HOURS_A_DAY) * MINUTES_AN_HOUR)
