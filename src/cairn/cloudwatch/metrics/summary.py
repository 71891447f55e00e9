"""What is kept of the values of one point: count, sum, least, greatest, and how they are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cairn.cloudwatch.metrics.distribution import Distribution


@dataclass(slots=True)
class Summary:
    """Values of one period, which may be merged with those of others.

    `spread` is the distribution; it is None if the values are not known, because a statistic set or a negative value
    is among them, and if they are all the same: then `min` says all.
    """

    count: float
    sum: float
    min: float
    max: float
    spread: Distribution | None = None

    @classmethod
    def of_values(cls, values: Sequence[tuple[float, float]]) -> Summary:
        """Of values with their counts; those that never occurred are left out."""
        occurred = [(value, count) for value, count in values if count > 0]
        if not occurred:
            return cls(0.0, 0.0, 0.0, 0.0)
        least, greatest = min(occurred)[0], max(occurred)[0]
        known = Distribution.of(occurred) if 0 <= least < greatest else None
        total = sum(value * count for value, count in occurred)
        return cls(sum(count for _, count in occurred), total, least, greatest, known)

    @classmethod
    def of_statistics(cls, count: float, sum: float, min: float, max: float) -> Summary:
        """Of a statistic set, whose values nobody knows unless all are the same."""
        return cls(count, sum, min, max)

    @property
    def same(self) -> bool:
        """Whether all values are the same."""
        return self.min == self.max

    def merge(self, other: Summary) -> None:
        """Take the values of another in."""
        if other.count == 0:
            return
        if self.count == 0:
            self.count, self.sum, self.min, self.max = other.count, other.sum, other.min, other.max
            self.spread = _copy(other)
            return
        self.spread = self._joined(other)
        self.count += other.count
        self.sum += other.sum
        self.min = min(self.min, other.min)
        self.max = max(self.max, other.max)

    def values(self) -> list[tuple[float, float]] | None:
        """The values with their counts, by value; None if they are not known, or if there are negative ones."""
        if self.min < 0:
            return None
        if self.same:
            return [(self.min, self.count)]
        return self.spread.values() if self.spread is not None else None

    def _joined(self, other: Summary) -> Distribution | None:
        if self.same and other.same and self.min == other.min:
            return None
        mine, theirs = self._known(), other._known()
        if mine is None or theirs is None:
            return None
        mine.merge(theirs)
        return mine

    def _known(self) -> Distribution | None:
        """The distribution, also where all values are the same."""
        if self.spread is not None:
            return self.spread
        return Distribution({self.min: self.count}) if self.same and self.min >= 0 else None


def _copy(summary: Summary) -> Distribution | None:
    """A distribution of one's own: merging changes it."""
    known = summary.spread
    return Distribution(dict(known.exact), dict(known.bins), known.zeros, known.level) if known is not None else None
