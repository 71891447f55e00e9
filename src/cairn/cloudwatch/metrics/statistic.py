"""Statistics by CloudWatch's names: `Sum`, `p99.9`, `tm90`, `TM(10%:90%)`, `PR(:300)`, `IQM`.

Where CloudWatch's guide leaves it open how many of the values are trimmed: as many whole values as fit into the
percentage, on either side, and the percentile is the least value that so many per cent of the values do not exceed.
A range excludes its lower bound and includes its upper one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cairn.cloudwatch.metrics.summary import Summary

Values = list[tuple[float, float]]
"""Values with their counts, by value."""

_NUMBER = r"[0-9]+(?:\.[0-9]{0,10})?(?:[Ee][+-]?[0-9]+)?"
_SHORT = re.compile(rf"(p|tc|tm|ts|wm)({_NUMBER})", re.IGNORECASE)
_RANGE = re.compile(rf"(TC|TM|TS|WM|PR)\(({_NUMBER}%?)?:({_NUMBER}%?)?\)", re.IGNORECASE)
_SLACK = 1e-9  # 10 % of 10 values is one, whatever floats say


@dataclass(frozen=True)
class Statistic:
    """One number of what is known of a period."""

    name: str
    of: Callable[[Summary], float | None]
    """The number; None where what is known of the period does not tell."""
    spread: bool = False
    """Whether it needs the distribution."""


SIMPLE = {
    statistic.name: statistic
    for statistic in (
        Statistic("SampleCount", lambda summary: summary.count),
        Statistic("Average", lambda summary: summary.sum / summary.count),
        Statistic("Sum", lambda summary: summary.sum),
        Statistic("Minimum", lambda summary: summary.min),
        Statistic("Maximum", lambda summary: summary.max),
    )
}
"""Those that are known of every period that has any value."""


@dataclass(frozen=True)
class _Range:
    """Which values count: between two percentages of all values, or between two values."""

    low: float
    high: float
    percent: bool

    def kept(self, values: Values) -> Values:
        if self.percent:
            total = sum(count for _, count in values)
            below = math.floor(total * self.low / 100 + _SLACK)
            above = math.floor(total * (100 - self.high) / 100 + _SLACK)
            return _without_highest(_without_lowest(values, below), above)
        return [(value, count) for value, count in values if self.low < value <= self.high]

    def edges(self, values: Values) -> tuple[float, float] | None:
        """What values outside count as, if they are not left out."""
        if not self.percent:
            return self.low, self.high
        kept = self.kept(values)
        return (kept[0][0], kept[-1][0]) if kept else None


@lru_cache(maxsize=1_024)
def parse_statistic(name: str) -> Statistic | None:
    """The statistic of a name; None if there is no such statistic."""
    if name in SIMPLE:
        return SIMPLE[name]
    if name.upper() == "IQM":
        return _over(name, _mean, _Range(25, 75, percent=True))
    short = _SHORT.fullmatch(name)
    if short is not None:
        return _short(name, short[1].lower(), float(short[2]))
    ranged = _RANGE.fullmatch(name)
    if ranged is not None:
        return _ranged(name, ranged[1].upper(), ranged[2] or "", ranged[3] or "")
    return None


def _short(name: str, kind: str, percent: float) -> Statistic | None:
    if percent > 100:
        return None
    if kind == "p":
        return _known(name, lambda values: _percentile(values, percent))
    return _over(name, _KINDS[kind.upper()], _Range(0, percent, percent=True)) if percent > 0 else None


def _ranged(name: str, kind: str, low: str, high: str) -> Statistic | None:
    given = [bound for bound in (low, high) if bound]
    percents = [bound for bound in given if bound.endswith("%")]
    if not given or (percents and (len(percents) != len(given) or kind == "PR")):
        return None
    ends = (0.0, 100.0) if percents else (-math.inf, math.inf)
    least = float(low.rstrip("%")) if low else ends[0]
    most = float(high.rstrip("%")) if high else ends[1]
    if not least < most or (percents and most > 100):
        return None
    return _over(name, _KINDS[kind], _Range(least, most, percent=bool(percents)))


def _known(name: str, of: Callable[[Values], float | None]) -> Statistic:
    def compute(summary: Summary) -> float | None:
        values = summary.values()
        return of(values) if values is not None else None

    return Statistic(name, compute, spread=True)


def _over(name: str, of: Callable[[Values, _Range], float | None], range: _Range) -> Statistic:
    return _known(name, lambda values: of(values, range))


def _percentile(values: Values, percent: float) -> float:
    rank = sum(count for _, count in values) * percent / 100 - _SLACK
    reached = 0.0
    for value, count in values:
        reached += count
        if reached >= rank:
            return value
    return values[-1][0]


def _mean(values: Values, range: _Range) -> float | None:
    kept = range.kept(values)
    return _sum(kept) / _count(kept) if kept else None


def _winsorized(values: Values, range: _Range) -> float | None:
    edges = range.edges(values)
    if edges is None:
        return None
    low, high = edges
    return _sum([(min(max(value, low), high), count) for value, count in values]) / _count(values)


def _rank(values: Values, range: _Range) -> float:
    return _count(range.kept(values)) / _count(values) * 100


_KINDS: dict[str, Callable[[Values, _Range], float | None]] = {
    "TM": _mean,
    "WM": _winsorized,
    "TC": lambda values, range: _count(range.kept(values)),
    "TS": lambda values, range: _sum(range.kept(values)),
    "PR": _rank,
}


def _without_lowest(values: Values, cut: float) -> Values:
    kept = []
    for value, count in values:
        gone = min(cut, count)
        cut -= gone
        if count > gone:
            kept.append((value, count - gone))
    return kept


def _without_highest(values: Values, cut: float) -> Values:
    return _without_lowest(values[::-1], cut)[::-1]


def _sum(values: Values) -> float:
    return sum(value * count for value, count in values)


def _count(values: Values) -> float:
    return sum(count for _, count in values)
