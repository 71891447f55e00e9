"""When an alarm is evaluated, and which periods it looks at then. Pure.

An alarm is evaluated at each step of a grid: every 10 s where its period is shorter than a minute, every hour where it
looks back for more than a day, else every minute. Its periods end with the step, so a period of five minutes moves on
by a minute each time, as AWS's does. What arrives for a period that still runs may say already that it breaches, if
nothing that is yet to come can take that back (`is_final`).
"""

from __future__ import annotations

from cairn.cloudwatch.alarms.evaluation import COMPARISONS

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

_GROWING = ("Maximum", "SampleCount", "Sum")


def is_period(seconds: int) -> bool:
    """Whether alarms may have this period."""
    return seconds in SHORT_PERIODS_S or (seconds > 0 and seconds % MINUTE_S == 0)


def step_s(period: int, periods: int) -> int:
    """The grid of an alarm, in seconds."""
    if period < MINUTE_S:
        return SHORT_STEP_S
    return HOUR_S if period * periods > DAY_S else MINUTE_S


def boundary(now: float, step: int) -> float:
    """The last step of a grid whose data has settled, in seconds since the epoch."""
    return float((now - SETTLE_S) // step * step)


def starts(end: float, period: int, periods: int) -> list[float]:
    """When the periods of an evaluation range begin that ends at `end`, the oldest first."""
    count = periods + PERIODS_MORE
    return [end - period * (count - place) for place in range(count)]


def is_final(statistic: str, comparison: str, value: float, threshold: float, least: float) -> bool:
    """Whether a period breaches whatever data it still gets.

    Args:
        least: its least value so far. Sums are taken to grow where that is not negative: counts do.
    """
    if not COMPARISONS[comparison].breaches(value, threshold):
        return False
    if comparison.startswith("Greater"):
        return statistic in _GROWING and (statistic != "Sum" or least >= 0)
    return statistic == "Minimum"


def may_be_final(statistic: str, comparison: str) -> bool:
    """Whether a running period can be final at all."""
    return statistic in _GROWING if comparison.startswith("Greater") else statistic == "Minimum"
