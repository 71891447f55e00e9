"""What metric filters make of log events: values of metrics, summed up by the second. Pure."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence

from cairn.cloudwatch.logs.events import LogBatch
from cairn.cloudwatch.metric_filters.definition import ACCOUNT, MetricFilter
from cairn.cloudwatch.metrics.datum import NO_UNIT, Datum, Dimensions, Metric
from cairn.cloudwatch.metrics.put import VALUE_MAX
from cairn.cloudwatch.patterns import Message, Pattern, PatternSet, compile_pattern
from cairn.cloudwatch.patterns.values import number_of, text_of

log = logging.getLogger(__name__)

RESOLUTION_S = 1
"""Of what filters publish. AWS has minutes; by the second an alarm of a period of 10 seconds sees it in time."""
COMBINATIONS_MAX = 1_000
"""Different values of a filter's dimensions in an hour. At AWS a filter that has more may be disabled."""
DIMENSION_CHARACTERS_MAX = 1_024

_HOUR_MS = 3_600_000


class Tally:
    """Values of metrics, by the second: how often each occurred."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Metric, str, int], dict[float, float]] = {}

    def add(self, metric: Metric, unit: str, second: int, value: float) -> None:
        counts = self._counts.setdefault((metric, unit, second), {})
        counts[value] = counts.get(value, 0.0) + 1.0

    def data(self) -> list[Datum]:
        """One for each metric, unit and second."""
        return [
            Datum(
                *metric,
                time=second,
                values=tuple(counts),
                counts=tuple(counts.values()),
                unit=unit,
                resolution=RESOLUTION_S,
            )
            for (metric, unit, second), counts in self._counts.items()
        ]


class Filter:
    """A metric filter that is ready to look at messages. For one thread.

    Raises:
        AwsError: its pattern is none.
    """

    def __init__(self, found: MetricFilter, compile_pattern: Callable[[str], Pattern] = compile_pattern) -> None:
        definition = found.definition
        self.row = found.row
        self.group = found.group
        self.group_row = found.group_row
        self.since = found.since
        self.pattern = compile_pattern(definition.pattern)
        self.default = definition.default
        self.unit = definition.unit or NO_UNIT
        self._value = _constant(definition.value)
        self._value_at = definition.value
        self._dimensions = definition.dimensions
        group = found.group
        self._fixed = [
            (field, group.account if field == ACCOUNT else group.region) for field in definition.system_fields
        ]
        self.metric = Metric(
            group.account, group.region, definition.namespace, definition.metric, tuple(sorted(self._fixed))
        )
        """Without the dimensions that messages have the values of."""
        self._hour = -1
        self._combinations: set[int] = set()

    def count(self, message: Message, second: int, hour: int, tally: Tally) -> None:
        """Take in a message that matches; one that lacks a dimension or the value, or has none of a number, adds
        nothing."""
        value = self._value
        if value is None:
            value = _number(self.pattern.value(message, self._value_at))
            if value is None:
                return
        metric = self.metric
        if self._dimensions:
            dimensions = self._dimensions_of(message)
            if dimensions is None or not self._admits(dimensions, hour):
                return
            metric = metric._replace(dimensions=dimensions)
        tally.add(metric, self.unit, second, value)

    def _dimensions_of(self, message: Message) -> Dimensions | None:
        found = list(self._fixed)
        for name, selector in self._dimensions:
            text = text_of(self.pattern.value(message, selector))
            if text is None or not _is_dimension(text):
                return None
            found.append((name, text))
        return tuple(sorted(found))

    def _admits(self, dimensions: Dimensions, hour: int) -> bool:
        """Whether it has no more combinations than it may have."""
        if hour != self._hour:
            self._hour = hour
            self._combinations.clear()
        combination = hash(dimensions)  # 8 bytes of up to 3,000
        if combination in self._combinations:
            return True
        if len(self._combinations) >= COMBINATIONS_MAX:
            return False
        self._combinations.add(combination)
        if len(self._combinations) == COMBINATIONS_MAX:
            log.warning(
                "a metric filter of %s has %d combinations of dimensions within an hour; more are left out: %s",
                self.group.arn,
                COMBINATIONS_MAX,
                self.metric.name,
            )
        return True


class GroupFilters:
    """The filters of one group."""

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._set = PatternSet({each: each.pattern for each in filters})
        self.with_defaults = [each for each in filters if each.default is not None]

    def look_at(self, batch: LogBatch, tally: Tally) -> None:
        """Add to a tally what the filters make of a put, as far as they are no younger than it."""
        matching, seq, hour = self._set.matching, batch.seq, batch.ingestion_ms // _HOUR_MS
        for event in batch.events:
            message = Message(event.message)
            for each in matching(message):
                if each.since <= seq:
                    each.count(message, event.timestamp_ms // 1000, hour, tally)


def by_group(filters: Iterable[Filter]) -> dict[int, GroupFilters]:
    """Filters together with those of the same group, by its row."""
    gathered: dict[int, list[Filter]] = {}
    for each in filters:
        gathered.setdefault(each.group_row, []).append(each)
    return {group: GroupFilters(of_group) for group, of_group in gathered.items()}


def _constant(text: str) -> float | None:
    """The number that a metric's value is; None where each message has its own."""
    return None if text.startswith("$") else _number(text)


def _number(value: object) -> float | None:
    """A value that a metric can have; None for everything else."""
    number = number_of(value)
    if number is None or abs(number) > VALUE_MAX or not math.isfinite(number):
        return None
    return float(number)


def _is_dimension(text: str) -> bool:
    """Whether a metric may have this as the value of a dimension."""
    return (
        len(text) <= DIMENSION_CHARACTERS_MAX
        and text.isascii()
        and text.isprintable()
        and not text.startswith(":")
        and text.strip() != ""
    )
