"""Delivery to log groups: the sink that sends what trails log to their CloudWatch Logs log group, within a second.

It reads the journal beside delivery to the bucket, by the same spans and selections, with a position of its own
(`log_spans`). A log group that says how far it was written, as Cairn's own does, gets every event once; one that does
not gets it at least once. As with files, group and role are the trail's as they stand at each attempt. A log group that
refuses holds up neither another trail nor the bucket.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from cairn.cloudtrail import log_spans, status
from cairn.cloudtrail.gather import UNDELIVERED_ORIGINS, Reader, compiled
from cairn.cloudtrail.log_groups import LogGroupError, LogStreams, TrailStream, stream_name
from cairn.cloudtrail.spans import Span
from cairn.cloudtrail.trail import Trail
from cairn.cloudtrail.trails import by_row
from cairn.core.clock import Clock
from cairn.core.config import Delivery as Settings
from cairn.core.failpoints import failpoint
from cairn.core.journal.journal import Bounds, Journal, JournalEntry
from cairn.core.lanes import Lanes, Trouble
from cairn.core.records.event import Event
from cairn.core.state import State

log = logging.getLogger(__name__)

POLL_S = 0.2
"""How soon an event, or a trail that began to log, is seen."""
SETTLE_S = 0.05
"""How long a step waits for jobs under way before it looks for other work."""
STRETCH_BYTES_MAX = 1 << 20
"""Journal bytes that are sent at once."""
EVENT_BYTES_MAX = 256 << 10
"""Records that are larger are not sent (spec 8.1)."""


@dataclass
class _Stretch:
    """What comes next of a span: the records, by stream, up to a position."""

    next: int
    recorded: float = 0.0
    """When the journal took the first batch of it; 0 where there is none."""
    finished: bool = False
    """Whether the span ends here."""
    records: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    regions: set[str] = field(default_factory=set)


class LogDelivery:
    """The delivery of all trails to their log groups. `step` is for one thread."""

    name = "log groups"

    def __init__(self, state: State, journal: Journal, streams: LogStreams, settings: Settings, clock: Clock) -> None:
        self._state = state
        self._journal = journal
        self._streams = streams
        self._settings = settings
        self._clock = clock
        self._reader = Reader(journal)
        self._lanes: Lanes[int] = Lanes(clock, "log group")
        self._revision: int | None = None
        """Of the saved state, when no trail had a log group."""
        self._written: dict[str, int] = {}  # by reader: what the log group said, or was told

    def step(self) -> float:
        """Send what there is, a bounded stretch a trail. Returns the seconds until there may be more to do."""
        self._lanes.settle(SETTLE_S)
        revision = self._state.revision()
        if revision == self._revision:
            return POLL_S
        self._revision = None
        with self._state.read() as connection:
            unfinished = log_spans.unfinished(connection)
            trails = by_row(connection, {span.trail for span, _ in unfinished})
        if not unfinished and self._lanes.idle:
            self._revision = revision
            return POLL_S
        bounds = self._journal.bounds()
        moved: dict[int, int] = {}
        finished: list[int] = []
        waiting: set[int] = set()
        for span, cursor in unfinished:
            if span.trail in waiting or self._lanes.busy(span.trail):
                continue
            waiting.add(span.trail)  # its later spans wait for this one
            if not self._may_try(span.trail):
                continue
            stretch = self._gather(trails[span.trail], span, cursor, bounds)
            if stretch.records and not self._given_up(trails[span.trail], stretch):
                self._lanes.start(span.trail, partial(self._send, trails[span.trail], span, stretch))
            elif stretch.finished:
                finished.append(span.id)
            elif stretch.next > cursor:
                moved[span.id] = stretch.next
        self._note(moved, finished)
        return 0.0 if moved or finished or not self._lanes.idle else POLL_S

    @property
    def position(self) -> int:
        """The journal position before which nothing waits to be sent: what may be trimmed."""
        end = self._journal.bounds().next
        with self._state.read() as connection:
            return min((cursor for _, cursor in log_spans.unfinished(connection)), default=end)

    def troubles(self) -> dict[str, Trouble]:
        """Trails whose log group refuses now, by ARN."""
        with self._state.read() as connection:
            trails = by_row(connection, list(self._lanes.troubles))
        return {trails[row].arn: trouble for row, trouble in list(self._lanes.troubles.items())}

    def close(self) -> None:
        """End the sending in progress, and begin no other."""
        self._lanes.close()

    def _may_try(self, trail: int) -> bool:
        trouble = self._lanes.troubles.get(trail)
        return trouble is None or self._clock.monotonic() >= trouble.retry_at

    def _given_up(self, trail: Trail, stretch: _Stretch) -> bool:
        """Whether a stretch has failed for as long as delivery is retried."""
        if trail.row not in self._lanes.troubles or self._clock.now() - stretch.recorded < self._settings.retry_for:
            return False
        lost = sum(map(len, stretch.records.values()))
        log.error("gave up sending %d events of %s: the log group refused them for too long", lost, trail.arn)
        return True

    def _gather(self, trail: Trail, span: Span, cursor: int, bounds: Bounds) -> _Stretch:
        """What `span` holds from `cursor` on, about `STRETCH_BYTES_MAX` of it at the most."""
        if cursor < bounds.first:
            log.error("the journal let go of positions %d to %d before they were sent", cursor, bounds.first)
        selector = compiled(span.selection)
        stretch, size = _Stretch(cursor), 0
        for entry in self._reader.entries(cursor):
            if _is_past(span, entry):
                stretch.finished = True
                return stretch
            if size >= STRETCH_BYTES_MAX:
                return stretch
            size += entry.size
            stretch.recorded = stretch.recorded or entry.time
            stretch.next = entry.position + 1
            for event in _sendable(entry):
                if selector.wants(event) and span.takes(entry.position, event.header.time):
                    owner = event.header.account if selector.organization else trail.id.account
                    stream = stream_name(trail.id, owner, selector.organization)
                    if entry.position >= self._written_to(_reader(trail, stream)):
                        stretch.records[stream].append(event.record)
                        stretch.regions.add(event.header.region)
        stretch.next = max(stretch.next, bounds.next)  # what is not there is lost
        stretch.finished = self._is_over(span, stretch.next)
        return stretch

    def _is_over(self, span: Span, reached: int) -> bool:
        """Whether nothing more can come of a span that is sent to the journal's end."""
        if span.end is not None:
            return reached >= span.end
        return span.stop is not None and reached >= span.stop and self._clock.now() > span.closes

    def _written_to(self, reader: str) -> int:
        if reader not in self._written:
            self._written[reader] = self._streams.position_of(reader)
        return self._written[reader]

    def _send(self, trail: Trail, span: Span, stretch: _Stretch) -> None:
        """Runs in a lane's thread. Where it raises, the span stays where it is."""
        regions = {trail.id.home_region, *stretch.regions}
        try:
            for stream, records in stretch.records.items():
                reader = _reader(trail, stream)
                self._written.pop(reader, None)  # where putting fails, whether it was written is asked again
                self._streams.put(_stream(trail, stream), records, reader=reader, position=stretch.next)
                self._written[reader] = stretch.next
        except LogGroupError as error:
            with self._state.write() as connection:
                status.failed(connection, trail.row, regions, self._clock.now(), error.code, "logs")
            raise
        failpoint("logs.sent")
        with self._state.write() as connection:
            status.succeeded(connection, trail.row, regions, self._clock.now(), "logs")
            log_spans.advance(connection, {span.id: stretch.next})

    def _note(self, moved: dict[int, int], finished: list[int]) -> None:
        if moved or finished:
            with self._state.write() as connection:
                log_spans.advance(connection, moved)
                log_spans.finish(connection, finished)


def _stream(trail: Trail, name: str) -> TrailStream:
    settings = trail.settings
    group = settings.log_group.removesuffix(":*")
    return TrailStream(group=group, name=name, role=settings.log_role, source=trail.arn)


def _reader(trail: Trail, stream: str) -> str:
    """The name under which a log group keeps how far a trail was written to a stream of it."""
    return f"trail {trail.row} {stream}"


def _is_past(span: Span, entry: JournalEntry) -> bool:
    """Whether neither `entry` nor anything behind it belongs to `span`."""
    if span.end is not None:
        return entry.position >= span.end
    return span.stop is not None and entry.position >= span.stop and entry.time > span.closes


def _sendable(entry: JournalEntry) -> Iterable[Event]:
    if entry.batch.origin in UNDELIVERED_ORIGINS:
        return ()
    return (event for event in entry.batch.of_kind() if len(event.record) <= EVENT_BYTES_MAX)
