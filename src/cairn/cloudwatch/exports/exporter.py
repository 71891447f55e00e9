"""The step that carries export tasks out, one at a time, a slice at a step.

A task that was interrupted begins anew: its files have the same names again, and take the places of those that are
there already.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

from cairn.cloudwatch.exports import files
from cairn.cloudwatch.exports.buckets import BucketError, Buckets
from cairn.cloudwatch.exports.files import File
from cairn.cloudwatch.exports.tasks import CANCELLED, COMPLETED, FAILED, PENDING_CANCEL, Task, Tasks
from cairn.cloudwatch.logs import LogStore
from cairn.cloudwatch.logs.streams import Place
from cairn.core.clock import Clock
from cairn.core.durable import private_folder
from cairn.core.errors import AwsError

POLL_S = 1.0
EVENTS_A_STEP = 5000
STREAMS_A_PAGE = 100
RETRIED_FOR_S = 3600.0
"""How long a task waits for an S3 that does not answer."""
FORGET_EVERY_S = 3600.0

log = logging.getLogger(__name__)


class Exporter:
    """One a database; `step` is for one thread.

    Args:
        spool: a folder of its own, where nothing matters after a restart.
    """

    name = "log exports"

    def __init__(self, tasks: Tasks, store: LogStore, buckets: Buckets, spool: Path, clock: Clock) -> None:
        self._tasks = tasks
        self._store = store
        self._buckets = buckets
        self._spool = spool
        self._clock = clock
        self._running: tuple[Task, Iterator[None]] | None = None
        self._failing_since: float | None = None  # monotonic
        self._forgot = -FORGET_EVERY_S
        shutil.rmtree(spool, ignore_errors=True)
        private_folder(spool)

    def step(self) -> float:
        if self._running is None:
            self._forget_old()
            task = self._tasks.next()
            if task is None:
                return POLL_S
            self._tasks.begin(task.id)
            self._running = task, self._export(task)
        task, work = self._running
        if self._tasks.status(task.id) in (PENDING_CANCEL, CANCELLED):
            self._end(task, CANCELLED, "Cancelled by the user")
            return 0.0
        try:
            if next(work, _DONE) is _DONE:
                self._end(task, COMPLETED, "Completed successfully")
        except BucketError as error:
            if not error.code and self._may_wait():
                self._running = None
                raise
            self._end(task, FAILED, f"{error.code or 'No answer'}: {error.message}")
        except AwsError as error:
            self._end(task, FAILED, error.message)
        except Exception as error:
            if self._may_wait():
                self._running = None  # it begins anew: what raised is over, and its end would look like a task's
                raise
            log.exception("the export task %s of %s", task.id, task.group.arn)
            self._end(task, FAILED, f"An error of ours: {type(error).__name__}")
        return 0.0

    def _export(self, task: Task) -> Iterator[None]:
        """Write and put all files, pausing between slices."""
        for stream in self._streams(task):
            number, at = 0, 0
            file: File | None = None
            events = self._store.read(task.group, streams=[stream], start_ms=task.from_ms, end_ms=task.to_ms)
            for at, event in enumerate(events, start=1):
                if file is None:
                    file = File(self._spool / "file.gz")
                file.add(event.timestamp_ms, event.message)
                if file.is_full:
                    self._put(task, stream, number, file)
                    number, file = number + 1, None
                if at % EVENTS_A_STEP == 0:
                    yield
            if file is not None:
                self._put(task, stream, number, file)
            if at:
                yield

    def _put(self, task: Task, stream: str, number: int, file: File) -> None:
        file.close()
        key = files.key(task.prefix, task.id, stream, number)
        self._buckets.put(task.bucket, key, file.path, source=task.group.arn)
        file.path.unlink(missing_ok=True)
        self._failing_since = None

    def _streams(self, task: Task) -> Iterator[str]:
        after: Place | None = None
        while True:
            page = self._store.streams.page(task.group, prefix=task.stream_prefix, after=after, limit=STREAMS_A_PAGE)
            for stream in page:
                yield stream.name
            if len(page) < STREAMS_A_PAGE:
                return
            after = Place(page[-1].last_event_ms, page[-1].name)

    def _may_wait(self) -> bool:
        now = self._clock.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since < RETRIED_FOR_S

    def _end(self, task: Task, status: str, message: str) -> None:
        if status == FAILED:
            log.error("the export task %s of %s failed: %s", task.id, task.group.arn, message)
        self._tasks.end(task.id, status, message)
        self._running = None
        self._failing_since = None

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        if now - self._forgot >= FORGET_EVERY_S:
            self._forgot = now
            self._tasks.forget_old()


_DONE = object()
