"""What the points of an evaluation range say about an alarm's state. Pure: no disk, no time.

The rules are those of AWS's guide (spec 8.5). An alarm that judges N periods looks at a few more
(`windows.PERIODS_MORE`), so that points that are late do not count as missing while older ones are there:

- N real points or more in the range: the newest N decide, and how missing data is treated does not matter;
- fewer: all real points count, and the shortfall counts as the alarm treats missing data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK = "OK"
ALARM = "ALARM"
INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
STATES = (OK, ALARM, INSUFFICIENT_DATA)

MISSING = "missing"
IGNORE = "ignore"
BREACHING = "breaching"
NOT_BREACHING = "notBreaching"
TREATMENTS = (BREACHING, NOT_BREACHING, IGNORE, MISSING)


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator that alarms compare with, and how a reason says it."""

    breaches: Callable[[float, float, float], bool]
    """Of a value, with a lower and an upper threshold; a static threshold is both."""
    said: str
    """In a sentence with a static threshold."""
    lower: str = ""
    upper: str = ""
    """In one with a band."""


COMPARISONS = {
    "GreaterThanOrEqualToThreshold": Comparison(lambda value, low, high: value >= high, "greater than or equal to"),
    "GreaterThanThreshold": Comparison(lambda value, low, high: value > high, "greater than"),
    "LessThanThreshold": Comparison(lambda value, low, high: value < low, "less than"),
    "LessThanOrEqualToThreshold": Comparison(lambda value, low, high: value <= low, "less than or equal to"),
    "LessThanLowerOrGreaterThanUpperThreshold": Comparison(
        lambda value, low, high: not low <= value <= high, "", "less than", "greater than"
    ),
    "LessThanLowerThreshold": Comparison(lambda value, low, high: value < low, "", lower="less than"),
    "GreaterThanUpperThreshold": Comparison(lambda value, low, high: value > high, "", upper="greater than"),
}
BANDS = frozenset(name for name, comparison in COMPARISONS.items() if not comparison.said)
"""Those that compare with a band that moves with time."""


@dataclass(frozen=True, slots=True)
class Point:
    """The value of a period that has one."""

    start: float
    """Seconds since the epoch."""
    value: float
    samples: float | None = None
    """How many values it was made of; None where it was computed."""
    band: tuple[float, float] | None = None
    """Where the threshold is a band."""


Range = Sequence[Point | None]
"""Periods, the oldest first; None is missing."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What makes an alarm of points."""

    comparison: str
    threshold: float | None
    """None: each point has its own."""
    periods: int
    """N, how many points decide."""
    to_alarm: int
    """M, how many of them must breach."""
    treatment: str = MISSING
    percent: float | None = None
    """The percentile whose points count only where they have samples enough; None: all count."""

    def breaches(self, point: Point) -> bool:
        low, high = point.band if point.band is not None else (self.threshold, self.threshold)
        assert low is not None
        assert high is not None
        return COMPARISONS[self.comparison].breaches(point.value, low, high)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a range says, and of which points."""

    state: str | None
    """None: the state stays what it is."""
    used: tuple[Point, ...]
    """The real points that decided, the oldest first."""
    filled: int = 0
    """How many more counted as breaching or as not breaching, though they are missing."""
    missing: tuple[float, ...] = ()
    """When the missing ones of the newest N periods began, the oldest first; only where points were too few."""


def judge(criterion: Criterion, range: Range, starts: Sequence[float]) -> Judgement:
    """What the state should be.

    Args:
        range: at least N periods.
        starts: when each of them began.
    """
    real = [point for point in range if point is not None]
    if len(real) >= criterion.periods:
        used = tuple(real[-criterion.periods :])
        if _too_few_samples(criterion, used):
            return Judgement(None, used)
        breaching = sum(criterion.breaches(point) for point in used)
        return Judgement(ALARM if breaching >= criterion.to_alarm else OK, used)
    newest = list(zip(starts, range, strict=True))[-criterion.periods :]
    shortfall = criterion.periods - len(real)
    missing = tuple(start for start, point in newest if point is None)[-shortfall:]
    if _too_few_samples(criterion, real):
        return Judgement(None, tuple(real), 0, missing)
    filled = shortfall if criterion.treatment in (BREACHING, NOT_BREACHING) else 0
    return Judgement(_with_missing(criterion, range, real, shortfall), tuple(real), filled, missing)


def _with_missing(criterion: Criterion, range: Range, real: Sequence[Point], shortfall: int) -> str | None:
    breaching = sum(criterion.breaches(point) for point in real)
    if criterion.treatment == BREACHING:
        breaching += shortfall
    if breaching >= criterion.to_alarm:
        return ALARM
    if criterion.treatment in (BREACHING, NOT_BREACHING):
        return OK
    if criterion.treatment == MISSING and not real:
        return INSUFFICIENT_DATA
    if criterion.treatment == MISSING and _is_no_longer_premature(criterion, range, len(real)):
        return ALARM
    if breaching < len(real):
        return OK
    return None  # what there is breaches, but it is not enough for an alarm, and nothing says that all is well


def _is_no_longer_premature(criterion: Criterion, range: Range, real: int) -> bool:
    """Whether the few points there are have breached for so long that no late one can make another picture.

    The oldest breaching one of the newest N is at least M periods old, and all that is newer breaches or is missing.
    """
    if real >= criterion.to_alarm:
        return False
    newest = list(range)[-criterion.periods :]
    for place, point in enumerate(newest):
        if point is not None and criterion.breaches(point):
            newer = newest[place:]
            return len(newer) >= criterion.to_alarm and all(each is None or criterion.breaches(each) for each in newer)
    return False


def _too_few_samples(criterion: Criterion, points: Sequence[Point]) -> bool:
    """Whether a percentile of these points is not significant: 10 values must lie beyond it, as AWS's guide has it."""
    if criterion.percent is None:
        return False
    share = min(criterion.percent, 100 - criterion.percent) / 100
    return any(point.samples is not None and point.samples * share < 10 for point in points)
