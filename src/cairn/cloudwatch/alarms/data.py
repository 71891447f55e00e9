"""What alarms need of metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from cairn.cloudwatch.alarms.alarm import AlarmId, MetricSettings


class DataError(Exception):
    """An alarm's data cannot be computed, and will not be until somebody changes the alarm."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a period."""

    value: float
    samples: float | None = None
    """How many values it was made of; None where it was computed."""
    least: float = float("-inf")
    """The least of them."""


class AlarmData(Protocol):
    """The metrics of all accounts."""

    def revision(self) -> int:
        """A number that is another one once anybody has published anything since it was last asked for."""

    def watched(self, alarm: AlarmId, settings: MetricSettings) -> tuple[str, ...]:
        """Keys of the metrics that an alarm is on."""

    def amounts(self, keys: Collection[str], since: float) -> Mapping[str, Mapping[float, float]]:
        """How much data there is of metrics: by key and begin of a minute, from `since` on."""

    def read(self, alarm: AlarmId, settings: MetricSettings, end: float, periods: int) -> list[Value | None]:
        """The alarm's statistic or expression in so many of its periods that end with `end`, the oldest first.

        Raises:
            DataError: it cannot be computed.
        """
