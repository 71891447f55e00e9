"""The functions of metric math, over values of the kinds that `kinds.FUNCTIONS` lets them have.

Scalars that have no value, such as the average of nothing, are NaN: what is computed with them has no points.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from datetime import datetime

from cairn.cloudwatch.metrics.math.series import Points, TimeSeries, finite, kept, same_metric
from cairn.core.clock import utc

Value = float | TimeSeries | list[TimeSeries]
Change = Callable[[TimeSeries], TimeSeries]

OF_EACH: Mapping[str, Callable[[Points], Points]] = {
    "ABS": lambda points: kept(points, abs),
    "CEIL": lambda points: kept(points, math.ceil),
    "FLOOR": lambda points: kept(points, math.floor),
    "LOG": lambda points: kept(points, math.log),
    "LOG10": lambda points: kept(points, math.log10),
    "DIFF": lambda points: _between(points, lambda seconds, change: change),
    "DIFF_TIME": lambda points: _between(points, lambda seconds, change: seconds),
    "RATE": lambda points: _between(points, lambda seconds, change: change / seconds),
    "RUNNING_SUM": lambda points: dict(zip(points, itertools.accumulate(points.values()), strict=True)),
}
"""From series to series."""

OVER_ALL: Mapping[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
    "STDDEV": lambda values: _deviation(values),
    "DATAPOINT_COUNT": len,
}
"""From values to one."""

OF_TIMES: Mapping[str, Callable[[datetime], float]] = {
    "MINUTE": lambda time: time.minute,
    "HOUR": lambda time: time.hour,
    "DAY": lambda time: time.isoweekday(),
    "DATE": lambda time: time.day,
    "MONTH": lambda time: time.month,
    "YEAR": lambda time: time.year,
    "EPOCH": lambda time: time.timestamp(),
}
"""From a time, in UTC, to a number. Monday is day 1."""


def over_series(name: str, series: TimeSeries) -> float:
    """One number of the points of a series; NaN of none, but for those that count."""
    values = list(series.points.values())
    if not values:
        return 0.0 if name in ("DATAPOINT_COUNT", "SUM") else math.nan
    result = finite(OVER_ALL[name], values)
    return math.nan if result is None else result


def over_array(name: str, array: list[TimeSeries], period: int) -> TimeSeries:
    """One series of several: at each time a number of the values of all; the average counts missing ones as 0."""
    times = sorted({time for series in array for time in series.points})
    gathered = {time: [series.points[time] for series in array if time in series.points] for time in times}
    if name == "AVG":
        points = kept(gathered, lambda values: sum(values) / len(array))
    else:
        points = kept(gathered, OVER_ALL[name])
    return TimeSeries(points, period, metric=same_metric(*array) if array else None)


def of_times(name: str, series: TimeSeries, times: range) -> TimeSeries:
    return series.with_points({time: float(OF_TIMES[name](utc(time))) for time in times})


def fill(series: TimeSeries, filler: float | TimeSeries | str, times: range) -> TimeSeries:
    """Values where there are none: a number, those of another series, the last one, or a line between neighbours."""
    points = series.points
    if filler == "LINEAR":
        return series.with_points(_line(points, times))
    filled: Points = {}
    last: float | None = None
    for time in sorted({*times, *points}):
        last = points.get(time, last)
        value = points.get(time)
        if value is None:
            if isinstance(filler, TimeSeries):
                value = filler.points.get(time)
            else:
                value = last if isinstance(filler, str) else filler
        if value is not None and not math.isnan(value):
            filled[time] = value
    return series.with_points(filled)


def choose(
    condition: float | TimeSeries, yes: float | TimeSeries, no: float | TimeSeries | None, period: int
) -> TimeSeries:
    """IF: at each time of the condition one of two values.

    A true condition whose series has no value there yields 0, a false one yields nothing.
    """
    used = [each for each in (condition, yes, no) if isinstance(each, TimeSeries)]
    metric = same_metric(*used)
    if not isinstance(condition, TimeSeries):
        if math.isnan(condition):
            return TimeSeries({}, period)
        chosen = yes if condition != 0 else no
        if isinstance(chosen, TimeSeries):
            return chosen
        times = sorted({time for each in used for time in each.points})
        given = {} if chosen is None or math.isnan(chosen) else dict.fromkeys(times, chosen)
        return TimeSeries(given, period, metric=metric)
    points = {}
    for time, truth in condition.points.items():
        value = _at(yes, time, 0.0) if truth != 0 else _at(no, time, math.nan)
        if not math.isnan(value):
            points[time] = value
    label = condition.label if metric is not None else ""
    return TimeSeries(points, period, label, metric)


def part(array: list[TimeSeries], start: float, end: float | None) -> list[TimeSeries]:
    """SLICE: from one index to before another."""
    first, last = _index(start, 0), len(array) if end is None else _index(end, len(array))
    return array[first:last]


def ordered(array: list[TimeSeries], by: str, order: str, limit: float | None) -> list[TimeSeries]:
    """SORT: those without points come last, whatever the order."""
    keys = [over_series(by, series) if series.points else math.nan for series in array]
    known = [index for index, key in enumerate(keys) if not math.isnan(key)]
    unknown = [index for index, key in enumerate(keys) if math.isnan(key)]
    known.sort(key=lambda index: keys[index], reverse=order == "DESC")
    found = [array[index] for index in [*known, *unknown]]
    return found if limit is None else found[: _index(limit, len(found))]


def _between(points: Points, change: Callable[[float, float], float]) -> Points:
    """What `change` makes of the seconds and the difference between each point and the one before."""
    pairs = itertools.pairwise(points.items())
    return {
        time: result
        for (before, old), (time, new) in pairs
        if (result := finite(change, time - before, new - old)) is not None
    }


def _deviation(values: list[float]) -> float:
    """The standard deviation of all there are, not of a sample."""
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _line(points: Points, times: range) -> Points:
    filled = dict(points)
    for (left, low), (right, high) in itertools.pairwise(points.items()):
        for time in times[max(0, -(-(left - times.start) // times.step)) :]:
            if time >= right:
                break
            if time > left:
                filled[time] = low + (high - low) * (time - left) / (right - left)
    return dict(sorted(filled.items()))


def _at(value: float | TimeSeries | None, time: int, missing: float) -> float:
    if isinstance(value, TimeSeries):
        return value.points.get(time, missing)
    return math.nan if value is None else value


def _index(value: float, unknown: int) -> int:
    return unknown if math.isnan(value) else max(int(min(value, 1e9)), 0)
