"""Counting what a search finds: values per field, and a histogram over time."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec

from cairn.cloudtrail.history.column_counts import count_by_columns, is_countable, is_worth_it
from cairn.cloudtrail.history.columns import Columns, ColumnsDamaged
from cairn.cloudtrail.history.counting import VALUES_A_SEGMENT_MAX, Counting
from cairn.cloudtrail.history.facts import SINGLE, Scope, facts_of
from cairn.cloudtrail.history.lookup import end_of
from cairn.cloudtrail.history.manifest import SegmentInfo
from cairn.cloudtrail.history.matching import RecordMatcher, values_at
from cairn.cloudtrail.history.query import INDEXED, canonical_field
from cairn.cloudtrail.history.scan import (
    Bounds,
    Chunk,
    Driver,
    scan_chunk,
    scopes_in,
    sweep_chunk,
    time_bounds,
    values_of,
)
from cairn.cloudtrail.history.search import CHUNK_MAX, CHUNK_RECORDS, Budget, Search, bounds_of, candidates, plan
from cairn.cloudtrail.history.segment_reader import SegmentReader, parse
from cairn.cloudtrail.history.segments import Segments
from cairn.core.records.event import EventHeader

log = logging.getLogger(__name__)

VALUES_MAX = 50
"""Values a field in the answer, the most frequent."""
BUCKETS_MAX = 500
SWEEP_SHARE_MIN = 0.3
"""From which part of a segment on it is read from end to end."""
WIDTHS_S = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400)

_COLUMNS = {name: 3 + SINGLE.index(field) for name, field in INDEXED.items() if field in SINGLE}


class Bucket(msgspec.Struct):
    """What fell into some seconds of the histogram. An event that failed counts as an error only."""

    start: int
    """Seconds since the epoch."""
    write: int = 0
    read: int = 0
    error: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted."""

    total: int
    counts: dict[str, list[tuple[str, int]]]
    """By field: its values, the most frequent first."""
    histogram: list[Bucket]
    """Buckets in order of time, empty ones included."""
    bucket_s: int
    """Seconds a bucket; 0 without a histogram."""
    partial: str
    """Why not everything was counted; empty if it was. Newest segments are counted first."""
    looked: int


def summarize(
    segments: Segments,
    question: Search,
    *,
    fields: Sequence[str],
    buckets: int,
    arrived_min: int,
    budget: Budget,
) -> Summary:
    """Count everything that `question` finds, its page aside.

    Args:
        fields: as in queries, dotted paths included.
        buckets: about how many the histogram should have; 0: no histogram.

    Raises:
        QueryError: there is no such field.
    """
    names = [canonical_field(field) for field in fields]
    bounds = bounds_of(question, end_of(segments, segments.manifest()), arrived_min)
    infos = candidates(segments, question, bounds)
    start, end = _span(segments, infos, question) if buckets else (0, 0)
    width = _width(end - start + 1, min(buckets, BUCKETS_MAX)) if buckets else 0
    counting = Counting({name: Counter() for name in names}, Counter())
    countable = is_countable(question, names)
    why = ""
    for info in infos:
        count = partial(
            _count_segment,
            columns=segments.columns(info) if countable else None,
            question=question,
            bounds=bounds,
            width=width,
            counting=counting,
            budget=budget,
        )
        why = segments.visit(info, count) or ""
        if why:
            break
    return Summary(
        total=counting.total,
        counts={name: counter.most_common(VALUES_MAX) for name, counter in counting.fields.items()},
        histogram=_histogram(counting.buckets, start // width, end // width, width) if buckets else [],
        bucket_s=width,
        partial=why,
        looked=budget.looked,
    )


def _count_segment(
    reader: SegmentReader,
    *,
    columns: Columns | None,
    question: Search,
    bounds: Bounds,
    width: int,
    counting: Counting,
    budget: Budget,
) -> str:
    """Add what one segment holds; returns what ran out, if anything did."""
    if columns is not None and is_worth_it(reader, question, bounds):
        try:
            looked = count_by_columns(reader, columns, question=question, bounds=bounds, width=width, counting=counting)
        except ColumnsDamaged as error:
            log.error("%s; its segment is counted more slowly", error.message)
            looked = None
        if looked is not None:
            budget.count(looked)
            return budget.spent()
    return _count_events(reader, question=question, bounds=bounds, width=width, counting=counting, budget=budget)


def _count_events(
    reader: SegmentReader, *, question: Search, bounds: Bounds, width: int, counting: Counting, budget: Budget
) -> str:
    """The same, event by event."""
    matcher = RecordMatcher(question.query)
    columns = {name: _COLUMNS[name] for name in counting.fields if name in _COLUMNS}
    beside = _RecordCounter([name for name in counting.fields if name not in _COLUMNS and name not in _OF_ROWS])
    terms: dict[str, Counter[int]] = {name: Counter() for name in columns}
    why = ""
    for driver in plan(reader, question=question, bounds=bounds):
        for chunk in _chunks(reader, driver, bounds, matcher, beside):
            budget.spend(chunk)
            counting.total += len(chunk.rows)
            for name, column in columns.items():
                terms[name].update(term for row in chunk.rows if (term := row[column]) is not None)
            for name in _OF_ROWS.keys() & counting.fields.keys():
                counting.fields[name].update(_OF_ROWS[name](driver, row) for row in chunk.rows)
            if width:  # error 2, read 1, write 0
                counting.buckets.update(
                    (row[0] // width, 2 if row[_COLUMNS["error"]] is not None else row[2]) for row in chunk.rows
                )
            budget.unpack(beside.count(reader, driver, chunk, counting))
            if why := budget.spent():
                break
        if why:
            break
    for name, counter in terms.items():
        most = dict(counter.most_common(VALUES_A_SEGMENT_MAX))
        for term, value in values_of(reader, list(most)):
            counting.fields[name][value] += most[term]
    return why


_OF_ROWS: dict[str, Callable[[Driver, tuple[Any, ...]], str]] = {
    "account": lambda driver, row: driver.scope[0],
    "region": lambda driver, row: driver.scope[1],
    "readonly": lambda driver, row: "true" if row[2] else "false",
}


class _RecordCounter:
    """Counts what stands only in records: resources and paths."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    @property
    def needed(self) -> bool:
        return bool(self._names)

    def count(self, reader: SegmentReader, driver: Driver, chunk: Chunk, counting: Counting) -> int:
        """Count a chunk; returns how many records had to be read."""
        if not self._names:
            return 0
        records = chunk.records or reader.records([row[1] for row in chunk.rows])
        for row, record in zip(chunk.rows, records, strict=True):
            parsed = parse(record)
            for name in self._names:
                counting.fields[name].update(set(_values(name, driver, row, parsed)))
        return 0 if chunk.records else len(records)


def _values(name: str, driver: Driver, row: tuple[Any, ...], parsed: dict[str, Any]) -> Iterator[str]:
    if name == "id":
        return iter([str(parsed.get("eventID", ""))])
    if name in ("resource", "type"):
        header = EventHeader("", *driver.scope, row[0], bool(row[2]), "", "")
        resources = facts_of(header, parsed).resources
        return (pair[1] if name == "resource" else pair[0] for pair in resources)
    return values_at(parsed, name.split("."))


def _chunks(
    reader: SegmentReader, driver: Driver, bounds: Bounds, matcher: RecordMatcher, beside: _RecordCounter
) -> Iterator[Chunk]:
    """Everything that fits along one driver; counting needs no order, so the faster way is taken."""
    size = CHUNK_RECORDS if matcher.needed or beside.needed else CHUNK_MAX
    if driver.every and driver.time is None and _share(reader, driver.scope, bounds) >= SWEEP_SHARE_MIN:
        seq_end = min(bounds.seq_end, reader.end())
        while True:
            chunk = sweep_chunk(reader, driver, bounds, matcher, seq_end, size)
            yield chunk
            if chunk.end is None:
                return
            seq_end = chunk.end[1]
    start = None
    while True:
        chunk = scan_chunk(reader, driver, bounds, matcher, start, size)
        yield chunk
        if chunk.end is None:
            return
        start = chunk.end


def _share(reader: SegmentReader, scope: Scope, bounds: Bounds) -> float:
    """About what part of a segment's events lies within the times asked for."""
    span = time_bounds(reader.info, reader, [scope])
    if span is None:
        return 0.0
    low, high = span
    return (min(high, bounds.time_max) - max(low, bounds.time_min) + 1) / (high - low + 1)


def _span(segments: Segments, infos: list[SegmentInfo], question: Search) -> tuple[int, int]:
    """The seconds over which the histogram goes: those asked for, as far as there may be events."""

    def read(reader: SegmentReader) -> tuple[int, int] | None:
        scopes = scopes_in(reader, question.accounts, question.regions, question.category)
        return time_bounds(reader.info, reader, scopes)

    spans = [span for info in infos if (span := segments.visit(info, read))]
    start = max(question.time_min, min((low for low, _ in spans), default=0))
    end = min(question.time_max, max((high for _, high in spans), default=0))
    return (start, end) if start <= end else (0, 0)


def _width(seconds: int, buckets: int) -> int:
    """The narrowest handy width with which so many buckets cover so many seconds."""
    for width in WIDTHS_S:
        if seconds <= width * buckets:
            return width
    return -(-seconds // buckets)


def _histogram(counted: Counter[tuple[int, int]], first: int, last: int, width: int) -> list[Bucket]:
    return [
        Bucket(number * width, write=counted[number, 0], read=counted[number, 1], error=counted[number, 2])
        for number in itertools.islice(range(first, last + 1), BUCKETS_MAX + 2)
    ]
