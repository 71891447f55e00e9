"""Labels of series: the default ones, and those with values in them: `${LAST} of ${PROP('MetricName')}`.

The guide names the values; how they are written is ours: numbers as short as they can be, times as
`2023-11-14 22:13:00` in the zone of LabelOptions, spans as `1d 2h 3m 4s`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cairn.cloudwatch.metrics.datum import Metric
from cairn.core.clock import utc

DYNAMIC_MAX = 6
"""Values in a label; more stay as they were written."""

_VALUE = re.compile(r"\$\{(?:(?P<name>[A-Z_]+)|PROP\('(?P<property>[^']*)'\))\}")
_ZONE = re.compile(r"([+-])([0-9]{2})([0-9]{2})")


@dataclass(frozen=True)
class Labelled:
    """A series, as far as its label tells of it."""

    points: Mapping[int, float]
    own: str
    """The label that it has if nobody says another."""
    metric: Metric | None
    statistic: str
    period: int
    region: str
    account: str


def parse_zone(text: str) -> int | None:
    """Seconds ahead of UTC of a zone such as `+0130`; None if it is none."""
    match = _ZONE.fullmatch(text)
    if match is None or int(match[3]) > 59 or int(match[2]) > 23:
        return None
    seconds = int(match[2]) * 3_600 + int(match[3]) * 60
    return -seconds if match[1] == "-" else seconds


def label_of(given: str | None, series: Labelled, *, several: bool, now: float, timezone_s: int) -> str:
    """The label of a series: what was given, with its values, or the default.

    `several`: the series is one of an array, whose label, if it has no values, stands before each one's own.
    """
    if given is None:
        return series.own
    if _VALUE.search(given) is None:
        return f"{given} {series.own}".strip() if several else given
    values = _Values(series, now, timezone_s)
    return _VALUE.sub(values.replace, given, count=DYNAMIC_MAX)


def distinct_labels(metrics: Sequence[Metric]) -> list[str]:
    """What tells each of these metrics from the others."""
    names = {metric.name for metric in metrics}
    values: dict[str, set[str | None]] = {}
    for metric in metrics:
        for name, _ in metric.dimensions:
            values.setdefault(name, set())
    for name, found in values.items():
        found |= {dict(metric.dimensions).get(name) for metric in metrics}
    labels = []
    for metric in metrics:
        parts = [value for name, value in metric.dimensions if len(values[name]) > 1]
        labels.append(" ".join([metric.name, *parts] if len(names) > 1 or not parts else parts))
    return labels


class _Values:
    def __init__(self, series: Labelled, now: float, timezone_s: int) -> None:
        self._series = series
        self._now = now
        self._timezone_s = timezone_s

    def replace(self, match: re.Match[str]) -> str:
        if match["property"] is not None:
            found = self._property(match["property"])
            return match[0] if found is None else found
        if match["name"] == "LABEL":
            return self._series.own
        if match["name"] == "DATAPOINT_COUNT":
            return str(len(self._series.points))
        of = _OF_POINTS.get(match["name"])
        if of is not None:
            return _number(of(list(self._series.points.values()))) if self._series.points else ""
        moment = _MOMENTS.get(match["name"])
        if moment is not None:
            return self._moment(match["name"], *moment) if self._series.points else ""
        return match[0]

    def _property(self, name: str) -> str | None:
        metric = self._series.metric
        match name:
            case "AccountId" | "AccountLabel":
                return metric.account if metric is not None else self._series.account
            case "Region":
                return self._series.region
            case "Period":
                return str(self._series.period)
            case "Stat":
                return self._series.statistic
            case "MetricName":
                return metric.name if metric is not None else ""
            case "Namespace":
                return metric.namespace if metric is not None else ""
        if name.startswith("Dim."):
            return dict(metric.dimensions).get(name[4:], "") if metric is not None else ""
        return None

    def _moment(self, name: str, first: str, last: str) -> str:
        begin = self._time(first)
        if name.endswith("_TIME"):
            return utc(begin + self._timezone_s).strftime("%Y-%m-%d %H:%M:%S")
        if name.endswith("_RELATIVE"):
            return _span(abs(self._now - begin))
        return _span(abs(self._time(last) - begin))

    def _time(self, which: str) -> int:
        points = self._series.points
        match which:
            case "FIRST":
                return min(points)
            case "LAST":
                return max(points)
            case "MIN":
                return min(points, key=points.__getitem__)
        return max(points, key=points.__getitem__)


_OF_POINTS: Mapping[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "SUM": sum,
    "MIN": min,
    "MAX": max,
    "MIN_MAX_RANGE": lambda values: max(values) - min(values),
    "FIRST": lambda values: values[0],
    "LAST": lambda values: values[-1],
    "FIRST_LAST_RANGE": lambda values: values[-1] - values[0],
}
_MOMENTS = {
    **{f"{which}_TIME": (which, which) for which in ("FIRST", "LAST", "MIN", "MAX")},
    **{f"{which}_TIME_RELATIVE": (which, which) for which in ("FIRST", "LAST", "MIN", "MAX")},
    "FIRST_LAST_TIME_RANGE": ("FIRST", "LAST"),
    "MIN_MAX_TIME_RANGE": ("MIN", "MAX"),
}


def _number(value: float) -> str:
    return f"{value:.15g}"


def _span(seconds: float) -> str:
    rest = int(seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
