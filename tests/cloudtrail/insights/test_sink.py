"""What trails log is looked at minute by minute, and what is found is in the journal once, whoever dies meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.insights.lens import Lens
from cairn.cloudtrail.insights.sink import GRACE_S, InsightsSink
from cairn.cloudtrail.insights.store import InsightStore
from cairn.cloudtrail.insights.tables import INSIGHTS, detectors
from cairn.cloudtrail.selectors import DataResource, EventSelector, InsightSelector
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import TestClock
from cairn.core.failpoints import FailpointReached, arm
from cairn.core.journal.memory import Fault, MemoryJournal
from cairn.core.records.event import Event, EventHeader, encode_record
from cairn.core.state import State

CALLS = InsightSelector(type="ApiCallRateInsight")
ERRORS = InsightSelector(type="ApiErrorRateInsight")
USUAL = 4
"""Calls a minute."""
DAYS = 2
MINUTE = 60


class FakePast:
    """`Past` of made-up calls: `USUAL` RunInstances a minute for some days."""

    def __init__(self, rig: Rig, *, days: int = DAYS) -> None:
        self.rig = rig
        self.days = days
        self.began = rig.clock.now() - days * 86400
        self.reached = 1 << 40
        self.asked: list[Lens] = []

    def holds(self, position: int) -> bool:
        return self.reached >= position

    def position(self) -> int:
        return min(self.reached, self.rig.journal.bounds().next)

    def begins(self, now: float) -> float | None:
        return self.began if self.days else None

    def events(self, lens: Lens, until: int, position: int) -> Iterator[Event]:
        self.asked.append(lens)
        yield from usual_calls(lens, until, self.days)


@lru_cache(maxsize=8)
def usual_calls(lens: Lens, until: int, days: int) -> list[Event]:
    dice = random.Random(1)
    times = [at for at in range(until - days * 86400, until, MINUTE) for _ in range(USUAL + dice.randrange(2))]
    place = {"account": lens.account, "region": lens.region, "category": "Management", "read_only": False}
    named = {"source": "ec2.amazonaws.com", "name": "RunInstances"}
    return [Event(EventHeader(id=str(number), time=at, **place, **named), b"{}") for number, at in enumerate(times)]


class Bench:
    """A sink with a trail's rig around it."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.past: Any = FakePast(rig)
        self.state = State.in_folder(rig.folder, INSIGHTS)
        INSIGHTS.metadata.create_all(self.state.engine)
        self.writer = rig.journal.as_writer("insights")
        self.sink = self._begin()

    def _begin(self) -> InsightsSink:
        store = InsightStore(self.state)
        return InsightsSink(self.rig.state, store, self.rig.journal, self.writer, self.past, self.rig.clock, wait_s=0.0)

    def restart(self) -> None:
        """Another process takes over; what was not saved is forgotten."""
        arm("")
        self.writer = self.rig.journal.as_writer("insights")
        self.sink = self._begin()
        self.rest()

    def rest(self) -> None:
        """Step until there is nothing more to read, to learn or to tell."""
        for _ in range(10_000):
            before = self.sink._reached
            self.sink.step()
            if before == self.sink._reached == self.rig.journal.bounds().next and not self.sink._learning:
                return
        raise AssertionError("the sink never rests")

    def minute(self, calls: int, name: str = "RunInstances", /, **header: Any) -> None:
        """Record so many calls in a minute, and let it end."""
        for _ in range(calls):
            self.rig.record(self.rig.event(name, **header))
        self.rig.clock.advance(MINUTE)
        self.rest()

    def minutes(self, *calls: int) -> None:
        for each in calls:
            self.minute(each)

    def told(self) -> list[Event]:
        """The Insights events of the journal."""
        entries = self.rig.journal.read_from(1, bytes_max=1 << 30)
        return [event for entry in entries for event in entry.batch.of_kind() if event.header.category == "Insight"]

    def states(self) -> list[str]:
        return [details(event)["state"] for event in self.told()]


def details(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = event.parse()["insightDetails"]
    return found


@pytest.fixture
def bench(rig: Rig) -> Iterator[Bench]:
    rig.clock.advance(-(rig.clock.now() % MINUTE) + GRACE_S + 5)
    bench = Bench(rig)
    bench.sink.step()
    yield bench
    arm("")
    bench.state.close()


BURST = (USUAL, 60, 70, 60, *[USUAL] * 12)


def test_a_burst_is_one_start_and_one_end(bench: Bench) -> None:
    bench.rig.trail(insights=(CALLS, ERRORS))
    bench.minutes(USUAL)
    began = int(bench.rig.clock.now()) // MINUTE * MINUTE
    bench.minutes(*BURST[1:])
    start, end = bench.told()
    assert (start.header.time, end.header.time) == (began, began + 3 * MINUTE)
    assert (start.header.account, start.header.region) == (ACCOUNT, "us-east-1")
    assert (start.header.source, start.header.name) == ("ec2.amazonaws.com", "RunInstances")
    assert start.parse()["sharedEventID"] == end.parse()["sharedEventID"]
    assert [details(start)["state"], details(end)["state"]] == ["Start", "End"]
    statistics = details(end)["insightContext"]["statistics"]
    assert statistics["insight"]["average"] == pytest.approx((60 + 70 + 60) / 3)
    assert statistics["baseline"]["average"] == pytest.approx(USUAL + 0.5, abs=0.1)
    assert statistics["insightDuration"] == 3


def test_a_start_is_told_as_soon_as_its_minute_is_over(bench: Bench) -> None:
    bench.rig.trail(insights=(CALLS,))
    bench.minutes(USUAL)
    for _ in range(80):
        bench.rig.record()
    bench.rig.clock.advance(MINUTE - 6)  # the minute has ended, its grace has not
    bench.rest()
    assert not bench.told()
    bench.rig.clock.advance(1)
    bench.rest()
    assert bench.states() == ["Start"]


def test_only_trails_that_look_are_told(bench: Bench) -> None:
    bench.rig.trail("none")
    bench.rig.trail("errors", insights=(ERRORS,))
    bench.minutes(*BURST)
    assert not bench.told()
    bench.rig.trail("elsewhere", region="eu-west-1", insights=(CALLS,))
    bench.minutes(*BURST)
    assert not bench.told()
    assert Lens(ACCOUNT, "eu-west-1") not in bench.past.asked


def test_errors_are_found_by_their_code(bench: Bench) -> None:
    bench.rig.trail(insights=(ERRORS,))
    for calls in BURST:
        events = [bench.rig.event("DescribeKey", read_only=True) for _ in range(calls if calls > USUAL else 0)]
        records = [event.parse() | {"errorCode": "AccessDenied"} for event in events]
        for event, record in zip(events, records, strict=True):
            bench.rig.record(msgspec.structs.replace(event, record=encode_record(record)))
        bench.minute(1)
    start, end = bench.told()
    assert details(start)["errorCode"] == details(end)["errorCode"] == "AccessDenied"
    assert details(start)["insightType"] == "ApiErrorRateInsight"


def test_what_is_past_is_learnt_before_anything_is_judged(bench: Bench) -> None:
    """The history is waited for, calls that come meanwhile are counted, and nothing of before is told."""
    bench.rig.trail(insights=(CALLS,))
    bench.past.reached = 0
    for _ in range(50):
        bench.rig.record()
    bench.rig.clock.advance(MINUTE)
    bench.sink.step()
    bench.sink.step()
    assert not bench.past.asked
    bench.past.reached = 1 << 40
    bench.rest()
    assert bench.states() == ["Start"]


def test_without_a_past_nothing_is_judged_for_a_day(bench: Bench) -> None:
    bench.past.days = 0
    bench.rig.trail(insights=(CALLS,))
    bench.minutes(*BURST)
    assert not bench.told()


def test_who_stops_to_look_forgets_and_learns_anew(bench: Bench) -> None:
    trail = bench.rig.trail(insights=(CALLS,))
    bench.minutes(USUAL, 60)
    assert bench.states() == ["Start"]
    bench.rig.trails.stop_logging(trail.id)
    bench.minutes(60)
    bench.rig.clock.advance(60)
    bench.rest()
    with bench.state.read() as connection:
        assert not connection.execute(detectors.select()).all()
    bench.rig.trails.start_logging(trail.id)
    bench.minutes(*[USUAL] * 14)
    assert bench.states() == ["Start"], "no End of what was forgotten"
    assert len(bench.past.asked) == 2


def objects(bucket: str) -> tuple[EventSelector, ...]:
    arn = f"arn:aws:s3:::{bucket}/"
    return (EventSelector(data=(DataResource(type="AWS::S3::Object", values=(arn,)),)),)


def test_data_events_are_the_trails_that_logs_them(bench: Bench) -> None:
    class NoPast(FakePast):
        """Calls of data events: ten a minute of both buckets."""

        def events(self, lens: Lens, until: int, position: int) -> Iterator[Event]:
            self.asked.append(lens)
            for minute in range(until - 2 * 86400, until, MINUTE):
                for bucket in ("one", "two"):
                    yield from [get_object(bench.rig, bucket, minute)] * 3

    bench.past = NoPast(bench.rig)
    bench.restart()
    data = InsightSelector(type="ApiCallRateInsight", categories=("Data",))
    one = bench.rig.trail("one", selectors=objects("one"), insights=(data,))
    two = bench.rig.trail("two", selectors=objects("two"), insights=(data,))
    for calls in (3, 70, 70, *[3] * 12):
        now = int(bench.rig.clock.now())
        for _ in range(calls):
            bench.rig.record(get_object(bench.rig, "one", now))
        bench.rig.record(get_object(bench.rig, "two", now), get_object(bench.rig, "two", now))
        bench.rig.clock.advance(MINUTE)
        bench.rest()
    assert {lens.trail for lens in bench.past.asked} == {one.arn, two.arn}
    start, end = bench.told()
    assert details(start)["insightSource"] == details(end)["insightSource"] == one.arn
    assert details(start)["insightContext"]["statistics"]["baseline"]["average"] == pytest.approx(3, abs=0.1)
    assert [one.selection.trail, two.selection.trail] == [one.arn, two.arn]


def get_object(rig: Rig, bucket: str, time: int) -> Event:
    event = rig.event("GetObject", category="Data", source="s3.amazonaws.com", read_only=True, time=time)
    resources = [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/key"}]
    record = event.parse() | {"resources": resources}
    header = msgspec.structs.replace(event.header, types=("AWS::S3::Object",))
    return Event(header, encode_record(record))


def test_late_calls_count_in_their_minute(bench: Bench) -> None:
    """A burst of which the journal hears a few minutes late, in no order, is an insight of its own minute."""
    bench.rig.trail(insights=(CALLS,))
    bench.minutes(USUAL)
    burst = int(bench.rig.clock.now())
    bench.minutes(USUAL, USUAL, USUAL)
    for late in range(60):
        bench.rig.record(bench.rig.event(time=burst + late % 30))
    bench.minutes(USUAL)
    (start,) = bench.told()
    assert start.header.time == burst // MINUTE * MINUTE
    bench.minutes(*[USUAL] * 12)
    end = bench.told()[1]
    assert details(end)["insightContext"]["statistics"]["insightDuration"] == 1
    assert details(end)["insightContext"]["statistics"]["insight"]["average"] == 60 + USUAL


@pytest.mark.parametrize("point", ["insights.found", "insights.appended", "insights.saved"])
@pytest.mark.parametrize("minute", [1, 4, 9, 14])
def test_a_sink_that_dies_tells_once(bench: Bench, point: str, minute: int) -> None:
    bench.rig.trail(insights=(CALLS,))
    bench.minutes(USUAL)
    died = False
    for number, calls in enumerate(BURST, 1):
        if number == minute:
            arm(f"{point}=raise")
        try:
            bench.minute(calls)
        except FailpointReached:
            died = True
            bench.restart()
    arm("")
    assert died or point != "insights.saved"
    assert bench.states() == ["Start", "End"]
    assert len({event.header.id for event in bench.told()}) == 2


def run(rig: Rig, plan: Sequence[int], deaths: Sequence[bool]) -> list[bytes]:
    """The records of a run in which the sink is another process's behind some minutes, and of its own steps' times."""
    bench = Bench(rig)
    bench.past = FakePast(rig, days=2)
    bench.restart()
    rig.trail(insights=(CALLS,))
    for calls, dies in zip(plan, deaths, strict=True):
        for _ in range(calls):
            rig.record(rig.event())
        rig.clock.advance(MINUTE)
        if dies:
            bench.restart()
        else:
            bench.rest()
    records = [event.record for event in bench.told()]
    bench.state.close()
    return records


PLANS = st.lists(st.sampled_from([0, USUAL, USUAL, 50, 90]), min_size=6, max_size=20)


@given(plan=PLANS, dice=st.randoms(use_true_random=False))
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_deaths_change_nothing(tmp_path_factory: pytest.TempPathFactory, plan: list[int], dice: random.Random) -> None:
    plan = [*plan, *[USUAL] * 14]
    told = []
    for deaths in ([False] * len(plan), [dice.random() < 0.4 for _ in plan]):
        clock = TestClock(1_700_000_000.0 - 1_700_000_000.0 % MINUTE + 10)
        rig = Rig(tmp_path_factory.mktemp("run"), clock)
        told.append(run(rig, plan, deaths))
        rig.delivery.close()
        rig.state.close()
    assert told[0] == told[1]


def test_a_journal_that_is_full_loses_no_insight(bench: Bench) -> None:
    bench.rig.trail(insights=(CALLS,))
    bench.minutes(USUAL)
    for _ in range(80):
        bench.rig.record()
    bench.rig.clock.advance(MINUTE)
    bench.rig.journal.fault = Fault.FULL
    with pytest.raises(Exception, match="full"):
        bench.rest()
    bench.rig.journal.fault = None
    bench.rest()
    assert bench.states() == ["Start"]


def test_a_state_of_another_form_is_learnt_anew(bench: Bench) -> None:
    bench.rig.trail(insights=(CALLS,))
    bench.minutes(*[USUAL] * 3)
    with bench.state.write() as connection:
        connection.execute(detectors.update().values(state=b"of long ago"))
    bench.restart()
    bench.minutes(USUAL, 60)
    assert bench.states() == ["Start"]
    assert len(bench.past.asked) == 2


def test_the_journal_is_needed_from_what_is_saved(bench: Bench, rig: Rig) -> None:
    assert bench.sink.position == rig.journal.bounds().next
    rig.record()
    bench.rest()
    assert bench.sink.position == rig.journal.bounds().next, "nobody looks"
    trail: Trail = rig.trail(insights=(CALLS,))
    rig.record()
    bench.sink.step()
    assert bench.sink.position < rig.journal.bounds().next
    bench.minutes(USUAL, 0)
    assert bench.sink.position == rig.journal.bounds().next
    assert isinstance(rig.journal, MemoryJournal)
    rig.trails.delete(trail.id)
    rig.clock.advance(60)
    bench.rest()
    assert bench.sink.position == rig.journal.bounds().next
