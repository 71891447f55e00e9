"""What a trail logs reaches its log group once, within a second, whoever dies or refuses meanwhile."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudtrail.others import FakeLogStreams, group_arn, role_arn
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.log_delivery import EVENT_BYTES_MAX, LogDelivery
from cairn.cloudtrail.selectors import EventSelector
from cairn.cloudtrail.spans import LATE_S
from cairn.cloudtrail.trail import Trail, TrailSettings
from cairn.core import config
from cairn.core.clock import TestClock
from cairn.core.failpoints import arm
from cairn.core.records.event import Event

GROUP = group_arn("audit")
STREAM = f"{ACCOUNT}_CloudTrail_us-east-1"
SENT = {"log_group": f"{GROUP}:*", "log_role": role_arn("CloudTrail_CloudWatchLogs_Role")}
RETRY_FOR_S = 3600


@pytest.fixture
def streams() -> FakeLogStreams:
    return FakeLogStreams()


@pytest.fixture
def sink(rig: Rig, streams: FakeLogStreams) -> Iterator[LogDelivery]:
    sink = begin(rig, streams)
    yield sink
    sink.close()
    arm("")


def begin(rig: Rig, streams: FakeLogStreams) -> LogDelivery:
    return LogDelivery(
        rig.state, rig.journal, streams, config.Delivery(retry_for=config.Duration(RETRY_FOR_S)), rig.clock
    )


def work(sink: LogDelivery) -> None:
    while sink.step() == 0:
        pass


def records(streams: FakeLogStreams, group: str = GROUP, stream: str = STREAM) -> list[bytes]:
    return [record for to, through, record in streams.written if (to, through) == (group, stream)]


def change(rig: Rig, trail: Trail, **changed: object) -> None:
    rig.trails.update(trail.id, lambda now: msgspec.structs.replace(now, **changed))


def bytes_of(events: list[Event]) -> list[bytes]:
    return [event.record for event in events]


def test_what_a_trail_logs_is_sent_and_the_status_says_when(
    rig: Rig, sink: LogDelivery, streams: FakeLogStreams
) -> None:
    before = rig.record()
    trail = rig.trail(multi_region=True, **SENT)
    events = [*rig.record(rig.event(), rig.event(region="eu-west-1")), *rig.record()]
    rig.record(rig.event(account="999988887777"))
    work(sink)
    assert records(streams) == bytes_of(events)
    assert before[0].record not in records(streams)
    assert rig.status(trail)["LatestCloudWatchLogsDeliveryTime"].timestamp() == rig.clock.now()
    assert "LatestCloudWatchLogsDeliveryError" not in rig.status(trail)


def test_only_trails_with_a_log_group_are_sent(rig: Rig, sink: LogDelivery, streams: FakeLogStreams) -> None:
    rig.trail()
    rig.record()
    work(sink)
    assert streams.written == []
    assert sink.position == rig.journal.bounds().next


def test_neither_imported_events_nor_those_above_the_limit_are_sent(
    rig: Rig, sink: LogDelivery, streams: FakeLogStreams
) -> None:
    rig.trail(**SENT)
    rig.record(origin="import")
    large = rig.event()
    rig.record(msgspec.structs.replace(large, record=b'"' + b"x" * (EVENT_BYTES_MAX - 1) + b'"'))
    fits = rig.record(msgspec.structs.replace(large, record=b'"' + b"x" * (EVENT_BYTES_MAX - 2) + b'"'))
    work(sink)
    assert records(streams) == bytes_of(fits)


def test_an_organizations_members_have_streams_of_their_own(
    rig: Rig, sink: LogDelivery, streams: FakeLogStreams
) -> None:
    rig.trail(organization="o-exampleorgid", members=("222233334444",), **SENT)
    ours = rig.record()
    theirs = rig.record(rig.event(account="222233334444"))
    work(sink)
    assert records(streams, stream=f"o-exampleorgid_{ACCOUNT}_CloudTrail_us-east-1") == bytes_of(ours)
    assert records(streams, stream="o-exampleorgid_222233334444_CloudTrail_us-east-1") == bytes_of(theirs)


def test_clearing_the_setting_stops_it_at_once_and_setting_it_begins_there(
    rig: Rig, sink: LogDelivery, streams: FakeLogStreams
) -> None:
    trail = rig.trail(**SENT)
    rig.record()
    change(rig, trail, log_group="", log_role="")
    rig.record()
    work(sink)
    assert streams.written == []
    assert sink.position == rig.journal.bounds().next
    change(rig, trail, **SENT)
    after = rig.record()
    work(sink)
    assert records(streams) == bytes_of(after)


def test_the_record_of_the_stop_itself_is_sent_and_nothing_after_it(
    rig: Rig, sink: LogDelivery, streams: FakeLogStreams
) -> None:
    trail = rig.trail(**SENT)
    stop = rig.event("StopLogging")
    rig.clock.advance(0.5)
    rig.trails.stop_logging(trail.id)
    rig.record(stop)
    rig.clock.advance(2)
    rig.record(rig.event("AfterTheStop"))
    work(sink)
    assert records(streams) == [stop.record]
    rig.clock.advance(LATE_S)
    work(sink)
    assert records(streams) == [stop.record]
    assert sink.position == rig.journal.bounds().next


def test_a_change_of_what_is_logged_judges_each_event_by_what_was_in_force(
    rig: Rig, sink: LogDelivery, streams: FakeLogStreams
) -> None:
    trail = rig.trail(**SENT)
    written = rig.record()
    change(rig, trail, selectors=(EventSelector(read_write="ReadOnly"),))
    rig.record()
    read = rig.record(rig.event("DescribeInstances", read_only=True))
    work(sink)
    assert records(streams) == bytes_of(written + read)


def test_what_dies_after_the_put_sends_nothing_twice(rig: Rig, streams: FakeLogStreams) -> None:
    rig.trail(**SENT)
    first = rig.record()
    dying = begin(rig, streams)
    arm("logs.sent=raise")
    dying.step()
    dying.close()
    later = rig.record()
    sink = begin(rig, streams)
    work(sink)
    sink.close()
    assert records(streams) == bytes_of(first + later)


def test_an_answer_that_was_lost_is_asked_for_again(rig: Rig, sink: LogDelivery, streams: FakeLogStreams) -> None:
    rig.trail(**SENT)
    events = rig.record()
    streams.dies_after = 1
    work(sink)
    events += rig.record()
    rig.clock.advance(60)
    work(sink)
    assert records(streams) == bytes_of(events)


def test_a_log_group_that_does_not_know_gets_everything_at_least_once(
    rig: Rig, sink: LogDelivery, streams: FakeLogStreams
) -> None:
    rig.trail(**SENT)
    streams.remembers = False
    events = rig.record()
    streams.dies_after = 1
    work(sink)
    rig.clock.advance(60)
    work(sink)
    assert records(streams) == bytes_of(events + events)


def test_a_log_group_that_refuses_is_told_and_holds_up_nobody_else(
    rig: Rig, sink: LogDelivery, streams: FakeLogStreams
) -> None:
    refused, other = rig.trail("refused", **SENT), group_arn("other")
    rig.trail("other", **SENT | {"log_group": f"{other}:*"})
    streams.refusals[GROUP] = "AccessDeniedException"
    events = rig.record()
    work(sink)
    assert records(streams, other) == bytes_of(events)
    assert rig.status(refused)["LatestCloudWatchLogsDeliveryError"] == "AccessDeniedException"
    assert list(sink.troubles()) == [refused.arn]
    assert sink.position < rig.journal.bounds().next
    events += rig.record()
    del streams.refusals[GROUP]
    rig.clock.advance(600)
    work(sink)
    assert records(streams) == bytes_of(events)
    assert "LatestCloudWatchLogsDeliveryError" not in rig.status(refused)
    assert sink.troubles() == {}
    assert sink.position == rig.journal.bounds().next


def test_after_the_longest_time_it_goes_on_without(rig: Rig, sink: LogDelivery, streams: FakeLogStreams) -> None:
    rig.trail(**SENT)
    streams.refusals[GROUP] = "ResourceNotFoundException"
    rig.record()
    work(sink)
    rig.clock.advance(RETRY_FOR_S)
    work(sink)
    assert streams.written == []
    assert sink.position == rig.journal.bounds().next


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            ["record", "record", "batch", "step", "crash", "lose", "stop", "start", "clear", "set", "wait"]
        ),
        max_size=40,
    )
)
def test_whatever_happens_each_event_is_sent_once(does: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), TestClock())
        try:
            run(rig, does)
        finally:
            rig.delivery.close()
            rig.state.close()


def run(rig: Rig, does: list[str]) -> None:
    streams, expected = FakeLogStreams(), list[bytes]()
    trail, sends, logs = rig.trail(**SENT), True, True
    sink = begin(rig, streams)
    for do in does:
        if do in ("record", "batch"):
            events = rig.record(*(rig.event() for _ in range(3 if do == "batch" else 1)))
            expected += bytes_of(events) if sends and logs else []
            rig.clock.advance(1)
        elif do == "step":
            work(sink)
        elif do == "crash":
            arm("logs.sent=raise")
            sink.step()
            sink.close()
            arm("")
            sink = begin(rig, streams)
        elif do == "lose":
            streams.dies_after = 1
        elif do == "stop" and logs:
            rig.trails.stop_logging(trail.id)
            rig.clock.advance(LATE_S + 1)
            logs = False
        elif do == "start" and not logs:
            rig.trails.start_logging(trail.id)
            logs = True
        elif do == "clear" and sends:
            rig.clock.advance(600)
            work(sink)
            change(rig, trail, log_group="", log_role="")
            sends = False
        elif do == "set" and not sends:
            change(rig, trail, **SENT)
            sends = True
        elif do == "wait":
            rig.clock.advance(600)
    streams.dies_after = None
    for _ in range(3):
        rig.clock.advance(600)
        work(sink)
    sink.close()
    assert records(streams) == expected
    assert sink.position == rig.journal.bounds().next


def test_settings_of_an_older_version_have_a_log_group_in_the_form_that_the_migration_looks_for() -> None:
    assert '"log_group":"arn' in msgspec.json.encode(TrailSettings(bucket="b", **SENT)).decode()
