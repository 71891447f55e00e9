"""Reading in many threads and telling in order: digests ahead of the walk, log files behind it, so much at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from cairn.cloudtrail.verify.places import Place, Stored

THREADS = 32
AHEAD = 32
"""Digests that are read before the walk comes to them."""
WINDOW = 512
"""Log files under way at once."""

T = TypeVar("T")


class DigestReader:
    """Reads a chain's digests before they are asked for: they are asked for newest first."""

    def __init__(self, place: Place, pool: ThreadPoolExecutor, bucket: str, keys: Sequence[str]) -> None:
        self._place = place
        self._pool = pool
        self._bucket = bucket
        self._coming = iter(keys[::-1])
        self._futures: dict[str, Future[Stored]] = {}

    def __call__(self, bucket: str, key: str) -> Stored:
        if bucket == self._bucket:
            for passed in [other for other in self._futures if other > key]:
                self._futures.pop(passed).cancel()
            while len(self._futures) < AHEAD and (coming := next(self._coming, None)) is not None:
                if coming <= key:
                    self._futures[coming] = self._pool.submit(self._place.read, bucket, coming)
            future = self._futures.pop(key, None)
            if future is not None:
                return future.result()
        return self._place.read(bucket, key)


class InOrder(Generic[T]):
    """Work handed to threads, its results in the order in which it was handed over."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._pending: deque[Future[T] | T] = deque()

    def put(self, result: T) -> None:
        """A result that is there already."""
        self._pending.append(result)

    def submit(self, work: Callable[[], T]) -> None:
        self._pending.append(self._pool.submit(work))

    def ready(self, *, left: int = WINDOW) -> Iterator[T]:
        """Results until no more than `left` are under way; 0: all of them."""
        while len(self._pending) > left:
            first = self._pending.popleft()
            yield first.result() if isinstance(first, Future) else first

    def cancel(self) -> None:
        for pending in self._pending:
            if isinstance(pending, Future):
                pending.cancel()
