"""A field of a cron expression, as a set of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_NAMES = {
    "month": ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    "weekday": ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
}
_PART = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]{1,4}))?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,4}")


class Kind(NamedTuple):
    """What a field counts."""

    name: str
    lowest: int
    highest: int
    circles: bool = True
    """Whether a range may go on from the highest to the lowest: `22-4`, `FRI-MON`."""

    def number(self, text: str) -> int:
        """A number, or what stands for one.

        Raises:
            ValueError: the field does not have it.
        """
        names = _NAMES.get(self.name, [])
        if text.upper() in names:
            return names.index(text.upper()) + 1
        if not _NUMBER.fullmatch(text) or not self.lowest <= int(text) <= self.highest:
            raise ValueError(f"{text!r} is no {self.name}")
        return int(text)


MINUTE = Kind("minute", 0, 59)
HOUR = Kind("hour", 0, 23)
DAY = Kind("day", 1, 31)
MONTH = Kind("month", 1, 12)
WEEKDAY = Kind("weekday", 1, 7)
"""1 is Sunday."""
YEAR = Kind("year", 1970, 2199, circles=False)


def numbers(text: str, kind: Kind) -> tuple[int, ...]:
    """What a field allows, in order: a list of `*`, `5`, `5-7`, each maybe with a step.

    Raises:
        ValueError: it is no such list.
    """
    return tuple(sorted({number for part in text.split(",") for number in _part(part, kind)}))


def _part(text: str, kind: Kind) -> Iterable[int]:
    match = _PART.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no part of a field")
    step = int(match["step"] or 1)
    if not 0 < step <= kind.highest:
        raise ValueError(f"{step} is no step")
    if match["all"]:
        return range(kind.lowest, kind.highest + 1, step)
    first = kind.number(match["first"])
    if not match["last"]:
        return range(first, kind.highest + 1, step) if match["step"] else (first,)
    last = kind.number(match["last"])
    if first <= last:
        return range(first, last + 1, step)
    if not kind.circles:
        raise ValueError(f"{text!r} ends before it begins")
    size = kind.highest - kind.lowest + 1
    return ((number - kind.lowest) % size + kind.lowest for number in range(first, last + size + 1, step))
