"""Searching the history: many conditions at once, over accounts, regions and segments, within a budget.

An answer that would cost too much is cut short, says so, and can be gone on with from where it stopped.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from functools import partial

import msgspec

from cairn.cloudtrail.history.bloom import probe
from cairn.cloudtrail.history.facts import id_key, term_key
from cairn.cloudtrail.history.lookup import SEQ_MAX, TIME_MAX, end_of, read_events
from cairn.cloudtrail.history.manifest import SegmentInfo
from cairn.cloudtrail.history.matching import RecordMatcher
from cairn.cloudtrail.history.pages import Bookmark, PageTokens
from cairn.cloudtrail.history.query import INDEXED, Query
from cairn.cloudtrail.history.scan import Bounds, Chunk, Driver, drivers, scan_chunk, scopes_in
from cairn.cloudtrail.history.segment_reader import Place, SegmentReader, StoredEvent
from cairn.cloudtrail.history.segments import Segments
from cairn.core.clock import Clock

LIMIT_MAX = 1000
SECONDS_MAX = 2.0
ROWS_MAX = 5_000_000
RECORDS_MAX = 100_000
CHUNK_FIRST = 256
CHUNK_MAX = 16_384
CHUNK_RECORDS = 512
"""Events a chunk where each record must be read."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """One question. Times are inclusive, in seconds since the epoch."""

    query: Query = Query()
    accounts: tuple[str, ...] = ()
    """Empty: all. Whoever may not see all must name those that may be seen."""
    regions: tuple[str, ...] = ()
    category: str = "Management"
    time_min: int = -TIME_MAX
    time_max: int = TIME_MAX
    newest_first: bool = True
    limit: int = 50
    """Events a page, at the most 1,000."""


class Hits(msgspec.Struct, frozen=True):
    """A page of what was found."""

    events: list[StoredEvent]
    next: str
    """A token for the next page; empty: this was the last."""
    partial: str
    """Why the search stopped before the page was full; empty if it did not. The token goes on from there."""
    looked: int
    """Events that were looked at."""


class Budget:
    """What one search may cost."""

    def __init__(
        self, clock: Clock, *, seconds: float = SECONDS_MAX, rows: int = ROWS_MAX, records: int = RECORDS_MAX
    ) -> None:
        self._clock = clock
        self._deadline = clock.monotonic() + seconds
        self._seconds, self._rows, self._records = seconds, rows, records
        self.looked = 0
        self._scanned = 0
        self._unpacked = 0

    def count(self, events: int) -> None:
        """Events that were looked at all at once, which costs no more than time."""
        self.looked += events

    def spend(self, chunk: Chunk) -> None:
        self.looked += chunk.looked
        self._scanned += chunk.looked
        self._unpacked += chunk.unpacked

    def unpack(self, records: int) -> None:
        self._unpacked += records

    def spent(self) -> str:
        """What has run out, in words; empty while nothing has."""
        if self._scanned >= self._rows:
            return f"it looked at {self.looked} events"
        if self._unpacked >= self._records:
            return f"it read {self._unpacked} records"
        if self._clock.monotonic() >= self._deadline:
            return f"it took more than {self._seconds:g} seconds"
        return ""


_Item = tuple[Place, SegmentInfo | None]
"""A place in the order of the answer: of an event that fits, or, with None, up to which nothing more does."""


def search(
    segments: Segments, question: Search, token: str, *, tokens: PageTokens, arrived_min: int, budget: Budget
) -> Hits:
    """A page of the events that fit.

    Raises:
        BadToken: `token` was not given for this question, or is too old.
    """
    asked = msgspec.structs.replace(question, limit=0)  # the next page may be of another size
    mark = tokens.open(token, asked) if token else None
    seq_end = mark.seq_end if mark else end_of(segments, segments.manifest())
    bounds = bounds_of(question, seq_end, arrived_min, behind=(mark.time, mark.seq) if mark else None)
    limit = max(1, min(question.limit, LIMIT_MAX))
    found: list[tuple[Place, SegmentInfo]] = []
    stopped, why, more = None, "", False
    for place, info in merged(segments, question, bounds, budget):
        if info is not None and len(found) == limit:
            more = True
            break
        if info is not None:
            found.append((place, info))
        elif _is_further(place, bounds) and (why := budget.spent()):
            stopped = place  # further than where the page began, so that going on always leads on
            break
    end = stopped or (found[-1][0] if more else None)
    following = tokens.make(Bookmark(*end, seq_end), asked) if end else ""
    return Hits(read_events(segments, found), following, why, budget.looked)


def _is_further(place: Place, bounds: Bounds) -> bool:
    """Whether `place` comes behind where the page began."""
    if bounds.behind is None:
        return True
    return place < bounds.behind if bounds.newest_first else place > bounds.behind


def bounds_of(question: Search, seq_end: int, arrived_min: int, *, behind: Place | None = None) -> Bounds:
    return Bounds(
        time_min=question.time_min,
        time_max=question.time_max,
        seq_end=seq_end,
        arrived_min=arrived_min,
        newest_first=question.newest_first,
        behind=behind,
    )


def merged(segments: Segments, question: Search, bounds: Bounds, budget: Budget) -> Iterator[_Item]:
    """Everything that fits, in order, over all segments; a segment is touched only when its turn comes."""
    streams = [_stream(segments, info, question, bounds, budget) for info in candidates(segments, question, bounds)]
    return heapq.merge(*streams, key=lambda item: item[0], reverse=bounds.newest_first)


def candidates(segments: Segments, question: Search, bounds: Bounds) -> list[SegmentInfo]:
    """The segments that may hold an answer, in the order in which they are worth a look."""
    chosen = [
        info
        for info in segments.manifest().segments
        if info.state == "active"
        or (
            info.settled
            and info.first_seq < bounds.seq_end
            and info.arrived_max >= bounds.arrived_min
            and info.time_max >= question.time_min
            and info.time_min <= question.time_max
            and _may_hold(segments, info, question)
        )
    ]
    if question.newest_first:
        return sorted(chosen, key=lambda info: info.time_max if info.settled else TIME_MAX, reverse=True)
    return sorted(chosen, key=lambda info: info.time_min if info.settled else -TIME_MAX)


def plan(reader: SegmentReader, *, question: Search, bounds: Bounds) -> list[Driver]:
    """How one segment is scanned for the question."""
    conditions = [c for c in question.query.conditions if c.field not in ("account", "region")]
    return [
        driver
        for scope in scopes_asked(
            scopes_in(reader, question.accounts, question.regions, question.category), question.query
        )
        for driver in drivers(reader, scope, tuple(conditions), bounds)
    ]


def chunk_sizes(matcher: RecordMatcher) -> Iterator[int]:
    """Sizes of the chunks of a scan: small ones first, since the page may be full soon."""
    size = CHUNK_FIRST
    while True:
        yield min(size, CHUNK_RECORDS) if matcher.needed else size
        size = min(size * 4, CHUNK_MAX)


def _stream(segments: Segments, info: SegmentInfo, question: Search, bounds: Bounds, budget: Budget) -> Iterator[_Item]:
    """What fits in one segment, in order, with marks between."""
    if info.settled:
        yield (info.time_max, SEQ_MAX) if bounds.newest_first else (info.time_min, -1), None
    found = segments.visit(info, partial(plan, question=question, bounds=bounds)) or []
    matcher = RecordMatcher(question.query)
    ways = [_along(segments, info, driver, bounds, matcher, budget) for driver in found]
    yield from heapq.merge(*ways, key=lambda item: item[0], reverse=bounds.newest_first)


def _along(
    segments: Segments, info: SegmentInfo, driver: Driver, bounds: Bounds, matcher: RecordMatcher, budget: Budget
) -> Iterator[_Item]:
    """What fits along one list of postings."""
    start = bounds.behind
    for size in chunk_sizes(matcher):
        scan = partial(scan_chunk, driver=driver, bounds=bounds, matcher=matcher, start=start, size=size)
        chunk = segments.visit(info, scan)
        if chunk is None:
            return
        budget.spend(chunk)
        for time, seq, *_ in chunk.rows:
            yield (time, seq), info
        if chunk.end is None:
            return
        yield chunk.end, None
        start = chunk.end


def scopes_asked(scopes: list[tuple[str, str, str]], query: Query) -> list[tuple[str, str, str]]:
    """Those that the query's conditions on account and region leave."""
    for condition in query.conditions:
        if condition.field in ("account", "region"):
            place = 0 if condition.field == "account" else 1
            matcher = RecordMatcher(Query((msgspec.structs.replace(condition, field="value"),)))
            scopes = [scope for scope in scopes if matcher.fits(msgspec.json.encode({"value": scope[place]}))]
    return scopes


def _may_hold(segments: Segments, info: SegmentInfo, question: Search) -> bool:
    """Whether the filter leaves it open that a segment holds an event that fits."""
    for condition in question.query.conditions:
        if condition.exclude or any(pattern.wild for pattern in condition.patterns):
            continue
        field = INDEXED.get(condition.field)
        if condition.field == "id":
            keys = [id_key(pattern.text) for pattern in condition.patterns]
        elif field is not None:
            keys = [term_key(scope, field, p.text) for p in condition.patterns for scope in info.scopes]
        else:
            continue
        if not any(segments.may_hold(info, probe(key)) for key in keys):
            return False
    return True
