"""How the values of a point are distributed: what percentiles and trimmed statistics are computed from.

Up to `EXACT_MAX` different values are kept as they are. More are kept in bins whose bounds grow by a constant factor,
so that a value that is read back is within `ERROR` (0.5 %) of the one that was put. Where the values span so many
orders of magnitude that this takes more than `BINS_MAX` bins, neighbours are joined two by two until it does not, and
the error about doubles each time (the uniform collapse of UDDSketch). Values are 0 or more: of a metric with negative
values CloudWatch has no percentiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

EXACT_MAX = 256
"""Different values that are kept exactly."""
BINS_MAX = 2_048
ERROR = 0.005
"""Of a value that comes out of a bin, relative to the one that went in, before any collapse."""

_GAMMA = (1 + ERROR) / (1 - ERROR)


class Distribution(msgspec.Struct, array_like=True):
    """Counts of values. Changed only by its own methods."""

    exact: dict[float, float] = {}
    """Counts by value, while there are few."""
    bins: dict[int, float] = {}
    """Counts by bin afterwards: bin `i` has the values in (g^(i-1), g^i] for the factor `g` of its level."""
    zeros: float = 0.0
    level: int = 0
    """How often neighbours were joined."""

    @classmethod
    def of(cls, counts: Iterable[tuple[float, float]]) -> Distribution:
        """Of values and how often each occurred."""
        made = cls({})
        for value, count in counts:
            made.exact[value] = made.exact.get(value, 0.0) + count
        made._bound()
        return made

    @classmethod
    def decode(cls, data: bytes) -> Distribution:
        return _decoder.decode(data)

    def encode(self) -> bytes:
        return _encoder.encode(self)

    def merge(self, other: Distribution) -> None:
        """Take the values of another in."""
        if not self.bins and not self.zeros and not other.bins and not other.zeros:
            for value, count in other.exact.items():
                self.exact[value] = self.exact.get(value, 0.0) + count
            self._bound()
            return
        self._to_bins()
        while self.level < other.level:
            self._collapse()
        self._put(other.exact)
        steps = 1 << (self.level - other.level)
        for index, count in other.bins.items():
            joined = -(-index // steps)
            self.bins[joined] = self.bins.get(joined, 0.0) + count
        self.zeros += other.zeros
        while len(self.bins) > BINS_MAX:
            self._collapse()

    def values(self) -> list[tuple[float, float]]:
        """Values and their counts, by value. A bin's value is the one that is least wrong for all in it."""
        if self.exact:
            return sorted(self.exact.items())
        found = [(0.0, self.zeros)] if self.zeros else []
        middle = 2 / (1 + self._gamma)
        log_gamma = math.log(self._gamma)
        found += [(math.exp(index * log_gamma) * middle, self.bins[index]) for index in sorted(self.bins)]
        return found

    @property
    def error(self) -> float:
        """How wrong a value may be, as a part of it."""
        return (self._gamma - 1) / (self._gamma + 1) if self.bins else 0.0

    @property
    def _gamma(self) -> float:
        return _gamma(self.level)

    def _bound(self) -> None:
        if len(self.exact) > EXACT_MAX:
            self._to_bins()
            while len(self.bins) > BINS_MAX:
                self._collapse()

    def _to_bins(self) -> None:
        counts, self.exact = self.exact, {}
        self._put(counts)

    def _put(self, counts: Mapping[float, float]) -> None:
        log_gamma = math.log(self._gamma)
        for value, count in counts.items():
            if value > 0:
                index = math.ceil(math.log(value) / log_gamma)
                self.bins[index] = self.bins.get(index, 0.0) + count
            else:
                self.zeros += count

    def _collapse(self) -> None:
        joined: dict[int, float] = {}
        for index, count in self.bins.items():
            joined[-(-index // 2)] = joined.get(-(-index // 2), 0.0) + count
        self.bins = joined
        self.level += 1


@lru_cache(maxsize=64)
def _gamma(level: int) -> float:
    return math.pow(_GAMMA, 2**level)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Distribution)
