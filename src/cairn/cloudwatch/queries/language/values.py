"""Values of a query: missing, text, numbers, times, maps and lists of JSON; how they compare and what they look like.

Log events are text, so a text that reads as a number is one wherever a number is wanted. Booleans of JSON are 1 and 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import msgspec

from cairn.core.clock import utc

Value = Any
"""None (missing), str, int, float, `Timestamp`, dict or list."""

DIGITS_MAX = 18
"""Digits of an integer that stays one; longer ones become floats, so that arithmetic cannot grow."""
_EXACT = 10**DIGITS_MAX
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TEXT_MAX = 64
"""Characters of a text that may be a number."""
_YEAR_10000_MS = 253_402_300_800_000


class Timestamp(int):
    """A time in milliseconds since the epoch, shown as a date. What is computed of it is a plain number."""

    __slots__ = ()


def number(value: Value) -> int | float | None:
    """The value as a number; None where it is none."""
    kind = type(value)
    if kind is int or kind is Timestamp:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return value if math.isfinite(value) else None  # a query may say 1e999
    if kind is bool:
        return int(value)
    if kind is str and value and len(value) <= _TEXT_MAX and value[-1] in "0123456789." and _NUMBER.fullmatch(value):
        if len(value) <= DIGITS_MAX and value.isdigit():
            return int(value)
        return tame(float(value))
    return None


def tame(value: int | float) -> int | float | None:
    """A number that can be worked with further: finite, and no integer that grows without end."""
    if type(value) is int:
        return value if -_EXACT < value < _EXACT else float(value)
    return value if math.isfinite(value) else None


def text(value: Value) -> str | None:
    """The value as it is shown; None where it is missing."""
    kind = type(value)
    if value is None or kind is str:
        return value  # type: ignore[no-any-return]
    if kind is Timestamp:
        return _date(value)
    if kind is bool:
        return "1" if value else "0"
    if kind is float:
        return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    if kind is dict or kind is list:
        return msgspec.json.encode(value).decode()
    return str(value)


def truth(value: Value) -> bool:
    """Whether a condition that comes to this value holds."""
    if type(value) is str:
        return value not in ("", "0", "false")
    return bool(value)


def compare(left: Value, right: Value) -> int | None:
    """Below, at or above 0, as numbers where both are, else as texts; None where one is missing."""
    if left is None or right is None:
        return None
    first, second = number(left), number(right)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    one, other = text(left) or "", text(right) or ""
    return (one > other) - (one < other)


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same; a missing one is the same as none."""
    if type(left) is str and type(right) is str and left == right:
        return True
    return compare(left, right) == 0 or (left is not None and right is not None and _same_truth(left, right))


COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "=": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": lambda left, right: (compare(left, right) or 0) < 0,
    ">": lambda left, right: (compare(left, right) or 0) > 0,
    "<=": lambda left, right: _at_most(compare(left, right)),
    ">=": lambda left, right: _at_most(compare(right, left)),
}


def _at_most(order: int | None) -> bool:
    return order is not None and order <= 0


def _same_truth(left: Value, right: Value) -> bool:
    """`true` and `false` written out, against a boolean of JSON."""
    for one, other in ((left, right), (right, left)):
        if type(one) is bool and type(other) is str:
            return other.lower() == ("true" if one else "false")
    return False


SortKey = tuple[int, Any, str]

_RUNS = re.compile(r"[0-9]+|[^0-9]+")


def sort_key(value: Value) -> SortKey:
    """What orders values: missing ones, texts, numbers. Texts in runs of digits, which go by length and then by value,
    and runs of others, which go by Unicode.

    Source: CloudWatch Logs user guide, "sort".
    """
    if value is None:
        return (0, (), "")
    found = number(value)
    if found is not None:
        return (2, found, value if type(value) is str else "")  # `01` before `1`
    shown = text(value) or ""
    # A run of digits stands where its first digit does in Unicode, below letters and above most punctuation.
    runs = tuple(("0", len(run), run) if run[0].isdigit() else (run, 0, "") for run in _RUNS.findall(shown))
    return (1, runs, shown)


def _date(value: int) -> str:
    if not 0 <= value < _YEAR_10000_MS:
        return str(int(value))
    return utc(value / 1000).strftime("%Y-%m-%d %H:%M:%S.") + f"{value % 1000:03d}"
