"""What leaves the journal: batches that every sink has, once they are older than `journal.keep`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from cairn.core.clock import Clock
from cairn.core.journal.journal import Journal

log = logging.getLogger(__name__)

EVERY_S = 60.0


class Trimmer:
    """The `core.loops.Step` that trims.

    Args:
        positions: of every reader, the position before which it needs nothing. Where there is none, nothing leaves.
        keep_s: how long a batch stays at least, counted from when the journal took it.
    """

    name = "trim"

    def __init__(
        self, journal: Journal, positions: Callable[[], Iterable[int]], clock: Clock, *, keep_s: float
    ) -> None:
        self._journal = journal
        self._positions = positions
        self._clock = clock
        self._keep_s = keep_s

    def step(self) -> float:
        bounds = self._journal.bounds()
        passed = min(self._positions(), default=bounds.first)
        before = self._first_since(self._clock.now() - self._keep_s, bounds.first, min(passed, bounds.next))
        if before > bounds.first:
            self._journal.trim(before)
            log.info("the journal let go of %d batches and begins at %d", before - bounds.first, before)
        return EVERY_S

    def _first_since(self, time: float, first: int, end: int) -> int:
        """The first position in `first` up to `end` whose batch came at `time` or later; `end` if there is none."""
        while first < end:
            middle = (first + end) // 2
            entries = self._journal.read_from(middle, bytes_max=1)
            if not entries or entries[0].time >= time:
                end = middle
            else:
                first = middle + 1
        return first
