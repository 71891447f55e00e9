"""What `stats` computes of a group's rows, each in bounded memory.

Source: CloudWatch Logs user guide, "stats", whose names of functions these are.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from hashlib import blake2b
from typing import Protocol

from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.language.rows import Read, Row, field_reader
from cairn.cloudwatch.queries.language.syntax import Call, Literal, Star
from cairn.cloudwatch.queries.language.values import Timestamp, Value, number, sort_key, tame, text

EXACT_MAX = 10_000
"""Values of a group that percentiles and distinct counts keep; beyond, both are estimates within 1 or 2 %."""
PLACES = 4
"""Decimal places of averages, deviations and percentiles."""
_SPREAD = 1.01
_LOG_SPREAD = math.log(_SPREAD)


class Aggregate(Protocol):
    """One value of one group in the making."""

    def add(self, row: Row) -> int:
        """Take a row in. Returns how many more values are kept because of it."""

    def value(self) -> Value:
        """What the rows come to."""


class _Count:
    def __init__(self, read: Read | None) -> None:
        self._read = read
        self._count = 0

    def add(self, row: Row) -> int:
        if self._read is None or self._read(row) is not None:
            self._count += 1
        return 0

    def value(self) -> Value:
        return self._count


class _Sum:
    def __init__(self, read: Read) -> None:
        self._read = read
        self._count = 0
        self._sum: float = 0

    def add(self, row: Row) -> int:
        found = number(self._read(row))
        if found is not None:
            self._count += 1
            self._sum += int(found) if type(found) is Timestamp else found
        return 0

    def value(self) -> Value:
        return tame(self._sum) if self._count else None


class _Average(_Sum):
    def value(self) -> Value:
        return _rounded(self._sum / self._count) if self._count else None


class _Deviation:
    """Welford's, so that large values with small differences keep them. Of the whole population."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0

    def add(self, row: Row) -> int:
        found = number(self._read(row))
        if found is not None:
            self._count += 1
            step = found - self._mean
            self._mean += step / self._count
            self._squares += step * (found - self._mean)
        return 0

    def value(self) -> Value:
        return _rounded(math.sqrt(self._squares / self._count)) if self._count else None


class _Best:
    """The value that comes first, or last, in an order."""

    def __init__(self, read: Read, order: Callable[[Row, Value], object], *, last: bool) -> None:
        self._read = read
        self._order = order
        self._last = last
        self._key: object = None
        self._found: Value = None

    def add(self, row: Row) -> int:
        value = self._read(row)
        if value is None:
            return 0
        key = self._order(row, value)
        if key is None:
            return 0
        if self._key is None or (key > self._key if self._last else key < self._key):  # type: ignore[operator]
            self._key, self._found = key, value
        return 0

    def value(self) -> Value:
        return self._found


class _Extreme(_Best):
    """`min` and `max`: the numbers of texts as numbers."""

    def value(self) -> Value:
        found = number(self._found)
        return self._found if found is None else found


class _Distinct:
    """How many different values: exact up to `EXACT_MAX`, then by the smallest of their hashes."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._kept: set[int] = set()
        self._largest: list[int] = []  # a heap of what is kept, negative, once it is full

    def add(self, row: Row) -> int:
        shown = text(self._read(row))
        if shown is None:
            return 0
        found = int.from_bytes(blake2b(shown.encode(errors="replace"), digest_size=8).digest())
        if found in self._kept:
            return 0
        if len(self._kept) < EXACT_MAX:
            self._kept.add(found)
            return 1
        if not self._largest:
            self._largest = [-each for each in self._kept]
            heapq.heapify(self._largest)
        if found < -self._largest[0]:
            self._kept.discard(-heapq.heapreplace(self._largest, -found))
            self._kept.add(found)
        return 0

    def value(self) -> Value:
        if not self._largest:
            return len(self._kept)
        return round((EXACT_MAX - 1) * 2.0**64 / -self._largest[0])


class _Percentile:
    """The value below which so many percent lie: one of them up to `EXACT_MAX`, then within a percent of it."""

    def __init__(self, read: Read, percent: float) -> None:
        self._read = read
        self._percent = percent
        self._values: list[float] = []
        self._counts: dict[tuple[int, int], int] = {}  # by sign and logarithm

    def add(self, row: Row) -> int:
        found = number(self._read(row))
        if found is None:
            return 0
        if self._counts:
            known = len(self._counts)
            self._count(found)
            return len(self._counts) - known
        self._values.append(found)
        if len(self._values) <= EXACT_MAX:
            return 1
        for each in self._values:
            self._count(each)
        self._values.clear()
        return 0

    def value(self) -> Value:
        if not self._counts:
            found = sorted(self._values)
            return _rounded(found[_rank(self._percent, len(found))]) if found else None
        rank = _rank(self._percent, sum(self._counts.values()))
        for bucket in sorted(self._counts, key=lambda bucket: bucket[0] * (bucket[1] + 1e6)):
            rank -= self._counts[bucket]
            if rank < 0:
                return _rounded(bucket[0] * _SPREAD ** (bucket[1] - 0.5))
        return None

    def _count(self, value: float) -> None:
        bucket = (0, 0) if value == 0 else (1 if value > 0 else -1, math.ceil(math.log(abs(value)) / _LOG_SPREAD))
        self._counts[bucket] = self._counts.get(bucket, 0) + 1


def _rank(percent: float, count: int) -> int:
    return max(math.ceil(percent / 100 * count) - 1, 0)


def _rounded(value: float) -> Value:
    found = tame(round(value, PLACES))
    return int(found) if type(found) is float and found.is_integer() and abs(found) < 1e15 else found


_timestamp = field_reader("@timestamp")


def _by_time(row: Row, value: Value) -> object:
    return number(_timestamp(row))


def _by_order(row: Row, value: Value) -> object:
    return sort_key(value)


Maker = Callable[[], Aggregate]

_OF_ONE: dict[str, Callable[[Read], Aggregate]] = {
    "sum": _Sum,
    "avg": _Average,
    "stddev": _Deviation,
    "count_distinct": _Distinct,
    "min": lambda read: _Extreme(read, _by_order, last=False),
    "max": lambda read: _Extreme(read, _by_order, last=True),
    "earliest": lambda read: _Best(read, _by_time, last=False),
    "latest": lambda read: _Best(read, _by_time, last=True),
    "sortsfirst": lambda read: _Best(read, _by_order, last=False),
    "sortslast": lambda read: _Best(read, _by_order, last=True),
    "median": lambda read: _Percentile(read, 50.0),
}
NAMES = frozenset({*_OF_ONE, "count", "pct", "percentile"})
"""Functions of groups."""


def maker(call: Call, compile_one: Callable[..., Read]) -> Maker:
    """What makes a call's aggregate for each group.

    Raises:
        MalformedQuery: it has other arguments than it takes.
    """
    arguments = call.arguments
    if call.name == "count":
        if len(arguments) > 1:
            raise MalformedQuery("count takes one argument, or *", call.start, call.end)
        counted = None if not arguments or isinstance(arguments[0], Star) else compile_one(arguments[0])
        return lambda: _Count(counted)
    wanted = 2 if call.name in ("pct", "percentile") else 1
    if len(arguments) != wanted:
        raise MalformedQuery(f"{call.name} takes {wanted} argument{'s' * (wanted > 1)}", call.start, call.end)
    read = compile_one(arguments[0])
    if wanted == 2:
        percent = arguments[1]
        if not isinstance(percent, Literal) or not _is_percent(percent.value):
            raise MalformedQuery("The percentile must be a number from 0 to 100", percent.start, percent.end)
        share = float(percent.value)
        return lambda: _Percentile(read, share)
    make = _OF_ONE[call.name]
    return lambda: make(read)


def _is_percent(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 100
