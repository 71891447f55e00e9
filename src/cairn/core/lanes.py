"""Jobs of owners (trails, subscriptions), at most one an owner at a time, such that one in trouble holds up no other.

Owners that fail or are slow run in a lane of their own: however many of them hang, the lane of the healthy stays free.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from cairn.core.clock import Clock
from cairn.core.errors import CairnError

log = logging.getLogger(__name__)

HEALTHY_WORKERS = 4
TROUBLED_WORKERS = 2
SLOW_S = 5.0
"""A job that takes longer puts its owner into the lane of the troubled."""
RETRY_FIRST_S = 1.0
RETRY_MAX_S = 300.0
SHOWN_S = 3600.0
"""For how long a failure is told of after which nothing waits: what failed is lost, and nothing shows whether the next
would."""


Name = TypeVar("Name")


class JobFailed(Exception):
    """What a job raises whose owner is tried again by rules of its own.

    Args:
        retry_s: in how many seconds; None: what failed is not tried again.
    """

    def __init__(self, message: str, retry_s: float | None) -> None:
        super().__init__(message)
        self.retry_s = retry_s


@dataclass(frozen=True)
class Trouble:
    """An owner whose last job failed."""

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
    """Threads for the jobs of owners, which have names of one kind. Used by one thread."""

    def __init__(
        self,
        clock: Clock,
        what: str = "delivery",
        *,
        owner: str = "trail",
        healthy: int = HEALTHY_WORKERS,
        troubled: int = TROUBLED_WORKERS,
    ) -> None:
        self.troubles: dict[Name, Trouble] = {}
        self._clock = clock
        self._what = what
        self._owner = owner
        self._healthy = ThreadPoolExecutor(healthy, what)
        self._troubled = ThreadPoolExecutor(troubled, f"{what}-troubled")
        self._jobs: dict[Name, _Job] = {}
        self._slow: set[Name] = set()

    def busy(self, owner: Name) -> bool:
        return owner in self._jobs

    def __len__(self) -> int:
        """How many jobs are under way, those that wait for a thread among them."""
        return len(self._jobs)

    @property
    def idle(self) -> bool:
        """Whether no job is under way."""
        return not self._jobs

    def start(self, owner: Name, job: Callable[[], None]) -> None:
        """Run `job`; what it raises makes trouble of the owner, a return ends it. Not while the owner is `busy`."""
        assert owner not in self._jobs
        lane = self._troubled if owner in self.troubles or owner in self._slow else self._healthy
        self._jobs[owner] = _Job(lane.submit(job), self._clock.monotonic())

    def settle(self, timeout_s: float) -> None:
        """Note what became of jobs that ended; if there are jobs and none did, wait so long for one."""
        if self._jobs:
            wait([job.future for job in self._jobs.values()], timeout_s, FIRST_COMPLETED)
        now = self._clock.monotonic()
        for owner, job in list(self._jobs.items()):
            if job.future.done():
                del self._jobs[owner]
                self._note(owner, job.future.exception(), now)
                (self._slow.add if now - job.began > SLOW_S else self._slow.discard)(owner)

    def failed_lately(self) -> list[Name]:
        """Owners in trouble whose last job failed within `SHOWN_S`."""
        since = self._clock.monotonic() - SHOWN_S
        return [owner for owner, trouble in list(self.troubles.items()) if trouble.failed_at > since]

    def close(self) -> None:
        """Wait for the jobs under way; those that wait for a thread never begin."""
        self._healthy.shutdown(cancel_futures=True)
        self._troubled.shutdown(cancel_futures=True)

    def _note(self, owner: Name, error: BaseException | None, now: float) -> None:
        if error is None:
            self.troubles.pop(owner, None)
            return
        failures = self.troubles[owner].failures + 1 if owner in self.troubles else 1
        pause: float | None = min(RETRY_FIRST_S * 2.0 ** (failures - 1), RETRY_MAX_S)
        if isinstance(error, JobFailed):
            pause = error.retry_s
        code = getattr(error, "code", "") if isinstance(error, CairnError) else ""  # what its service calls it
        text = f"{code or type(error).__name__}: {error}"
        self.troubles[owner] = Trouble(failures, text, now, now + (pause or 0.0))
        following = "not tried again" if pause is None else f"next in {pause:.0f} s"
        place = (self._what, self._owner, owner, failures, following, text)
        log.warning("%s for %s %s failed (%d in a row), %s: %s", *place)
