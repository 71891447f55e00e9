"""Group commit: what threads write at the same time shares one transaction, and so one fsync."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

W = TypeVar("W")
R = TypeVar("R")


class GroupCommit(Generic[W, R]):
    """Gathers work of many threads for a function that writes it all at once.

    Whoever comes while nobody writes, writes; whoever comes meanwhile waits and is written together with all who
    wait, by the first of them. So one alone waits for nobody, and a crowd costs one commit.

    Args:
        write: writes what it is given in one transaction; for each, in order, its result, or the error that it alone
            has. If it raises, nothing was written and all have that error.
        size: of one piece of work, in bytes.
        bytes_max: work of more than this is not written together, unless one piece is that large by itself.
    """

    def __init__(
        self, write: Callable[[list[W]], list[R | Exception]], *, size: Callable[[W], int], bytes_max: int
    ) -> None:
        self._write = write
        self._size = size
        self._bytes_max = bytes_max
        self._waiting: deque[_Request[W, R]] = deque()
        self._turn = threading.Lock()

    def submit(self, work: W) -> R:
        """Durable when it returns."""
        request: _Request[W, R] = _Request(work)
        self._waiting.append(request)
        while not request.done:
            with self._turn:
                if not request.done:
                    self._run(self._gather())
        if isinstance(request.outcome, Exception):
            raise request.outcome
        assert request.outcome is not None
        return request.outcome

    def _gather(self) -> list[_Request[W, R]]:
        gathered, size = [self._waiting.popleft()], 0
        size = self._size(gathered[0].work)
        while self._waiting and (size := size + self._size(self._waiting[0].work)) <= self._bytes_max:
            gathered.append(self._waiting.popleft())
        return gathered

    def _run(self, requests: list[_Request[W, R]]) -> None:
        try:
            outcomes = self._write([request.work for request in requests])
        except Exception as error:
            outcomes = [error] * len(requests)
        for request, outcome in zip(requests, outcomes, strict=True):
            request.outcome = outcome
            request.done = True


class _Request(Generic[W, R]):
    __slots__ = ("done", "outcome", "work")

    def __init__(self, work: W) -> None:
        self.work = work
        self.done = False
        self.outcome: R | Exception | None = None
