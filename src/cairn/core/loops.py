"""A loop around `step()`: how every sink and every other piece of background work runs.

A step does a little work and says how many seconds it is content to wait. Tests call `step` by hand under a test
clock; in service a thread calls it. A step that raises is tried again after a growing pause; the loop's status
tells what happened, so that `cairn status` can.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

import msgspec

from cairn.core.clock import Clock, SystemClock

log = logging.getLogger(__name__)

RETRY_FIRST_S = 0.5
RETRY_MAX_S = 5.0
"""So short that whatever was away is noticed soon when it is back: "seconds" holds then too."""


class Step(Protocol):
    """A piece of background work."""

    name: str

    def step(self) -> float:
        """Do some work. Returns the seconds until it should be called again: 0 means at once."""


class LoopStatus(msgspec.Struct):
    """How a loop is doing. Written by its thread, read by anyone."""

    name: str
    last_success: float = 0.0
    failures: int = 0
    """Failed steps in a row; 0 when it is well."""
    last_error: str = ""
    last_error_time: float = 0.0


class Loop:
    """Runs a step again and again in a thread of its own."""

    def __init__(self, step: Step, *, clock: Clock | None = None) -> None:
        self.status = LoopStatus(step.name)
        self._step = step
        self._clock = clock or SystemClock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=step.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Ask the loop to end, and wait until its step in progress has."""
        self._stop.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        pause = 0.0
        while not self._clock.wait(self._stop, pause):
            pause = self.run_once()

    def run_once(self) -> float:
        """One step, its outcome noted in the status. Returns the seconds to wait before the next."""
        try:
            pause = self._step.step()
        except Exception as error:
            self.status.failures += 1
            self.status.last_error = f"{type(error).__name__}: {error}"
            self.status.last_error_time = self._clock.now()
            log.warning("%s failed (%d in a row): %s", self.status.name, self.status.failures, error)
            log.debug("trace of %s", self.status.name, exc_info=True)
            return min(RETRY_FIRST_S * 2.0 ** (self.status.failures - 1), RETRY_MAX_S)
        self.status.failures = 0
        self.status.last_success = self._clock.now()
        return pause


def every(name: str, seconds: float, work: Callable[[], None]) -> Step:
    """A step that does `work` every so many seconds."""
    return _Periodic(name, seconds, work)


class _Periodic:
    def __init__(self, name: str, seconds: float, work: Callable[[], None]) -> None:
        self.name = name
        self._seconds = seconds
        self._work = work

    def step(self) -> float:
        self._work()
        return self._seconds
