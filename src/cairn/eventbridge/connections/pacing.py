"""How often an API destination may be called."""

from __future__ import annotations

import threading

from cairn.core.clock import Clock


class Pace:
    """Keeps calls of the same destination apart. One a process, which alone calls; used by many threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._free: dict[int, float] = {}  # when each may be called next, monotonic

    def wait_s(self, destination: int, rate: int, most_s: float) -> tuple[bool, float]:
        """Take the next turn of a destination, if it comes soon.

        Args:
            rate: calls a second at most.
            most_s: how long the caller would wait for it.

        Returns:
            Whether the turn is the caller's, and in how many seconds it comes.
        """
        with self._lock:
            now = self._clock.monotonic()
            turn = max(self._free.get(destination, now), now)
            if turn - now > most_s:
                return False, turn - now
            for old in [each for each, free in self._free.items() if free <= now]:
                del self._free[old]
            self._free[destination] = turn + 1.0 / rate
            return True, turn - now
