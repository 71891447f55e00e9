"""Many ranges asked at once which of them hold a number: a centred interval tree."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
Interval: TypeAlias = tuple[float, float, T]
"""Low and high end, both included, and what it stands for."""


class Intervals(Generic[T]):
    """Its cost grows with the ranges that hold the number, and with the logarithm of how many there are."""

    __slots__ = ("_above", "_below", "_centre", "_highs", "_lows", "_of_highs", "_of_lows")

    def __init__(self, intervals: Sequence[Interval[T]]) -> None:
        ends = sorted(end for low, high, _ in intervals for end in (low, high))
        self._centre = ends[len(ends) // 2]
        below = [each for each in intervals if each[1] < self._centre]
        above = [each for each in intervals if each[0] > self._centre]
        across = [each for each in intervals if each[0] <= self._centre <= each[1]]
        by_low = sorted(across, key=lambda each: each[0])
        by_high = sorted(across, key=lambda each: each[1])
        self._lows, self._of_lows = [each[0] for each in by_low], [each[2] for each in by_low]
        self._highs, self._of_highs = [each[1] for each in by_high], [each[2] for each in by_high]
        self._below = Intervals(below) if below else None
        self._above = Intervals(above) if above else None

    def look_up(self, value: float, found: set[T]) -> None:
        """Add what the ranges stand for that hold `value`."""
        node: Intervals[T] | None = self
        while node is not None:
            if value <= node._centre:
                found.update(node._of_lows[: bisect_right(node._lows, value)])
                node = node._below if value < node._centre else None
            else:
                found.update(node._of_highs[bisect_left(node._highs, value) :])
                node = node._above
