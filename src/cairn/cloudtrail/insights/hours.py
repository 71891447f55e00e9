"""Counts an hour over the last nine days, compactly: most series are quiet, and have few hours with calls at all."""

from __future__ import annotations

from array import array

import msgspec

MINUTES_AN_HOUR = 60
HOURS_A_DAY = 24
MINUTES_A_DAY = MINUTES_AN_HOUR * HOURS_A_DAY
HOURS_A_WEEK = 7 * HOURS_A_DAY
HOURS_KEPT = 9 * HOURS_A_DAY
"""The seven days of a baseline, which begin at midnight, and yesterday's hours a week before with their neighbours."""

_SPARSE_MAX = 48
"""Hours with calls up to which they are listed one by one; with more, there is a cell for every hour."""
_COUNT_MAX = (1 << 32) - 1
"""Calls an hour; more count as so many."""
_SHORT_MAX = (1 << 16) - 1

_SPARSE, _SHORT, _LONG = "Q", "H", "I"


class Hours(msgspec.Struct, gc=False):
    """Calls in each of the last `HOURS_KEPT` hours. Hours are numbered since the epoch.

    Listed, each cell has the hour in its upper half and the count in its lower, in order. Otherwise a ring: the hour's
    cell is its number modulo `HOURS_KEPT`, of two bytes until a count needs four.
    """

    newest: int = 0
    """The last hour with calls; what is `HOURS_KEPT` or more before it is forgotten."""
    cells: array[int] = msgspec.field(default_factory=lambda: array(_SPARSE))

    def at(self, hour: int) -> int:
        """Calls in `hour`; 0 where it is forgotten."""
        if hour > self.newest or hour <= self.newest - HOURS_KEPT:
            return 0
        if self.cells.typecode != _SPARSE:
            return self.cells[hour % HOURS_KEPT]
        for cell in reversed(self.cells):
            if cell >> 32 <= hour:
                return cell & _COUNT_MAX if cell >> 32 == hour else 0
        return 0

    def add(self, hour: int, calls: int) -> None:
        """Count `calls`; nothing if `hour` is forgotten."""
        if hour <= self.newest - HOURS_KEPT or calls <= 0:
            return
        if hour > self.newest:
            self._move(hour)
        if self.cells.typecode == _SPARSE:
            self._add_listed(hour, calls)
        else:
            self._add_to_ring(hour, calls)

    def between(self, first: int, end: int) -> int:
        """Calls from the hour `first` on, before the hour `end`."""
        if self.cells.typecode == _SPARSE:
            return sum(cell & _COUNT_MAX for cell in self.cells if first <= cell >> 32 < end)
        return sum(self.at(hour) for hour in range(max(first, self.newest - HOURS_KEPT + 1), min(end, self.newest + 1)))

    def total(self) -> int:
        """Calls in all hours that are kept."""
        if self.cells.typecode == _SPARSE:
            return sum(cell & _COUNT_MAX for cell in self.cells)
        return sum(self.cells)

    def _move(self, hour: int) -> None:
        """Make `hour` the newest, and forget what is too old by then."""
        if self.cells.typecode == _SPARSE:
            oldest = hour - HOURS_KEPT + 1
            forgotten = 0
            while forgotten < len(self.cells) and self.cells[forgotten] >> 32 < oldest:
                forgotten += 1
            if forgotten:
                self.cells = self.cells[forgotten:]
        elif hour - self.newest >= HOURS_KEPT:
            self.cells = array(_SPARSE)
        else:
            for passed in range(self.newest + 1, hour + 1):
                self.cells[passed % HOURS_KEPT] = 0
            if hour // HOURS_A_DAY > self.newest // HOURS_A_DAY:
                self._thin()
        self.newest = hour

    def _thin(self) -> None:
        """List the hours again where the series has become quiet."""
        used = HOURS_KEPT - self.cells.count(0)
        if used < _SPARSE_MAX // 2:
            hours = range(self.newest - HOURS_KEPT + 1, self.newest + 1)
            listed = [(hour, self.cells[hour % HOURS_KEPT]) for hour in hours]
            self.cells = array(_SPARSE, [hour << 32 | count for hour, count in listed if count])

    def _add_listed(self, hour: int, calls: int) -> None:
        place = len(self.cells)
        while place and self.cells[place - 1] >> 32 > hour:
            place -= 1
        if place and self.cells[place - 1] >> 32 == hour:
            count = min((self.cells[place - 1] & _COUNT_MAX) + calls, _COUNT_MAX)
            self.cells[place - 1] = hour << 32 | count
        elif len(self.cells) < _SPARSE_MAX:
            self.cells.insert(place, hour << 32 | min(calls, _COUNT_MAX))
        else:
            listed = self.cells
            wide = any(cell & _COUNT_MAX > _SHORT_MAX for cell in listed)
            self.cells = array(_LONG if wide else _SHORT, [0]) * HOURS_KEPT
            for cell in listed:
                self.cells[(cell >> 32) % HOURS_KEPT] = cell & _COUNT_MAX
            self._add_to_ring(hour, calls)

    def _add_to_ring(self, hour: int, calls: int) -> None:
        place = hour % HOURS_KEPT
        count = min(self.cells[place] + calls, _COUNT_MAX)
        if count > _SHORT_MAX and self.cells.typecode == _SHORT:
            self.cells = array(_LONG, self.cells)
        self.cells[place] = count
