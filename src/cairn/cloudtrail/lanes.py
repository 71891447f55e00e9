"""Jobs of trails, at most one a trail at a time, such that a trail in trouble holds up no other.

Trails that fail or are slow run in a lane of their own: however many buckets hang, the lane of the healthy stays free.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from cairn.core.clock import Clock

log = logging.getLogger(__name__)

HEALTHY_WORKERS = 4
TROUBLED_WORKERS = 2
SLOW_S = 5.0
"""A job that takes longer puts its trail into the lane of the troubled."""
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 300.0


Name = TypeVar("Name")


@dataclass(frozen=True)
class Trouble:
    """A trail whose last job failed."""

    failures: int
    """In a row."""
    error: str
    failed_at: float
    """Monotonic."""
    retry_at: float


@dataclass(frozen=True)
class _Job:
    future: Future[None]
    began: float


class Lanes(Generic[Name]):
    """Threads for the jobs of trails, named by number, or of something else that may be in trouble by itself. Used by
    one thread."""

    def __init__(self, clock: Clock, what: str = "delivery") -> None:
        self.troubles: dict[Name, Trouble] = {}
        self._clock = clock
        self._what = what
        self._healthy = ThreadPoolExecutor(HEALTHY_WORKERS, what)
        self._troubled = ThreadPoolExecutor(TROUBLED_WORKERS, f"{what}-troubled")
        self._jobs: dict[Name, _Job] = {}
        self._slow: set[Name] = set()

    def busy(self, trail: Name) -> bool:
        return trail in self._jobs

    @property
    def idle(self) -> bool:
        """Whether no job is under way."""
        return not self._jobs

    def start(self, trail: Name, job: Callable[[], None]) -> None:
        """Run `job`; what it raises makes trouble of the trail, a return ends it. Not while the trail is `busy`."""
        assert trail not in self._jobs
        lane = self._troubled if trail in self.troubles or trail in self._slow else self._healthy
        self._jobs[trail] = _Job(lane.submit(job), self._clock.monotonic())

    def settle(self, timeout_s: float) -> None:
        """Note what became of jobs that ended; if there are jobs and none did, wait so long for one."""
        if self._jobs:
            wait([job.future for job in self._jobs.values()], timeout_s, FIRST_COMPLETED)
        now = self._clock.monotonic()
        for trail, job in list(self._jobs.items()):
            if job.future.done():
                del self._jobs[trail]
                self._note(trail, job.future.exception(), now)
                (self._slow.add if now - job.began > SLOW_S else self._slow.discard)(trail)

    def close(self) -> None:
        """Wait for the jobs under way; those that wait for a thread never begin."""
        self._healthy.shutdown(cancel_futures=True)
        self._troubled.shutdown(cancel_futures=True)

    def _note(self, trail: Name, error: BaseException | None, now: float) -> None:
        if error is None:
            self.troubles.pop(trail, None)
            return
        failures = self.troubles[trail].failures + 1 if trail in self.troubles else 1
        pause = min(RETRY_FIRST_S * 2.0 ** (failures - 1), RETRY_MAX_S)
        code = getattr(error, "code", "")  # of a bucket, a log group, a KMS
        text = f"{code or type(error).__name__}: {error}"
        self.troubles[trail] = Trouble(failures, text, now, now + pause)
        place = (self._what, trail, failures, pause, text)
        log.warning("%s for trail %s failed (%d in a row), next in %.0f s: %s", *place)
