"""The sink that makes metrics of log events: it reads puts by number, and asks the filters of each put's group.

What it publishes and how far it has read are durable in one transaction of the metrics' database, so that every event
counts once, whenever the process dies. Default values follow when a minute is over (`defaults`). Which minutes are
open is known from the puts themselves: a second position says where those begin that it has to see again at a start.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from cairn.cloudwatch.logs.events import LogBatch
from cairn.cloudwatch.logs.store import LogStore
from cairn.cloudwatch.metric_filters.defaults import MINUTE_S, Minute, OpenMinutes, Puts
from cairn.cloudwatch.metric_filters.evaluation import Filter, GroupFilters, Tally, by_group
from cairn.cloudwatch.metric_filters.filters import MetricFilters, Stamp
from cairn.cloudwatch.metrics.datum import Datum, Metric
from cairn.cloudwatch.metrics.store import MetricStore
from cairn.core.clock import Clock
from cairn.core.errors import AwsError
from cairn.core.failpoints import failpoint

log = logging.getLogger(__name__)

POLL_S = 0.2
STEP_BYTES = 512 << 10
"""Packed bytes of puts that one step looks at, one put more at most; unpacked some ten times as much."""
SAVE_S = 5.0
"""How far it has read is saved with what it publishes; while there is nothing to publish, this often."""
DEFAULTS_A_STEP = 2_000

READER = "metric filters"
READER_OF_OPEN = "metric filters: open minutes"


class MetricFilterSink:
    """Applies metric filters. `step` is for one thread; one a database."""

    name = "metric filters"

    def __init__(self, logs: LogStore, filters: MetricFilters, metrics: MetricStore, clock: Clock) -> None:
        self._logs = logs
        self._definitions = filters
        self._metrics = metrics
        self._clock = clock
        self._begun = False
        self._read = 0
        """The number of the next put to look at."""
        self._saved = 0
        self._saved_at = 0.0
        self._passed: int | None = None
        """What `position` says; None before the first step."""
        self._revision: int | None = None
        """Of the logs' database, when there was nothing more to read in it."""
        self._stamp: Stamp | None = None
        self._filters: dict[int, GroupFilters] = {}
        """By the rows of their groups, so that a group never has those of a deleted one of its name."""
        self._compiled: dict[int, Filter] = {}
        self._open = OpenMinutes()

    def position(self) -> int:
        """The number of the first put that it still needs. Any thread may ask."""
        return min(self._positions()) if self._passed is None else self._passed

    def step(self) -> float:
        """Look at some puts, and publish. Returns the seconds until there may be more to do."""
        if not self._begun:
            self._begin()
        now, revision = self._clock.now(), self._logs.state.revision()
        batches: list[LogBatch] = []
        if revision != self._revision:
            batches = self._logs.read_from(self._read, bytes_max=STEP_BYTES, deleted=True)
        if batches:
            self._look_at(batches)
            now = min(now, batches[-1].ingestion_ms / 1000)  # what came in later may still be of minutes before
        else:
            self._revision = revision
        more = self._report(now)
        first = self._open.first
        self._passed = self._read if first is None else first
        return 0.0 if batches or more else POLL_S

    def _positions(self) -> tuple[int, int]:
        """Where it goes on, and where the puts of open minutes begin."""
        with self._metrics.state.read() as connection:
            return (
                self._metrics.position(connection, READER),
                self._metrics.position(connection, READER_OF_OPEN),
            )

    def _begin(self) -> None:
        """Find out where it stands, and which minutes are open."""
        self._saved, seq = self._positions()
        self._read = min(self._saved, self._logs.end())  # the logs may be an older copy than the metrics
        self._open = OpenMinutes()
        self._stamp, self._revision = None, None
        self._reload()
        while seq < self._read and (batches := self._logs.read_from(seq, bytes_max=STEP_BYTES, deleted=True)):
            self._note(batch for batch in batches if batch.seq < self._read)
            seq = batches[-1].seq + 1
        self._begun = True

    def _look_at(self, batches: Sequence[LogBatch]) -> None:
        self._reload()  # behind the reading, so that filters that were there before a put are known
        tally = Tally()
        for batch in batches:
            filters = self._filters.get(batch.group_row)
            if filters is not None:
                filters.look_at(batch, tally)
        self._note(batches)
        data, read = tally.data(), batches[-1].seq + 1
        if data or self._clock.monotonic() - self._saved_at >= SAVE_S:
            self._publish(data, read)
        self._read = read

    def _note(self, batches: Iterable[LogBatch]) -> None:
        for batch in batches:
            filters = self._filters.get(batch.group_row)
            if filters is not None and filters.with_defaults:
                self._open.note(batch)

    def _report(self, now: float) -> bool:
        """Publish the default values of some minutes that are over by now; whether there may be more."""
        over = self._open.over(now)
        if not over:
            return False
        part: list[Minute] = []
        wanted: dict[int, dict[Metric, Datum]] = {}
        count = 0
        for minute, puts in over:
            for datum in self._defaults(minute, puts):
                wanted.setdefault(minute.start, {}).setdefault(datum.metric, datum)
                count += 1
            part.append(minute)
            if count >= DEFAULTS_A_STEP:
                break
        self._open.close(part)
        self._publish((), self._read, wanted)
        return len(part) < len(over)

    def _defaults(self, minute: Minute, puts: Puts) -> list[Datum]:
        """What a minute's filters say where nothing matched."""
        filters = self._filters.get(minute.group)
        return [
            Datum(*each.metric, time=minute.start, value=each.default, unit=each.unit)
            for each in (filters.with_defaults if filters is not None else ())
            if each.since <= puts.last
        ]

    def _publish(
        self, data: Sequence[Datum], read: int, defaults: dict[int, dict[Metric, Datum]] | None = None
    ) -> None:
        """Add data, and defaults where a minute's metric has none yet, and save how far it has read.

        If the positions are not those that it knows, or it is not known what became of the transaction, it begins anew
        from what is saved.
        """
        try:
            with self._metrics.write() as connection:
                if self._metrics.position(connection, READER) != self._saved:
                    raise RuntimeError("another process applies metric filters too, or an earlier write came through")
                found = list(data)
                for start, by_metric in (defaults or {}).items():
                    known = self._metrics.having(connection, list(by_metric), start, start + MINUTE_S)
                    found += [datum for metric, datum in by_metric.items() if metric not in known]
                self._metrics.add(connection, found)
                self._metrics.move(connection, READER, read)
                first = self._open.first
                self._metrics.move(connection, READER_OF_OPEN, read if first is None else first)
                failpoint("metric_filters.published")
            failpoint("metric_filters.durable")
        except BaseException:
            self._begun = False
            raise
        self._saved, self._saved_at = read, self._clock.monotonic()

    def _reload(self) -> None:
        """Have the filters as they are now."""
        stamp = self._definitions.stamp()
        if stamp == self._stamp:
            return
        compiled: dict[int, Filter] = {}
        for found in self._definitions.all():
            known = self._compiled.get(found.row)  # keeps how many combinations it has had
            try:
                compiled[found.row] = known if known is not None else Filter(found, self._definitions.compile)
            except AwsError as error:
                log.warning("metric filter %s of %s is left out: %s", found.definition.name, found.group.arn, error)
        self._compiled = compiled
        self._filters = by_group(compiled.values())
        self._stamp = stamp
