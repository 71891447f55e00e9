"""Periods of time, and the one that a moment is in: bin(5m), datefloor, dateceil.

Source: CloudWatch Logs user guide, "Datetime functions", whose names of units these are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.language.syntax import Period
from cairn.core.clock import utc

_DAY_MS = 86_400_000
_NAMES_MS = (
    (1, ("ms", "msec", "msecs", "millisecond", "milliseconds")),
    (1000, ("s", "sec", "secs", "second", "seconds")),
    (60_000, ("m", "min", "mins", "minute", "minutes")),
    (3_600_000, ("h", "hr", "hrs", "hour", "hours")),
    (_DAY_MS, ("d", "day", "days")),
    (7 * _DAY_MS, ("w", "week", "weeks")),
)
_NAMES_MONTHS = (
    (1, ("mo", "mon", "month", "months")),
    (3, ("q", "qtr", "qtrs", "quarter", "quarters")),
    (12, ("y", "yr", "yrs", "year", "years")),
)
_UNITS_MS = {name: ms for ms, names in _NAMES_MS for name in names}
_UNITS_MONTHS = {name: months for months, names in _NAMES_MONTHS for name in names}
_WEEK_ANCHOR_MS = 4 * _DAY_MS
"""The first Monday of the epoch: weeks begin on Mondays."""
_MONTHS_MAX = 12 * 9999

Bounds = Callable[[int], tuple[int, int]]
"""Where the period that a moment is in begins, and where the next one does, in milliseconds."""


def bounds_of(period: Period) -> Bounds:
    """How a period divides time: months, quarters and years as the calendar does, all others from the epoch on.

    Raises:
        MalformedQuery: there is no such unit, or no such number of it.
    """
    unit = period.unit.lower()
    if period.number < 1:
        raise MalformedQuery("The period must be at least 1", period.start, period.end)
    if unit in _UNITS_MONTHS:
        months = period.number * _UNITS_MONTHS[unit]
        if months > _MONTHS_MAX:
            raise MalformedQuery("The period is too long", period.start, period.end)
        return lambda moment: _months(moment, months)
    if unit not in _UNITS_MS:
        raise MalformedQuery(f"There is no unit of time {period.unit}", period.start, period.end)
    length = period.number * _UNITS_MS[unit]
    anchor = _WEEK_ANCHOR_MS if length % (7 * _DAY_MS) == 0 else 0

    def even(moment: int) -> tuple[int, int]:
        begin = moment - (moment - anchor) % length
        return begin, begin + length

    return even


def _months(moment: int, length: int) -> tuple[int, int]:
    try:
        at = utc(moment / 1000)
    except ValueError:
        return moment, moment
    first = (at.year * 12 + at.month - 1) // length * length
    return _month_ms(first), _month_ms(first + length)


def _month_ms(month: int) -> int:
    year, index = divmod(month, 12)
    return int(datetime(min(max(year, 1), 9999), index + 1, 1, tzinfo=UTC).timestamp() * 1000)
