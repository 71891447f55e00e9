"""The band of what is expected of a metric, learned from the two weeks before. Pure.

AWS does not publish its model. Ours is a seasonal one that can be checked by hand: values are expected to be as they
were at this hour of the week, if at least two weeks are known of it; else as at this hour of the day, if at least three
days are known; else as always. The band is their mean, less and plus so many of their standard deviations.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

HOUR_S, DAY_S, WEEK_S = 3_600, 86_400, 7 * 86_400
TRAINING_S = 14 * DAY_S
"""What a band is learned from."""
WEEKS_MIN, DAYS_MIN = 2, 3
VALUES_MIN = 24
"""Fewer values than these tell nothing: there is no band."""


EXPECTATIONS_MAX = 256
"""That a process remembers: about 20 KB each."""


@dataclass(slots=True)
class _Slot:
    """Values of one hour of the day or of the week."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared distances from the mean."""
    spans: set[int] = field(default_factory=set)
    """Which days or weeks they are of."""

    def add(self, value: float, span: int) -> None:
        self.count += 1
        distance = value - self.mean
        self.mean += distance / self.count
        self.squares += distance * (value - self.mean)
        self.spans.add(span)

    @property
    def deviation(self) -> float:
        return math.sqrt(self.squares / self.count)


class Expectation:
    """What was learned of a metric.

    Args:
        points: values by time, in seconds since the epoch.
        offset: seconds ahead of UTC at a time, where days and weeks begin.
    """

    def __init__(self, points: Mapping[int, float], offset: Callable[[int], int] = lambda time: 0) -> None:
        self._offset = offset
        self._always = _Slot()
        self._days: dict[int, _Slot] = {}
        self._weeks: dict[int, _Slot] = {}
        for time, value in points.items():
            local = time + offset(time)
            self._always.add(value, 0)
            self._days.setdefault(local % DAY_S // HOUR_S, _Slot()).add(value, local // DAY_S)
            self._weeks.setdefault(local % WEEK_S // HOUR_S, _Slot()).add(value, local // WEEK_S)

    @property
    def trained(self) -> bool:
        return self._always.count >= VALUES_MIN

    def band(self, times: Iterable[int], deviations: float) -> tuple[dict[int, float], dict[int, float]]:
        """The upper and the lower bound at each time; empty where too little is known."""
        upper: dict[int, float] = {}
        lower: dict[int, float] = {}
        if self.trained:
            for time in times:
                slot = self._slot(time + self._offset(time))
                upper[time] = slot.mean + deviations * slot.deviation
                lower[time] = slot.mean - deviations * slot.deviation
        return upper, lower

    def _slot(self, local: int) -> _Slot:
        week = self._weeks.get(local % WEEK_S // HOUR_S)
        if week is not None and len(week.spans) >= WEEKS_MIN:
            return week
        day = self._days.get(local % DAY_S // HOUR_S)
        return day if day is not None and len(day.spans) >= DAYS_MIN else self._always


class Expectations:
    """What a process has learned lately, by what it was learned from."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Expectation] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Expectation | None:
        return self._known.get(key)

    def remember(self, key: Hashable, learned: Expectation) -> None:
        """The oldest is forgotten where there are too many."""
        with self._lock:
            self._known[key] = learned
            while len(self._known) > EXPECTATIONS_MAX:
                del self._known[next(iter(self._known))]
