"""When a change is on disk: requests that change something share a commit, and are answered after it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from moto.core.base_backend import BaseBackend

from cairn.account.moto.gate import Gate
from cairn.account.moto.snapshots import Snapshots
from cairn.account.moto.store import Problem, Store
from cairn.core.clock import Clock, SystemClock
from cairn.core.failpoints import failpoint

log = logging.getLogger(__name__)

SWEEP_S = 30.0
"""How often state is saved that no request was answered for: threads of moto's own, times of last use."""
STACK_BYTES = 256 << 20
"""Pickle recurses along chains of objects; address space, not memory."""


class CommitFailed(Exception):
    """The state could not be written; the change is in memory only, and is tried again with the next one."""


class Commits:
    """The thread that saves. One commit at a time; whatever arrives meanwhile shares the next."""

    def __init__(self, gate: Gate, snapshots: Snapshots, store: Store, *, clock: Clock | None = None) -> None:
        self.count = 0
        """Commits that wrote something."""
        self._gate = gate
        self._snapshots = snapshots
        self._store = store
        self._clock = clock or SystemClock()
        self._news = threading.Condition()
        # Guarded by _news:
        self._touched: dict[int, BaseBackend] = {}
        self._seen: dict[int, BaseBackend] = {}
        self._seen_lately = False
        self._asked = 0
        self._done = 0
        self._failures: dict[int, str] = {}
        self._stopping = False
        # The thread's own:
        self._problem: Problem | None = None
        self._swept = self._clock.monotonic()

    def start(self) -> None:
        usual = threading.stack_size(STACK_BYTES)
        self._thread = threading.Thread(target=self._run, name="commits", daemon=True)
        self._thread.start()
        threading.stack_size(usual)

    def stop(self) -> None:
        """Save everything and end."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        self._thread.join()

    def problems(self) -> list[Problem]:
        """Everything about the state that a person must know."""
        unwritten = [self._problem] if self._problem else []
        return [*self._store.problems, *unwritten, *list(self._snapshots.problems.values())]

    def ask(self, touched: Iterable[BaseBackend]) -> int:
        """Have these backends saved with the next commit. Returns what to `wait` for."""
        with self._news:
            self._touched.update((id(backend), backend) for backend in touched)
            self._asked += 1
            self._news.notify_all()
            return self._asked

    def note(self, touched: Iterable[BaseBackend]) -> None:
        """Have these backends, of which nobody expects a change, looked at some time."""
        with self._news:
            self._seen.update((id(backend), backend) for backend in touched)
            self._seen_lately = True

    def wait(self, ticket: int) -> None:
        """Return when what was asked for is durable.

        Raises:
            CommitFailed: it is not.
        """
        with self._news:
            self._news.wait_for(lambda: self._done >= ticket)
            failure = self._failures.pop(ticket, None)
        if failure is not None:
            raise CommitFailed(failure)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            with self._news:
                self._news.wait_for(lambda: self._asked > self._done or self._stopping, SWEEP_S)
                touched, self._touched = self._touched, {}
                asked, stopping = self._asked, self._stopping
            failure = self._save(touched.values())
            with self._news:
                if failure:
                    self._touched = touched | self._touched
                    self._failures.update((ticket, failure) for ticket in range(self._done + 1, asked + 1))
                self._done = asked
                self._news.notify_all()
            if stopping or self._clock.monotonic() - self._swept >= SWEEP_S:
                self._sweep()

    def _sweep(self) -> None:
        """Save what was seen, if anything was lately: one backend at a time, so that requests get their turn."""
        self._swept = self._clock.monotonic()
        with self._news:
            seen = list(self._seen.values()) if self._seen_lately else []
            self._seen_lately = False
        for backend in seen:
            self._save([backend])

    def _save(self, touched: Iterable[BaseBackend]) -> str:
        """Returns why it failed, or an empty string."""
        try:
            with self._gate:
                taken = self._snapshots.take(touched)
            if taken.changed or taken.gone:
                failpoint("moto.taken")
                self._store.write(taken.changed, taken.gone)
                failpoint("moto.written")
                self.count += 1
            self._snapshots.written(taken)
        except Exception as error:
            log.exception("a change of the account's state is not saved")
            self._problem = Problem("the account's state cannot be saved", f"{type(error).__name__}: {error}")
            return self._problem.why
        self._problem = None
        return ""
