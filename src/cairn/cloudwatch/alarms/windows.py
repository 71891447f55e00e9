"""When an alarm is evaluated, and which periods it looks at then. Pure.

An alarm is evaluated at each step of a grid: every 10 s where its period is shorter than a minute, every hour where it
looks back for more than a day, else every minute. Its periods end with the step, so a period of five minutes moves on
by a minute each time, as AWS's does. What arrives for a period that still runs may say already that it breaches, if
nothing that is yet to come can take that back (`may_be_final`).
"""

from __future__ import annotations

SHORT_PERIODS_S = (10, 20, 30)
MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 86_400
WEEK_S = 7 * DAY_S

SHORT_STEP_S = 10

PERIODS_MORE = 2
"""Periods that are looked at beside those that decide: AWS's number is not known but for N=3, where it is 2."""
SETTLE_S = 0.3
"""After the end of a period, so that what was sent in its last moments has arrived."""


def is_period(seconds: int) -> bool:
    """Whether alarms may have this period."""
    return seconds in SHORT_PERIODS_S or (seconds > 0 and seconds % MINUTE_S == 0)


def step_s(period: int, periods: int, *, computed: bool = False) -> int:
    """The grid of an alarm, in seconds. Expressions of short periods move on by whole periods."""
    if period < MINUTE_S:
        return period if computed else SHORT_STEP_S
    return HOUR_S if period * periods > DAY_S else MINUTE_S


def boundary(now: float, step: int) -> float:
    """The last step of a grid whose data has settled, in seconds since the epoch."""
    return float((now - SETTLE_S) // step * step)


def running(now: float, step: int) -> list[float]:
    """The steps whose data may still come: the next one and, while its data settles, the one that has just passed."""
    following = float(now // step * step) + step
    return [following] if boundary(now, step) == following - step else [following, following - step]


def starts(end: float, period: int, periods: int) -> list[float]:
    """When the periods of an evaluation range begin that ends at `end`, the oldest first."""
    count = periods + PERIODS_MORE
    return [end - period * (count - place) for place in range(count)]


def may_be_final(statistic: str, comparison: str) -> bool:
    """Whether a period that still runs can breach whatever data it still gets."""
    if comparison.startswith("Greater"):
        return statistic in ("Maximum", "SampleCount", "Sum")
    return statistic == "Minimum"


def is_final(statistic: str, least: float) -> bool:
    """Whether a running period does, of those that can, given its least value so far. Sums are taken to grow where
    that is not negative: counts do."""
    return statistic != "Sum" or least >= 0
