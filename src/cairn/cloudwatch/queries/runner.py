"""Running queries: in threads of the process that took them, each event looked at once, the youngest first."""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from cairn.cloudwatch.logs import GroupId, LogStore, Place, StoredEvent
from cairn.cloudwatch.queries.language.query import Query
from cairn.cloudwatch.queries.language.refusals import MalformedQuery, QueryTooLarge
from cairn.cloudwatch.queries.language.rows import Record
from cairn.cloudwatch.queries.queries import (
    COMPLETE,
    FAILED,
    TIMEOUT,
    Progress,
    Queries,
    SavedQuery,
)
from cairn.cloudwatch.queries.results import Results
from cairn.core.clock import Clock
from cairn.core.errors import AwsError

THREADS = 2
"""Queries that a process runs at once; others wait."""
QUERY_S_MAX = 3600.0
"""How long a query may run."""
BEAT_S = 2.0
"""How often a query says how far it is, and learns that it was stopped."""
PAUSE_S = 0.0005
"""At each look: a query that never paused would have every call that the process answers wait for its turn."""
_LOOK_EVERY = 256  # events between two looks at the clock

Pointer = Callable[[GroupId, Place], str]
"""What names one event of a group for GetLogRecord."""

log = logging.getLogger(__name__)


class _Stopped(Exception):
    """The query is to go on no further."""


class _TimedOut(Exception):
    """The query has run for as long as it may."""


class Runner:
    """Runs the queries that this process took."""

    def __init__(
        self, queries: Queries, store: LogStore, pointer: Pointer, clock: Clock, *, threads: int = THREADS
    ) -> None:
        self._queries = queries
        self._store = store
        self._pointer = pointer
        self._clock = clock
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="queries")
        self._waiting: dict[str, None] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def submit(self, query: str) -> None:
        """Run a scheduled query as soon as there is a thread for it."""
        with self._lock:
            self._waiting[query] = None
        self._threads.submit(self._run, query)

    def close(self) -> None:
        """End what runs; it has failed."""
        self._closing.set()
        self._threads.shutdown(cancel_futures=True)

    def _run(self, query: str) -> None:
        with self._lock:
            self._waiting.pop(query, None)
        try:
            found = self._queries.begin(query)
            if found is not None:
                self._work(found)
        except Exception:
            log.exception("the query %s failed", query)

    def _work(self, query: SavedQuery) -> None:
        progress = Progress()
        try:
            results = self._results(query, progress)
        except _Stopped:
            self._queries.end(query.id, FAILED, progress)  # unless somebody stopped it, which stays
        except _TimedOut:
            self._queries.end(query.id, TIMEOUT, progress)
        except (QueryTooLarge, MalformedQuery, AwsError) as error:
            log.warning("the query %s failed: %s", query.id, error)
            self._queries.end(query.id, FAILED, progress)
        except Exception:
            self._queries.end(query.id, FAILED, progress)
            raise
        else:
            self._queries.end(query.id, COMPLETE, progress, results)

    def _results(self, query: SavedQuery, progress: Progress) -> Results:
        compiled = Query(query.text, now_ms=query.created_ms, limit=query.row_limit)
        results = Results()
        for row in compiled.run(self._records(query, compiled, progress)):
            results.add(row)
        results.end()
        progress.matched = compiled.matched
        return results

    def _records(self, query: SavedQuery, compiled: Query, progress: Progress) -> Iterator[Record]:
        """The events that the query is about, the youngest first."""
        began = beaten = self._clock.monotonic()
        for number, (group, event) in enumerate(self._events(query)):
            if number % _LOOK_EVERY == 0:
                if self._clock.wait(self._closing, PAUSE_S):
                    raise _Stopped
                now = self._clock.monotonic()
                if now - began > QUERY_S_MAX:
                    raise _TimedOut
                if now - beaten > BEAT_S:
                    progress.matched = compiled.matched
                    self._beat(query.id, progress)
                    beaten = now
            progress.scanned += 1
            progress.bytes += len(event.message)
            yield Record(
                event.timestamp_ms,
                event.message,
                stream=event.stream,
                log=f"{group.account}:{group.name}",
                ingestion_ms=event.ingestion_ms,
                pointer=partial(self._pointer, group, event.place),
            )

    def _beat(self, query: str, progress: Progress) -> None:
        with self._lock:
            waiting = list(self._waiting)
        if waiting:
            self._queries.keep_scheduled(waiting)
        if not self._queries.beat(query, progress):
            raise _Stopped

    def _events(self, query: SavedQuery) -> Iterator[tuple[GroupId, StoredEvent]]:
        sources = [self._of_group(query, GroupId(query.account, query.region, name)) for name in query.groups]
        if len(sources) == 1:
            return sources[0]
        return heapq.merge(*sources, key=lambda found: found[1].place, reverse=True)

    def _of_group(self, query: SavedQuery, group: GroupId) -> Iterator[tuple[GroupId, StoredEvent]]:
        found = self._store.read(group, start_ms=query.start_ms, end_ms=query.end_ms, descending=True)
        return ((group, event) for event in found)
