"""What is expected of a series at a minute, by what was learnt before.

It comes from the same time of the week before, scaled up by how the last hours compare with theirs, as in Holt and
Winters' multiplicative method; holes that outages left are filled from other days.
"""

from __future__ import annotations

from typing import NamedTuple

from cairn.cloudtrail.insights.baseline import BASELINE_DAYS, Series, Watch
from cairn.cloudtrail.insights.hours import HOURS_A_DAY, HOURS_A_WEEK, HOURS_KEPT, MINUTES_A_DAY, MINUTES_AN_HOUR

HOUR_WEIGHT = 1.5
"""Minutes of which only the rate of their hour is known may have had so many times that."""
GROWTH_MAX = 5.0
"""What the last hours can raise an expectation by. They never lower it: whatever is away comes back."""
GROWTH_HOURS = 8
"""Hours back in which some are sought that can be compared with those a week before: outages leave holes."""
GROWTH_COMPARED = 2
"""How many of them are compared."""
GROWTH_CALLS = 10.0
"""Added to both sides of that ratio, so that few calls do not count as growth."""
EARLIER_MINUTES = 20
"""By which a day may begin earlier than a week before."""
GREW = 2.0
"""Yesterday counts, if it had so many times the calls of its week before."""
MEAN_SHARE = 0.03
"""Any minute may have this share of the mean of the whole week."""
RECENT_SHARE = 0.4
"""Any minute may have this share of the calls of the last two hours."""
CATCHING_UP = 2.0
CATCHING_UP_MINUTES = 30
"""After an outage, so many times the calls are expected for so long: clients try again what failed."""
LATE_MINUTES = 10
"""After which a minute is learnt."""
WATCHED_MINUTES_MIN = 45
"""An hour that was watched for less says nothing: load may have risen in the rest."""
BEGUN_MINUTES_MIN = 15
"""Of an hour that goes on, so many say something."""
HALF_HOUR = 30
"""In which rates, which are joined at the middles of hours, run straight."""


class Before(NamedTuple):
    """What was usual when an insight began. Its own calls must not make themselves usual."""

    mean: float
    growth: float


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
    earlier = _rate(series, watch, minute - BASELINE_DAYS * MINUTES_A_DAY + EARLIER_MINUTES)
    if week_ago is None or earlier is None or _is_young(series, watch, hour):
        usual_rate = max(_days(series, watch, minute), recent)
    else:
        week_ago = max(week_ago, earlier)
        usual_rate = week_ago * (before.growth if before else _growth(series, watch, minute))
        yesterday = _rate(series, watch, minute - MINUTES_A_DAY) or 0.0
        long_ago = _rate(series, watch, minute - (BASELINE_DAYS + 1) * MINUTES_A_DAY)
        if long_ago is not None and yesterday > GREW * long_ago:
            few = GROWTH_CALLS / MINUTES_AN_HOUR
            grown = (week_ago + few) * (yesterday + few) / (long_ago + few)
            usual_rate = max(usual_rate, min(yesterday, grown))
    mean = max(usual_rate, RECENT_SHARE * recent, level, MEAN_SHARE * _mean(series, watch, hour))
    return CATCHING_UP * mean if after_outage else mean


def lately(series: Series, watch: Watch, minute: int) -> float:
    """Calls a minute of this hour as far as they are learnt, or of the hour before; weighted, since they are no better
    known."""
    hour, passed = divmod(minute - LATE_MINUTES, MINUTES_AN_HOUR)
    if series.hour == hour and passed >= BEGUN_MINUTES_MIN:
        return HOUR_WEIGHT * series.calls / passed
    return HOUR_WEIGHT * (_hour_rate(series, watch, hour - 1) or 0.0)


def least(series: Series, watch: Watch, minute: int) -> float:
    """A bound, in the half hour of `minute`, below any mean: cheap to hold minutes against."""
    hour = minute // MINUTES_AN_HOUR
    back = MINUTES_A_DAY if _is_young(series, watch, hour) else BASELINE_DAYS * MINUTES_A_DAY
    half = minute - minute % HALF_HOUR
    rates = [
        _rate(series, watch, half + at - back)
        for at in (0, HALF_HOUR - 1, EARLIER_MINUTES, HALF_HOUR + EARLIER_MINUTES - 1)
    ]
    if any(rate is None for rate in rates):
        return 0.0
    return min(rate for rate in rates[:2] if rate is not None)


def _is_young(series: Series, watch: Watch, hour: int) -> bool:
    """Whether the same hour a week before, and the two before that, say nothing of a series."""
    return hour - HOURS_A_WEEK - 2 < max(series.born, watch.first // MINUTES_AN_HOUR + 1)


def _hour_rate(series: Series, watch: Watch, hour: int) -> float | None:
    """Calls a minute; None where the hour was hardly watched."""
    minutes = watch.minutes(hour)
    return series.hours.at(hour) / minutes if minutes >= WATCHED_MINUTES_MIN else None


def _rate(series: Series, watch: Watch, minute: int) -> float | None:
    """Calls a minute about `minute`, between the middles of two hours; None where one was hardly watched."""
    hour, passed = divmod(minute, MINUTES_AN_HOUR)
    part = (passed + 0.5) / MINUTES_AN_HOUR - 0.5
    here = _hour_rate(series, watch, hour)
    beside = _hour_rate(series, watch, hour + 1 if part > 0 else hour - 1)
    if here is None or beside is None:
        return None
    return here + abs(part) * (beside - here)


def _days(series: Series, watch: Watch, minute: int) -> float:
    """The most calls a minute at this time of any day of the last six."""
    return max(_rate(series, watch, minute - day * MINUTES_A_DAY) or 0.0 for day in range(1, BASELINE_DAYS))


def _growth(series: Series, watch: Watch, minute: int) -> float:
    """What the last two hours that can be compared have in common over the same a week before."""
    hour = minute // MINUTES_AN_HOUR
    ratios: list[float] = []
    for at in range(hour - 1, hour - 1 - GROWTH_HOURS, -1):
        calls, calls_then = _hour_rate(series, watch, at), _hour_rate(series, watch, at - HOURS_A_WEEK)
        if calls is not None and calls_then is not None:
            ratios.append((calls * MINUTES_AN_HOUR + GROWTH_CALLS) / (calls_then * MINUTES_AN_HOUR + GROWTH_CALLS))
            if len(ratios) == GROWTH_COMPARED:
                break
    return min(max(min(ratios, default=1.0), 1.0), GROWTH_MAX)


def _mean(series: Series, watch: Watch, hour: int) -> float:
    """Calls a minute of all hours that are kept."""
    hours = min(HOURS_KEPT, hour - watch.first // MINUTES_AN_HOUR + 1)
    return series.hours.total() / (max(hours, HOURS_A_DAY) * MINUTES_AN_HOUR)
