"""A series of points in math, and what an operator does to each of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cairn.cloudwatch.metrics.datum import Metric

Points = dict[int, float]
"""Values by time, in seconds since the epoch, in order."""


@dataclass(frozen=True)
class TimeSeries:
    """Points of one metric, or what an expression made of some."""

    points: Points
    period: int
    """Seconds."""
    label: str = ""
    metric: Metric | None = None
    """Whose values these are; None where an expression made them of several."""
    id: str = field(default="", compare=False)

    def with_points(self, points: Points) -> TimeSeries:
        return replace(self, points=points)


def _power(left: float, right: float) -> float:
    result = left**right
    if isinstance(result, complex):
        raise ValueError("the root of a negative number")
    return float(result)


def _compared(holds: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda left, right: 1.0 if holds(left, right) else 0.0


OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": _power,
    "==": _compared(operator.eq),
    "!=": _compared(operator.ne),
    "<": _compared(operator.lt),
    ">": _compared(operator.gt),
    "<=": _compared(operator.le),
    ">=": _compared(operator.ge),
    "AND": _compared(lambda left, right: left != 0 and right != 0),
    "OR": _compared(lambda left, right: left != 0 or right != 0),
}


def combined(symbol: str, left: TimeSeries | float, right: TimeSeries | float) -> TimeSeries | float | None:
    """An operator between series and numbers, point by point; None for numbers that have no result.

    Where one of two series has no value it counts as 0; where neither has one, or where the result is no number
    (division by zero), there is none.
    """
    apply = OPERATORS[symbol]
    if isinstance(left, TimeSeries) and isinstance(right, TimeSeries):
        a, b = left.points, right.points
        times = a if a.keys() == b.keys() else sorted(a.keys() | b.keys())
        pairs = {time: (a.get(time, 0.0), b.get(time, 0.0)) for time in times}
        period = max(left.period, right.period)
        return TimeSeries(kept(pairs, lambda pair: apply(*pair)), period, metric=same_metric(left, right))
    if isinstance(left, TimeSeries):
        number = right
        assert not isinstance(number, TimeSeries)
        return left.with_points(kept(left.points, lambda value: apply(value, number)))
    if isinstance(right, TimeSeries):
        return right.with_points(kept(right.points, lambda value: apply(left, value)))
    return finite(apply, left, right)


def kept(points: Mapping[int, Any], change: Callable[[Any], float]) -> Points:
    """Each point changed; those whose new value is no number are dropped."""
    changed = ((time, finite(change, value)) for time, value in points.items())
    return {time: value for time, value in changed if value is not None}


def finite(change: Callable[..., float], *values: object) -> float | None:
    """A result, if it is a number."""
    try:
        result = float(change(*values))
    except (ArithmeticError, ValueError):
        return None
    return result if math.isfinite(result) else None


def same_metric(*series: TimeSeries) -> Metric | None:
    """The metric that all are of, if there is one."""
    metrics = {each.metric for each in series}
    return metrics.pop() if len(metrics) == 1 else None
