"""Evaluating an expression that `kinds.kind_of` has found to have a meaning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cairn.cloudwatch.metrics.math import functions
from cairn.cloudwatch.metrics.math.functions import Value
from cairn.cloudwatch.metrics.math.series import TimeSeries, combined
from cairn.cloudwatch.metrics.math.syntax import Array, Call, Chain, Negative, Node, Number, Reference, Text, Word


@dataclass(frozen=True)
class Grid:
    """The times of a question, in seconds since the epoch: from `start` to before `end`."""

    start: int
    end: float
    period: int

    @property
    def times(self) -> range:
        return range(self.start, math.ceil(self.end), self.period)


class Source(Protocol):
    """Where expressions find series that they do not name by id."""

    def metrics(self, text: str) -> list[TimeSeries]:
        """Metrics of the request whose ids contain a text, in the request's order."""

    def search(self, search: str, statistic: str, period: int) -> list[TimeSeries]:
        """Metrics that a search finds; `period` is 0 where the expression names none."""

    def spend(self, points: int) -> None:
        """Note that so many points are made. May raise, where a request makes too many."""

    def band(self, id: str, deviations: float, times: range) -> list[TimeSeries]:
        """The upper and the lower bound of what is expected of a metric of the request, at some times."""


def evaluate(node: Node, ids: Mapping[str, Value], source: Source, grid: Grid) -> Value:
    """The value of an expression, whose metrics and other expressions `ids` has."""
    return _Evaluation(ids, source, grid).value(node)


class _Evaluation:
    def __init__(self, ids: Mapping[str, Value], source: Source, grid: Grid) -> None:
        self._ids = ids
        self._source = source
        self._grid = grid

    def value(self, node: Node) -> Value:
        found = self._value(node)
        if isinstance(found, list):
            self._source.spend(sum(len(series.points) for series in found))
        elif isinstance(found, TimeSeries):
            self._source.spend(len(found.points))
        return found

    def _value(self, node: Node) -> Value:
        match node:
            case Number():
                return node.value
            case Reference():
                return self._ids[node.id]
            case Negative():
                return self._binary("-", 0.0, self.value(node.operand))
            case Chain():
                found = self.value(node.first)
                for operation in node.rest:
                    found = self._binary(operation.operator, found, self.value(operation.operand))
                return found
            case Array():
                return [series for item in node.items for series in self._several(item)]
            case Call():
                return self._call(node)
        raise AssertionError(f"{node} has no value by itself")

    def _binary(self, operator: str, left: Value, right: Value) -> Value:
        if isinstance(left, list):
            assert not isinstance(right, list)
            return [self._single(operator, each, right) for each in left]
        if isinstance(right, list):
            return [self._single(operator, left, each) for each in right]
        return self._combined(operator, left, right)

    def _single(self, operator: str, left: float | TimeSeries, right: float | TimeSeries) -> TimeSeries:
        result = self._combined(operator, left, right)
        assert isinstance(result, TimeSeries)
        return result

    def _combined(self, operator: str, left: float | TimeSeries, right: float | TimeSeries) -> float | TimeSeries:
        unknown = any(isinstance(each, float) and math.isnan(each) for each in (left, right))
        if unknown:
            return next((each.with_points({}) for each in (left, right) if isinstance(each, TimeSeries)), math.nan)
        result = combined(operator, left, right)
        return math.nan if result is None else result

    def _call(self, node: Call) -> Value:
        name, arguments = node.function, node.arguments
        if name in functions.OF_EACH:
            change = functions.OF_EACH[name]
            return self._each(arguments[0], lambda series: series.with_points(change(series.points)))
        if name in functions.OVER_ALL:
            found = self.value(arguments[0])
            if isinstance(found, list):
                return functions.over_array(name, found, self._grid.period)
            assert isinstance(found, TimeSeries)
            return functions.over_series(name, found)
        if name in functions.OF_TIMES:
            return functions.of_times(name, self._series(arguments[0]), self._every())
        return self._special(name, arguments)

    def _special(self, name: str, arguments: tuple[Node, ...]) -> Value:
        grid, first = self._grid, arguments[0] if arguments else None
        match name:
            case "METRICS":
                return self._source.metrics(self._text(first) if first is not None else "")
            case "SEARCH":
                assert first is not None
                period = self._scalar(arguments[2]) if len(arguments) > 2 else 0.0
                return self._source.search(self._text(first), self._text(arguments[1]), int(period))
        assert first is not None
        match name:
            case "FILL":
                filler = self._filler(arguments[1])
                return self._each(first, lambda series: functions.fill(series, filler, self._every()))
            case "FIRST" | "LAST":
                found = self._several(first)
                return found[0 if name == "FIRST" else -1] if found else TimeSeries({}, grid.period)
            case "IF":
                chosen = [self._plain(each) for each in arguments]
                return functions.choose(chosen[0], chosen[1], chosen[2] if len(chosen) > 2 else None, grid.period)
            case "METRIC_COUNT":
                return float(len(self._several(first)))
            case "PERIOD":
                return float(self._series(first).period)
            case "REMOVE_EMPTY":
                return [series for series in self._several(first) if series.points]
            case "SLICE":
                bounds = [self._scalar(each) for each in arguments[1:]]
                return functions.part(self._several(first), bounds[0], bounds[1] if len(bounds) > 1 else None)
            case "SORT":
                limit = self._scalar(arguments[3]) if len(arguments) > 3 else None
                return functions.ordered(
                    self._several(first), self._word(arguments[1]), self._word(arguments[2]), limit
                )
            case "TIME_SERIES":
                value = self._scalar(first)
                return TimeSeries({} if math.isnan(value) else dict.fromkeys(self._every(), value), grid.period)
        assert name == "ANOMALY_DETECTION_BAND"
        assert isinstance(first, Reference)
        deviations = self._scalar(arguments[1]) if len(arguments) > 1 else 2.0
        return self._source.band(first.id, deviations, self._every())

    def _every(self) -> range:
        """Every time of the question, for a series that has a point at each."""
        times = self._grid.times
        self._source.spend(len(times))
        return times

    def _each(self, node: Node, change: functions.Change) -> Value:
        found = self.value(node)
        if isinstance(found, list):
            return [change(series) for series in found]
        assert isinstance(found, TimeSeries)
        return change(found)

    def _filler(self, node: Node) -> float | TimeSeries | str:
        return node.name if isinstance(node, Word) else self._plain(node)

    def _plain(self, node: Node) -> float | TimeSeries:
        found = self.value(node)
        assert not isinstance(found, list)
        return found

    def _series(self, node: Node) -> TimeSeries:
        found = self.value(node)
        assert isinstance(found, TimeSeries)
        return found

    def _scalar(self, node: Node) -> float:
        found = self.value(node)
        assert isinstance(found, float)
        return found

    def _several(self, node: Node) -> list[TimeSeries]:
        found = self.value(node)
        assert not isinstance(found, float)
        return found if isinstance(found, list) else [found]

    def _text(self, node: Node) -> str:
        assert isinstance(node, Text)
        return node.value

    def _word(self, node: Node) -> str:
        assert isinstance(node, Word)
        return node.name
