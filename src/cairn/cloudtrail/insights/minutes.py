"""Minutes that are still open: calls come late and unordered, and are counted in the minute in which they were made."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cairn.cloudtrail.insights.attributions import Sketch
from cairn.cloudtrail.insights.series import Call, SeriesKey

FEW = 6
"""Calls up to which a minute of a series keeps them as they are: most minutes have no more, and need no sketch."""


class Minute(msgspec.Struct):
    """The calls of one series in one minute."""

    calls: int = 0
    few: list[tuple[Call, int]] = msgspec.field(default_factory=list)
    many: Sketch | None = None

    def add(self, call: Call, calls: int) -> None:
        self.calls += calls
        if self.many is not None:
            self.many.add(call, calls)
        elif len(self.few) < FEW:
            self.few.append((call, calls))
        else:
            self.many = sketch_of(self.few)
            self.many.add(call, calls)
            self.few = []

    def sketch(self) -> Sketch:
        """Who called, and how often."""
        return self.many if self.many is not None else sketch_of(self.few)


def sketch_of(calls: Iterable[tuple[Call, int]]) -> Sketch:
    sketch = Sketch()
    for call, times in calls:
        sketch.add(call, times)
    return sketch


class OpenMinutes:
    """Minutes, numbered since the epoch, by series."""

    def __init__(self) -> None:
        self.minutes: dict[int, dict[SeriesKey, Minute]] = {}

    def add(self, key: SeriesKey, minute: int, call: Call, calls: int) -> None:
        series = self.minutes.get(minute)
        if series is None:
            series = self.minutes[minute] = {}
        found = series.get(key)
        if found is None:
            found = series[key] = Minute()
        found.add(call, calls)

    def of(self, minute: int) -> dict[SeriesKey, Minute]:
        return self.minutes.get(minute, {})

    def calls(self, minute: int, key: SeriesKey) -> int:
        found = self.minutes.get(minute)
        if found is None or key not in found:
            return 0
        return found[key].calls

    def get(self, minute: int, key: SeriesKey) -> Minute:
        """Empty where there were no calls."""
        return self.of(minute).get(key) or Minute()

    def take(self, minute: int) -> dict[SeriesKey, Minute]:
        """The series of `minute`, which is open no more."""
        return self.minutes.pop(minute, {})
