"""What trails log reaches event buses once, whoever dies meanwhile, and costs nothing where no bus wants it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.envelopes import RECORD_BYTES_MAX, TrailEvent
from cairn.cloudtrail.event_delivery import NOTE_S, EventDelivery
from cairn.cloudtrail.selectors import DataResource, EventSelector
from cairn.cloudtrail.spans import LATE_S
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import TestClock
from cairn.core.failpoints import FailpointReached, arm
from cairn.core.journal.memory import MemoryJournal
from cairn.core.records.event import Event

OBJECTS = EventSelector(data=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3:::orders/",)),))
"""Management events, and the data events of one bucket."""


class FakeBuses:
    """`EventBuses` that keep what they are given, and their position with it."""

    def __init__(self) -> None:
        self.events: list[TrailEvent] = []
        self.saved = 0
        self.gave = 0
        self.asked = 0
        self.deaf: set[str] = set()  # accounts
        self.sees_withheld = True

    def position(self) -> int:
        return self.saved

    def interested(self, account: str, region: str, *, withheld: bool) -> bool:
        self.asked += 1
        return account not in self.deaf and (self.sees_withheld or not withheld)

    def give(self, events: Sequence[TrailEvent], position: int) -> None:
        self.gave += 1
        if position > self.saved:
            self.events += events
            self.saved = position

    def start_at(self, position: int) -> None:
        self.saved = position

    @property
    def records(self) -> list[bytes]:
        return [event.record for event in self.events]


@pytest.fixture
def buses() -> FakeBuses:
    return FakeBuses()


@pytest.fixture
def sink(rig: Rig, buses: FakeBuses) -> Iterator[EventDelivery]:
    sink = begin(rig, buses)
    sink.step()
    yield sink
    arm("")


def begin(rig: Rig, buses: FakeBuses) -> EventDelivery:
    return EventDelivery(rig.state, rig.journal, buses, rig.clock, wait_s=0.0)


def work(rig: Rig, sink: EventDelivery) -> None:
    sink.step()
    while sink.position < rig.journal.bounds().next:
        sink.step()


def bytes_of(events: list[Event]) -> list[bytes]:
    return [event.record for event in events]


def change(rig: Rig, trail: Trail, **changed: object) -> None:
    rig.trails.update(trail.id, lambda now: msgspec.structs.replace(now, **changed))


def data_event(rig: Rig, key: str) -> Event:
    event = rig.event("GetObject", category="Data", source="s3.amazonaws.com", read_only=True)
    record = event.parse() | {"resources": [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{key}"}]}
    return msgspec.structs.replace(event, record=msgspec.json.encode(record))


def test_what_is_logged_while_a_trail_logs_is_given(rig: Rig, sink: EventDelivery, buses: FakeBuses) -> None:
    rig.record()
    trail = rig.trail(start=False)
    rig.record()
    rig.trails.start_logging(trail.id)
    logged = rig.record()
    work(rig, sink)
    rig.trails.stop_logging(trail.id)
    rig.clock.advance(1)
    rig.record()
    work(rig, sink)
    assert buses.records == bytes_of(logged)
    assert (buses.events[0].account, buses.events[0].region) == (ACCOUNT, "us-east-1")


def test_the_trails_regions_decide(rig: Rig, sink: EventDelivery, buses: FakeBuses) -> None:
    iam = {"source": "iam.amazonaws.com"}
    rig.trail(region="eu-west-1")
    rig.record(rig.event(**iam))
    here = rig.record(rig.event(region="eu-west-1"))
    rig.trail("all", region="eu-west-2", multi_region=True, global_events=True)
    there = rig.record(rig.event(region="eu-north-1"), rig.event(**iam))
    work(rig, sink)
    assert buses.records == bytes_of(here + there)
    assert [event.region for event in buses.events] == ["eu-west-1", "eu-north-1", "us-east-1"]


def test_only_what_a_trail_selects_is_given(rig: Rig, sink: EventDelivery, buses: FakeBuses) -> None:
    trail = rig.trail(selectors=(msgspec.structs.replace(OBJECTS, read_write="WriteOnly"),))
    written = rig.record()
    rig.record(rig.event("ListUsers", read_only=True))
    change(rig, trail, selectors=(OBJECTS,))
    read = rig.record(rig.event("ListUsers", read_only=True))
    rig.record(data_event(rig, "others/1"))
    selected = rig.record(data_event(rig, "orders/1"))
    work(rig, sink)
    assert buses.records == bytes_of(written + read + selected)
    assert [event.withheld for event in buses.events] == [False, True, False]


def test_an_event_that_several_trails_log_is_one(rig: Rig, sink: EventDelivery, buses: FakeBuses) -> None:
    rig.trail()
    rig.trail("second", multi_region=True)
    events = rig.record()
    work(rig, sink)
    assert buses.records == bytes_of(events)


def test_a_members_events_go_to_its_own_bus(rig: Rig, sink: EventDelivery, buses: FakeBuses) -> None:
    rig.trail(organization="o-exampleorgid", members=("222233334444",))
    rig.record(rig.event(account="222233334444"))
    rig.record(rig.event(account="999988887777"))
    work(rig, sink)
    assert [event.account for event in buses.events] == ["222233334444"]


def test_neither_imported_nor_large_nor_broken_records_are_given(
    rig: Rig, sink: EventDelivery, buses: FakeBuses
) -> None:
    rig.trail()
    rig.record(origin="import")
    event = rig.event()
    padding = RECORD_BYTES_MAX - len(event.record)
    fits = msgspec.structs.replace(event, record=event.record[:-1] + b" " * padding + b"}")
    rig.record(msgspec.structs.replace(event, record=event.record[:-1] + b" " * (padding + 1) + b"}"))
    rig.record(msgspec.structs.replace(event, record=b"[]"))
    rig.record(fits)
    work(rig, sink)
    assert buses.records == [fits.record]


def test_the_records_of_a_stop_come_late(rig: Rig, sink: EventDelivery, buses: FakeBuses) -> None:
    trail = rig.trail()
    before = rig.event("StopLogging")
    too_late = rig.event()
    rig.trails.stop_logging(trail.id)
    rig.clock.advance(LATE_S)
    rig.record(before, rig.event("AfterIt"))
    rig.clock.advance(0.1)
    rig.record(too_late)
    work(rig, sink)
    assert buses.records == [before.record]


def test_spans_that_are_delivered_to_their_end_still_count(rig: Rig, sink: EventDelivery, buses: FakeBuses) -> None:
    trail = rig.trail()
    first = rig.record()
    change(rig, trail, selectors=(EventSelector(read_write="ReadOnly"),))
    rig.record()
    rig.trails.stop_logging(trail.id)
    rig.clock.advance(2 * LATE_S)
    rig.record()
    rig.deliver()
    rig.deliver()
    assert rig.records() == bytes_of(first)
    work(rig, sink)
    assert buses.records == bytes_of(first)


def test_what_no_bus_wants_is_passed_over(rig: Rig, sink: EventDelivery, buses: FakeBuses) -> None:
    rig.trail()
    buses.deaf.add(ACCOUNT)
    gave = buses.gave
    for _ in range(50):
        rig.record(*[rig.event() for _ in range(20)])
    work(rig, sink)
    assert buses.events == []
    assert buses.gave == gave
    assert buses.asked <= 50
    assert sink.position == rig.journal.bounds().next
    rig.clock.advance(NOTE_S)
    rig.record()
    work(rig, sink)
    assert buses.saved == rig.journal.bounds().next
    buses.deaf.clear()
    buses.sees_withheld = False
    rig.record(rig.event("ListUsers"))
    wanted = rig.record()
    work(rig, sink)
    assert buses.records == bytes_of(wanted)


def test_the_first_process_begins_at_the_journals_end(rig: Rig, buses: FakeBuses) -> None:
    rig.trail()
    rig.record()
    sink = begin(rig, buses)
    assert sink.position == rig.journal.bounds().next
    work(rig, sink)
    assert buses.records == []
    assert buses.saved == rig.journal.bounds().next
    events = rig.record()
    again = begin(rig, buses)  # the first one has given nothing yet
    work(rig, again)
    assert buses.records == bytes_of(events)


def test_a_journal_that_was_made_anew_is_read_from_its_end(rig: Rig, buses: FakeBuses) -> None:
    buses.saved = 1000
    rig.journal = MemoryJournal(clock=rig.clock)
    sink = begin(rig, buses)
    sink.step()
    assert buses.saved == sink.position == rig.journal.bounds().next


@pytest.mark.parametrize("point", ["events.gathered", "events.given"])
def test_a_crash_neither_loses_nor_doubles(rig: Rig, sink: EventDelivery, buses: FakeBuses, point: str) -> None:
    rig.trail()
    events = rig.record() + rig.record()
    arm(f"{point}=raise")
    with pytest.raises(FailpointReached):
        work(rig, sink)
    arm("")
    events += rig.record()
    work(rig, begin(rig, buses))
    assert buses.records == bytes_of(events)


@given(st.lists(st.sampled_from(["record", "start", "stop", "select", "step", "deliver", "restart"]), max_size=25))
@settings(max_examples=60, deadline=None)
def test_buses_and_buckets_get_the_same(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    """The bucket's log files are what a trail logs, and so is what buses are given, whatever happens between."""
    rig = Rig(tmp_path_factory.mktemp("rig"), TestClock())
    buses = FakeBuses()
    sink = begin(rig, buses)
    sink.step()
    trail = rig.trail(start=False)
    reading = False
    for step in steps:
        rig.clock.advance(2)
        match step:
            case "record":
                rig.record(rig.event(), rig.event("ListUsers", read_only=True))
            case "start":
                rig.trails.start_logging(trail.id)
            case "stop":
                rig.trails.stop_logging(trail.id)
            case "select":
                reading = not reading
                change(rig, trail, selectors=(EventSelector(read_write="ReadOnly" if reading else "All"),))
            case "step":
                work(rig, sink)
            case "deliver":
                rig.deliver()
            case _:
                sink = begin(rig, buses)
    work(rig, sink)
    rig.clock.advance(2 * LATE_S)
    rig.deliver()
    assert sorted(buses.records) == sorted(rig.records())
    rig.delivery.close()
    rig.state.close()
