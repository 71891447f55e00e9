"""A metric, and a datum that somebody publishes for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import msgspec

from cairn.cloudwatch.metrics.summary import Summary

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, sorted."""

NO_UNIT = "None"
RESOLUTIONS = (1, 60)
"""Seconds. A metric of 60 has a point a minute, one of 1 a point a second."""


class Metric(NamedTuple):
    """What a series of points belongs to. Other dimensions are another metric."""

    account: str
    region: str
    namespace: str
    name: str
    dimensions: Dimensions = ()

    @property
    def key(self) -> str:
        """Names the metric in 64 characters, however long its dimensions are."""
        return _key(self)


@dataclass(frozen=True, slots=True)
class StatisticSet:
    """What is known of several values without the values."""

    count: float
    sum: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Datum:
    """A value, values with counts, or a statistic set, for one moment of a metric: one of the three.

    `time` is in seconds since the epoch, `resolution` in seconds (1 or 60). `counts` may be left out: each value
    occurred once.
    """

    account: str
    region: str
    namespace: str
    name: str
    dimensions: Dimensions
    time: float
    value: float | None = None
    values: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()
    statistics: StatisticSet | None = None
    unit: str = NO_UNIT
    resolution: int = 60

    @property
    def metric(self) -> Metric:
        return Metric(self.account, self.region, self.namespace, self.name, self.dimensions)

    @property
    def start(self) -> int:
        """Where the point that it belongs to begins, in seconds since the epoch."""
        return int(self.time // self.resolution) * self.resolution

    def summary(self) -> Summary:
        """What it adds to its point. Values whose count is 0 add nothing."""
        if self.value is not None:
            return Summary.of_values([(self.value, 1.0)])
        if self.statistics is not None:
            given = self.statistics
            return Summary.of_statistics(given.count, given.sum, given.min, given.max)
        counts = self.counts or (1.0,) * len(self.values)
        return Summary.of_values(list(zip(self.values, counts, strict=True)))


@lru_cache(maxsize=16_384)
def _key(metric: Metric) -> str:
    return hashlib.sha256(msgspec.json.encode(metric)).hexdigest()
