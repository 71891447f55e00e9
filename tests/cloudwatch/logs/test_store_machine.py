"""Any order of putting, compacting, deleting, expiring, cleaning: what is read is what a plain list of events says."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudwatch.logs.rig import ACCOUNT, REGION, Rig

from cairn.cloudwatch.logs import GroupId, LogEvent
from cairn.cloudwatch.logs.groups import DAY_MS
from cairn.core.clock import TestClock

GROUPS = (GroupId(ACCOUNT, REGION, "g"), GroupId(ACCOUNT, "eu-west-1", "g"))
STREAMS = ("s", "t", "st")

groups, streams = st.sampled_from(GROUPS), st.sampled_from(STREAMS)
offsets = st.lists(st.integers(-3 * DAY_MS, 1000) | st.integers(-3, 3), min_size=1, max_size=6)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("put"), groups, streams, offsets),
        st.tuples(st.just("put"), groups, streams, offsets),
        st.tuples(st.just("delete_stream"), groups, streams),
        st.tuples(st.just("delete_group"), groups),
        st.tuples(st.just("retention"), groups, st.sampled_from([None, 1, 3])),
        st.tuples(st.sampled_from(["compact", "clean", "wait"])),
    ),
    max_size=30,
)
spans = st.fixed_dictionaries(
    {
        "streams": st.none() | st.lists(streams, unique=True),
        "prefix": st.sampled_from(["", "s", "st", "x"]),
        "first": st.integers(-2 * DAY_MS, 5),
        "last": st.integers(-DAY_MS, 1000),
        "descending": st.booleans(),
        "skipped": st.integers(0, 5),
    }
)


class Known(msgspec.Struct, frozen=True, order=True):
    """An event as the model has it; in its order."""

    timestamp_ms: int
    seq: int
    number: int
    message: str
    stream: str


class UnderWay:
    """A store beside a model that holds each group's events in a list."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder, TestClock())
        self.events: dict[GroupId, list[Known]] = {}
        self.retention: dict[GroupId, int | None] = {}
        self.told: list[tuple[int, GroupId, str]] = []
        self.owed: list[tuple[int, GroupId, str]] = []
        """What sinks have to see, whatever was deleted since."""
        for group in GROUPS:
            self.make(group)

    def make(self, group: GroupId) -> None:
        self.rig.make(*STREAMS, group=group)
        self.events[group], self.retention[group] = [], None

    def put(self, group: GroupId, stream: str, offsets: list[int]) -> None:
        seq = self.rig.store.end()
        events = [LogEvent(self.rig.now_ms + offset, f"{seq}-{n}" * 9) for n, offset in enumerate(offsets)]
        assert self.rig.store.put(group, stream, events).seq == seq
        self.told.append((seq, group, stream))
        self.owed.append((seq, group, stream))
        self.events[group] += [Known(e.timestamp_ms, seq, n, e.message, stream) for n, e in enumerate(events)]

    def delete_stream(self, group: GroupId, stream: str) -> None:
        self.rig.store.streams.delete(group, stream)
        self.rig.store.streams.create(group, stream)
        self.events[group] = [event for event in self.events[group] if event.stream != stream]
        self.told = [put for put in self.told if put[1:] != (group, stream)]

    def delete_group(self, group: GroupId) -> None:
        self.rig.store.groups.delete(group)
        self.make(group)
        self.told = [put for put in self.told if put[1] != group]

    def retention_(self, group: GroupId, days: int | None) -> None:
        self.forget()  # what was beyond the old one may be gone
        self.rig.store.groups.change(group, retention_days=days)
        self.retention[group] = days

    def forget(self) -> None:
        """Expired events may be removed; from then on they must not come back."""
        self.rig.compactor.compact_all()
        self.rig.cleaner.step()
        self.told, self.owed = [], []
        for group in GROUPS:
            self.events[group] = self.visible(group)

    def visible(self, group: GroupId) -> list[Known]:
        days = self.retention[group]
        oldest = self.rig.now_ms - days * DAY_MS if days is not None else 0
        return sorted(event for event in self.events[group] if event.timestamp_ms >= oldest)

    def run(self, action: tuple[Any, ...]) -> None:
        match action:
            case ("compact",):
                self.rig.compactor.compact_all()
                self.told, self.owed = [], []
            case ("clean",):
                self.rig.passed = 1 if self.told else self.rig.store.end()
                self.rig.cleaner.step()
                self.rig.passed = 1 << 62
                self.owed = self.owed if self.told else []
            case ("wait",):
                self.rig.clock.advance(36_000)
            case ("retention", group, days):
                self.retention_(group, days)
            case (name, *rest):
                getattr(self, name)(*rest)

    def check(self) -> None:
        assert [(b.seq, b.group, b.stream) for b in self.rig.store.read_from(1)] == self.told
        assert [(b.seq, b.group, b.stream) for b in self.rig.store.read_from(1, deleted=True)] == self.owed
        for group in GROUPS:
            read = self.rig.read(group)
            assert [_known(event) for event in read] == self.visible(group)
            assert self.rig.read(group, descending=True) == read[::-1]

    def check_span(self, span: dict[str, Any]) -> None:
        start, end = self.rig.now_ms + span["first"], self.rig.now_ms + span["last"]
        for group in GROUPS:
            expected = [
                event
                for event in self.visible(group)
                if start <= event.timestamp_ms <= end
                and (span["streams"] is None or event.stream in span["streams"])
                and event.stream.startswith(span["prefix"])
            ]
            if span["descending"]:
                expected.reverse()
            named = {name: span[name] for name in ("streams", "prefix", "descending")}
            read = self.rig.read(group, start_ms=start, end_ms=end, **named)
            assert [_known(event) for event in read] == expected
            if len(read) > span["skipped"]:
                after = read[span["skipped"]].place
                rest = self.rig.read(group, start_ms=start, end_ms=end, after=after, **named)
                assert rest == read[span["skipped"] + 1 :]


def _known(event: Any) -> Known:
    return Known(event.timestamp_ms, event.place.seq, event.place.number, event.message, event.stream)


@settings(max_examples=60, deadline=None)
@given(actions, st.lists(spans, max_size=4), st.sampled_from([1, 300, 1 << 20]), st.sampled_from([200, 8 << 20]))
def test_what_is_read_is_what_was_put_and_is_still_there(
    actions: list[tuple[Any, ...]], spans: list[dict[str, Any]], window: int, chunk: int
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch("cairn.cloudwatch.logs.reading.WINDOW_BYTES_FIRST", window),
        mock.patch("cairn.cloudwatch.logs.reading.WINDOW_BYTES_MAX", window),
        mock.patch("cairn.cloudwatch.logs.reading.OPEN_BYTES_MAX", window),
        mock.patch("cairn.cloudwatch.logs.reading.LISTED_MAX", 2),
        mock.patch("cairn.cloudwatch.logs.chunks.cut.__defaults__", (chunk,)),
    ):
        under_way = UnderWay(Path(folder))
        try:
            for action in actions:
                under_way.run(action)
            under_way.check()
            for span in spans:
                under_way.check_span(span)
        finally:
            under_way.rig.close()
