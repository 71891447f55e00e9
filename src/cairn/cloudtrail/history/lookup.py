"""Looking events up by one attribute, newest first: what LookupEvents asks of the history."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from functools import partial

import msgspec

from cairn.cloudtrail.history.bloom import probe
from cairn.cloudtrail.history.facts import Field, Scope, id_key, term_key
from cairn.cloudtrail.history.manifest import Manifest, SegmentInfo
from cairn.cloudtrail.history.segment_reader import Place, SegmentReader, StoredEvent
from cairn.cloudtrail.history.segments import Segments

TIME_MAX = 1 << 40
SEQ_MAX = 1 << 62


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """One question. Times are inclusive, in seconds since the epoch."""

    scope: Scope
    event_id: str = ""
    field: Field = Field.ALL
    value: str = ""
    """Of `field`: exact, in full, case-sensitive."""
    time_min: int = -TIME_MAX
    time_max: int = TIME_MAX
    limit: int = 50
    below: Place | None = None
    """Only events behind this place: where the page before ended."""
    seq_end: int | None = None
    """Only events with lower numbers: those that were there when the first page was read. None: all."""


class Found(msgspec.Struct, frozen=True):
    """A page of an answer."""

    events: list[StoredEvent]
    more: bool
    seq_end: int
    """Give it with the question for the next page."""
    last: Place | None = None
    """Where the page ends."""


def lookup(segments: Segments, question: Lookup, *, arrived_min: int) -> Found:
    """The newest events that fit, from those that arrived at `arrived_min` or later."""
    manifest = segments.manifest()
    seq_end = end_of(segments, manifest) if question.seq_end is None else question.seq_end
    below = (question.time_max + 1, 0)
    if question.below is not None:
        below = min(below, question.below)
    ask = partial(_places, question=question, below=below, seq_end=seq_end, arrived_min=arrived_min)
    found: list[tuple[Place, SegmentInfo]] = []
    for info in _candidates(segments, manifest, question, arrived_min):
        if len(found) > question.limit and info.settled and info.time_max < found[question.limit][0][0]:
            break
        places = segments.visit(info, ask) or []
        found = list(heapq.merge(found, ((place, info) for place in places), key=_place_of, reverse=True))
        del found[question.limit + 1 :]
    page = found[: question.limit]
    return Found(read_events(segments, page), len(found) > question.limit, seq_end, page[-1][0] if page else None)


def behind(question: Lookup, place: Place, seq_end: int) -> Lookup:
    """The question for the page behind `place`, of what was there when the first page was read."""
    return msgspec.structs.replace(question, below=place, seq_end=seq_end)


def end_of(segments: Segments, manifest: Manifest) -> int:
    """The number that the next event to arrive will have, or a greater one."""
    end = max((info.next_seq for info in manifest.segments), default=1)
    for info in manifest.segments:
        if info.state == "active":
            end = max(end, segments.visit(info, SegmentReader.end) or SEQ_MAX)
    return end


def read_events(segments: Segments, places: Iterable[tuple[Place, SegmentInfo]]) -> list[StoredEvent]:
    """The events at these places, in this order; what cannot be read is noted as damage and left out."""
    wanted = list(places)
    by_segment: dict[str, tuple[SegmentInfo, list[int]]] = {}
    for place, info in wanted:
        by_segment.setdefault(info.name, (info, []))[1].append(place[1])
    events: dict[int, StoredEvent] = {}
    for info, seqs in by_segment.values():
        read, wrong = segments.visit(info, partial(_read, seqs)) or ([], [])
        events.update((event.place[1], event) for event in read)
        for reason in wrong:
            segments.note_damage(info.name, reason)
    return [events[place[1]] for place, _ in wanted if place[1] in events]


def _read(seqs: list[int], reader: SegmentReader) -> tuple[list[StoredEvent], list[str]]:
    return reader.events(seqs)


def _candidates(segments: Segments, manifest: Manifest, question: Lookup, arrived_min: int) -> list[SegmentInfo]:
    """The segments that may hold an answer, those with the newest events first."""
    if question.event_id:
        bits = probe(id_key(question.event_id))
    else:
        bits = probe(term_key(question.scope, question.field, question.value))
    chosen = [
        info
        for info in manifest.segments
        if overlaps(info, (question.scope,), question.time_min, question.time_max, arrived_min)
        and segments.may_hold(info, bits)
    ]
    return sorted(chosen, key=lambda info: info.time_max if info.settled else TIME_MAX, reverse=True)


def overlaps(info: SegmentInfo, scopes: Iterable[Scope], time_min: int, time_max: int, arrived_min: int) -> bool:
    """Whether a segment may hold events of these scopes and times that arrived late enough."""
    if not info.settled:
        return info.state == "active"
    return (
        info.arrived_max >= arrived_min
        and info.time_max >= time_min
        and info.time_min <= time_max
        and any(scope in info.scopes for scope in scopes)
    )


def _places(reader: SegmentReader, *, question: Lookup, below: Place, seq_end: int, arrived_min: int) -> list[Place]:
    """The newest places in one segment that answer the question, one more than a page at the most."""
    seq_min = reader.first_since(arrived_min)
    if question.event_id:
        place = reader.by_id(question.event_id, question.scope)
        if place is None or not (place < below and place[0] >= question.time_min and seq_min <= place[1] < seq_end):
            return []
        return [place]
    term = reader.term(question.scope, question.field, question.value)
    if term is None:
        return []
    return reader.newest(
        term, below=below, time_min=question.time_min, seq_min=seq_min, seq_end=seq_end, limit=question.limit + 1
    )


def _place_of(item: tuple[Place, SegmentInfo]) -> Place:
    return item[0]
