"""Many conditions on one field asked at once which of them a value meets (spec 9.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from cairn.eventbridge.patterns.addresses import address
from cairn.eventbridge.patterns.conditions import (
    Addresses,
    AnythingBut,
    Condition,
    Exists,
    Literal,
    Number,
    Range,
    Text,
    Wildcard,
)
from cairn.eventbridge.patterns.intervals import Interval, Intervals
from cairn.eventbridge.patterns.numbers import NUMBER_MAX
from cairn.eventbridge.patterns.strings import StringCondition, Strings

T = TypeVar("T")


class Values(Generic[T]):
    """Which conditions a value meets: its cost grows with these, not with how many there are. Never changed.

    A value is what JSON has but objects and arrays: `str`, `int`, `float`, `bool`, `None`.
    """

    __slots__ = ("_addresses", "_but", "_excluded", "_exists", "_literals", "_numbers", "_ranges", "_strings", "_texts")

    def __init__(self, conditions: Iterable[tuple[Condition, T]]) -> None:
        self._texts: dict[str, list[T]] = {}
        self._numbers: dict[int | float, list[T]] = {}
        self._literals: dict[bool | None, list[T]] = {}
        self._exists: list[T] = []
        self._but: list[T] = []
        strings: list[tuple[StringCondition, T]] = []
        ranges: list[Interval[T]] = []
        networks: dict[int, list[Interval[T]]] = {}
        excluded: list[tuple[Condition, int]] = []
        for condition, target in conditions:
            if isinstance(condition, Text):
                self._texts.setdefault(condition.text, []).append(target)
            elif isinstance(condition, Wildcard) and len(condition.pieces) == 1:
                self._texts.setdefault(condition.pieces[0], []).append(target)
            elif isinstance(condition, StringCondition):
                strings.append((condition, target))
            elif isinstance(condition, Number):
                self._numbers.setdefault(condition.value, []).append(target)
            elif isinstance(condition, Literal):
                self._literals.setdefault(condition.value, []).append(target)
            elif isinstance(condition, Range):
                if condition.low <= condition.high:  # nothing is less than the least number
                    ranges.append((condition.low, condition.high, target))
            elif isinstance(condition, Addresses):
                networks.setdefault(condition.version, []).append((condition.low, condition.high, target))
            elif isinstance(condition, Exists):
                self._exists.append(target)
            elif isinstance(condition, AnythingBut):
                excluded += [(each, len(self._but)) for each in condition.excluded]
                self._but.append(target)
        self._strings = Strings(strings) if strings else None
        self._ranges = Intervals(ranges) if ranges else None
        self._addresses = {version: Intervals(each) for version, each in networks.items()}
        self._excluded: Values[int] | None = Values(excluded) if excluded else None

    def look_up(self, value: object, found: set[T]) -> None:
        """Add the targets of the conditions that `value` meets."""
        if type(value) is str:
            if hit := self._texts.get(value):
                found.update(hit)
            if self._strings is not None:
                self._strings.look_up(value, found)
            if self._addresses:
                self._look_up_address(value, found)
        elif value is None or value is True or value is False:
            found.update(self._literals.get(value, ()))
        elif isinstance(value, int | float):
            if hit := self._numbers.get(value):
                found.update(hit)
            if self._ranges is not None and -NUMBER_MAX <= value <= NUMBER_MAX:
                self._ranges.look_up(value, found)
        if self._exists:
            found.update(self._exists)
        if self._but:
            self._look_up_others(value, found)

    def _look_up_address(self, value: str, found: set[T]) -> None:
        known = address(value)
        if known is not None and known[0] in self._addresses:
            self._addresses[known[0]].look_up(known[1], found)

    def _look_up_others(self, value: object, found: set[T]) -> None:
        """Those that name what a value must not be."""
        failed: set[int] = set()
        if self._excluded is not None:
            self._excluded.look_up(value, failed)
        if failed:
            found.update(target for number, target in enumerate(self._but) if number not in failed)
        else:
            found.update(self._but)
