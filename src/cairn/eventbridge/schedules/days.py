"""Which days of a month a cron expression allows: its day-of-month or its day-of-week, whichever is not `?`."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable

from cairn.eventbridge.schedules.fields import DAY, WEEKDAY, numbers

Days = Callable[[int, int], Iterable[int]]
"""The days that a month of a year has of those, in order."""

UNSAID = "?"

_WEEKDAY_NEAR = re.compile(r"([0-9]{1,2})W")
_BEFORE_LAST = re.compile(r"L-([0-9]{1,2})")
_LAST_OF = re.compile(r"(\w+)L", re.ASCII)
_NTH_OF = re.compile(r"(\w+)#([1-5])", re.ASCII)
_SATURDAY, _SUNDAY = 5, 6


def days(day: str, weekday: str) -> Days:
    """What the two fields say together; exactly one of them is `?`.

    Raises:
        ValueError: they say nothing that is allowed.
    """
    if (day == UNSAID) == (weekday == UNSAID):
        raise ValueError("exactly one of day-of-month and day-of-week is left open")
    return _of_week(weekday.upper()) if day == UNSAID else _of_month(day.upper())


def _of_month(text: str) -> Days:
    if text == "L":
        return lambda year, month: (_length(year, month),)
    if text == "LW":
        return lambda year, month: (_near(year, month, _length(year, month)),)
    if match := _BEFORE_LAST.fullmatch(text):
        before = int(match[1])
        if before > DAY.highest - 1:
            raise ValueError(f"no month has {before} days before its last")
        return lambda year, month: (last,) if (last := _length(year, month) - before) > 0 else ()
    if match := _WEEKDAY_NEAR.fullmatch(text):
        wanted = DAY.number(match[1])
        return lambda year, month: (_near(year, month, wanted),) if wanted <= _length(year, month) else ()
    allowed = numbers(text, DAY)
    return lambda year, month: (day for day in allowed if day <= _length(year, month))


def _of_week(text: str) -> Days:
    if text == "L":  # the last day of the week, every week
        text = "SAT"
    if match := _LAST_OF.fullmatch(text):
        weekday = WEEKDAY.number(match[1])
        return lambda year, month: _on(year, month, {weekday})[-1:]
    if match := _NTH_OF.fullmatch(text):
        weekday, nth = WEEKDAY.number(match[1]), int(match[2])
        return lambda year, month: _on(year, month, {weekday})[nth - 1 : nth]
    allowed = set(numbers(text, WEEKDAY))
    return lambda year, month: _on(year, month, allowed)


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _on(year: int, month: int, weekdays: set[int]) -> list[int]:
    """The days of a month that are one of some weekdays, of which 1 is Sunday."""
    first, length = calendar.monthrange(year, month)  # the first's weekday, of which 0 is Monday
    return [day for day in range(1, length + 1) if (first + day) % 7 + 1 in weekdays]


def _near(year: int, month: int, day: int) -> int:
    """The day from Monday to Friday that is nearest, within the month."""
    weekday = calendar.weekday(year, month, day)
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < _length(year, month) else day - 2
    return day
