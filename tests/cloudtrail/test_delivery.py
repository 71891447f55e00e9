"""Delivery from the journal to a bucket, slot by slot."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest
from tests.cloudtrail.rig import Rig

from cairn.cloudtrail.check import KEY
from cairn.core.clock import utc
from cairn.core.config import Delivery as Settings
from cairn.core.config import Duration, Size
from cairn.core.errors import CairnError
from cairn.core.journal.memory import Fault
from cairn.core.loops import Loop
from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.records.event import Kind


def test_events_of_a_slot_are_delivered_at_its_end_byte_for_byte(rig: Rig) -> None:
    trail = rig.trail(prefix="team/audit")
    events = rig.record() + rig.record(rig.event(), rig.event())
    rig.work()
    assert rig.files() == {}  # 22:13:20: the slot ends at 22:15
    rig.deliver()
    ((key, records),) = rig.files().items()
    assert records == [event.record for event in events]
    match = KEY.fullmatch(key)
    assert match is not None
    assert (match["prefix"], match["account"], match["region"]) == ("team/audit/", "111122223333", "us-east-1")
    assert (match["day"], match["stamp"]) == ("2023/11/14", "20231114T2215Z")
    stored = rig.store.content("logs")[key]
    assert (stored.content_type, stored.content_encoding) == ("application/json", "gzip")
    assert rig.status(trail)["LatestDeliveryTime"] == utc(rig.clock.now())
    rig.check()


def test_nothing_is_delivered_twice_and_no_file_is_empty(rig: Rig) -> None:
    rig.trail()
    rig.record()
    rig.deliver()
    puts = rig.store.puts
    for _ in range(3):
        rig.deliver()
    rig.restart()
    rig.deliver()
    assert rig.store.puts == puts == 1


def test_what_happened_before_the_start_and_after_the_stop_is_not_delivered(rig: Rig) -> None:
    rig.record()
    trail = rig.trail()
    logged = rig.record()
    rig.clock.advance(2)
    rig.trails.stop_logging(trail.id)
    rig.record(rig.event(time=int(rig.clock.now()) + 1))
    rig.clock.advance(60)
    rig.record()
    rig.deliver()
    assert rig.records() == [event.record for event in logged]
    rig.deliver()
    rig.check()
    assert rig.delivery.position == rig.journal.bounds().next  # a stopped trail holds nothing back


def test_the_record_of_who_stopped_the_trail_is_its_last(rig: Rig) -> None:
    trail = rig.trail()
    stop = rig.event("StopLogging", source="cloudtrail.amazonaws.com")
    rig.clock.advance(0.3)
    rig.trails.stop_logging(trail.id)
    rig.clock.advance(0.2)
    rig.record(stop, rig.event(time=int(rig.clock.now()) + 1))
    rig.deliver()
    assert rig.records() == [stop.record]
    rig.check()


def test_a_trail_that_starts_again_at_once_gets_no_event_twice(rig: Rig) -> None:
    trail = rig.trail()
    for _ in range(3):
        rig.record()
        rig.trails.stop_logging(trail.id)
        rig.record()
        rig.trails.start_logging(trail.id)
        rig.record()
    rig.deliver()
    assert len(set(rig.records())) == len(rig.records()) == 9
    rig.check()


def test_accounts_and_regions_have_files_of_their_own(rig: Rig) -> None:
    rig.trail(multi_region=True)
    rig.trail("theirs", account="444455556666", bucket="other-logs", multi_region=True)
    for account in ("111122223333", "444455556666", "777788889999"):
        rig.record(*(rig.event(account=account, region=region) for region in ("us-east-1", "eu-west-1")))
    rig.deliver()
    for bucket, account in (("logs", "111122223333"), ("other-logs", "444455556666")):
        found = {tuple(key.split("/")[1:4:2]): len(records) for key, records in rig.files(bucket).items()}
        assert found == {(account, "us-east-1"): 1, (account, "eu-west-1"): 1}
    rig.check()


@pytest.mark.parametrize("region", ["..", "../../elsewhere", "a/b", ".", "", "eu-west-1\n", "x" * 33, "é"])
def test_an_event_of_a_region_that_is_none_is_delivered_with_those_of_the_trails(rig: Rig, region: str) -> None:
    """Older versions recorded what strangers signed for. A key with `..` in it is refused by every bucket."""
    rig.trail(multi_region=True)
    rig.trail("members", bucket="other-logs", multi_region=True, region="eu-west-1")
    events = rig.record(rig.event(), rig.event(region=region), rig.event(region="eu-west-1"))
    rig.deliver()
    for bucket, home in (("logs", "us-east-1"), ("other-logs", "eu-west-1")):
        by_region = {key.split("/")[3]: records for key, records in rig.files(bucket).items()}
        assert by_region.keys() == {"us-east-1", "eu-west-1"}
        assert events[1].record in by_region[home]
        assert sorted(rig.records(bucket)) == sorted(event.record for event in events)
    rig.check()


def test_intents_and_imported_events_are_not_delivered_and_unresolved_ones_are(rig: Rig) -> None:
    rig.trail()
    rig.record(rig.event(kind=Kind.INTENT))
    rig.record(origin="import")
    unresolved = rig.record(origin="unresolved")
    rig.deliver()
    assert rig.records() == [unresolved[0].record]
    rig.check()


def test_a_file_is_never_larger_than_the_limit(rig: Rig) -> None:
    rig.settings = Settings(file_bytes_max=Size(2000))
    rig.restart()
    rig.trail()
    events = [rig.record()[0] for _ in range(40)]
    rig.deliver()
    files = rig.files()
    assert len(files) > 5
    assert all(len(b'{"Records":[]}') + sum(map(len, found)) + len(found) - 1 <= 2000 for found in files.values())
    assert sorted(rig.records()) == sorted(event.record for event in events)
    rig.check()


def test_a_backlog_is_delivered_under_the_slots_in_which_it_was_recorded(rig: Rig) -> None:
    rig.trail()
    for _ in range(6):
        rig.record()
        rig.clock.advance(600)
    rig.work()
    stamps = [KEY.fullmatch(key)["stamp"] for key in rig.files()]  # type: ignore[index]  # a key that does not match fails here
    assert stamps == [f"20231114T{minute}Z" for minute in (2215, 2225, 2235, 2245, 2255, 2305)]
    rig.check()


@pytest.mark.parametrize("seconds", [1, 5, 90])
def test_slots_shorter_or_odder_than_a_minute(rig: Rig, seconds: int) -> None:
    rig.settings = Settings(interval=Duration(seconds))
    rig.restart()
    rig.trail()
    for _ in range(5):
        rig.record()
        rig.clock.advance(seconds * 0.7)
    rig.deliver()
    rig.check()
    assert len(rig.records()) == 5


def test_a_flush_delivers_a_slot_that_has_not_ended(rig: Rig) -> None:
    trail = rig.trail()
    rig.record()
    flush = rig.flushes.request()
    assert rig.flushes.answer(flush) is None
    rig.work()
    answer = rig.flushes.answer(flush)
    assert answer is not None
    assert [(file.trail, file.bucket, file.events) for file in answer.files] == [(trail.arn, "logs", 1)]
    assert answer.files[0].key in rig.files()
    assert "20231114T2214Z" in answer.files[0].key
    rig.record()
    rig.deliver()
    assert [len(records) for records in rig.files().values()] == [1, 1]
    rig.check()


def test_a_flush_of_one_trail_leaves_others_and_one_with_nothing_to_do_ends(rig: Rig) -> None:
    trail = rig.trail()
    rig.trail("other", bucket="other-logs")
    rig.record()
    flush = rig.flushes.request(trail.arn)
    rig.work()
    assert rig.flushes.answer(flush) is not None
    assert (len(rig.files()), len(rig.files("other-logs"))) == (1, 0)
    again = rig.flushes.request(trail.arn)
    rig.work()
    answer = rig.flushes.answer(again)
    assert answer is not None
    assert (answer.files, answer.failures) == ([], [])


def test_a_flush_of_no_trail_is_refused_and_one_of_a_deleted_trail_is_not(rig: Rig) -> None:
    trail = rig.trail()
    rig.trails.delete(trail.id)
    assert rig.flushes.request(trail.arn)
    with pytest.raises(CairnError, match="there is no trail 'my-trail'"):
        rig.flushes.request("my-trail")


def test_a_flush_tells_which_trail_could_not_be_delivered(rig: Rig) -> None:
    rig.trail()
    broken = rig.trail("broken", bucket="other-logs")
    rig.store.faults.refused["other-logs"] = "AccessDenied"
    rig.record()
    rig.deliver()  # fails, and waits longer and longer
    for _ in range(2):
        flush = rig.flushes.request()
        rig.clock.advance(0.01)
        rig.work()
        answer = rig.flushes.answer(flush)
        assert answer is not None
        assert [failure.trail for failure in answer.failures] == [broken.arn]
        assert "refuses" in answer.failures[0].error
    rig.store.faults.refused.clear()
    flush = rig.flushes.request()
    rig.clock.advance(0.01)
    rig.work()
    answer = rig.flushes.answer(flush)
    assert answer is not None
    assert (len(answer.files), answer.failures) == (1, [])
    rig.check()


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", ""])
def test_a_refused_file_is_told_retried_and_delivered_once(rig: Rig, code: str) -> None:
    trail = rig.trail()
    rig.record()
    rig.deliver()
    delivered = rig.status(trail)["LatestDeliveryTime"]
    if code:
        rig.store.faults.refused["logs"] = code
    else:
        rig.store.faults.away = True
    rig.record()
    for _ in range(20):
        rig.deliver()
        rig.record()
    status = rig.status(trail)
    assert status.get("LatestDeliveryError", "") == code
    assert status["LatestDeliveryTime"] == delivered
    assert status["LatestDeliveryAttemptTime"] > status["LatestDeliveryAttemptSucceeded"]
    assert rig.delivery.troubles()[trail.arn].failures > 5
    assert rig.delivery.position < rig.journal.bounds().next
    rig.store.faults.refused.clear()
    rig.store.faults.away = False
    rig.deliver()
    rig.deliver()
    assert len(rig.records()) == 22
    assert "LatestDeliveryError" not in rig.status(trail)
    assert rig.delivery.troubles() == {}
    rig.check()


def test_a_reply_that_is_lost_makes_no_second_file(rig: Rig) -> None:
    rig.trail()
    rig.record()
    rig.store.faults.lose_replies = 2
    rig.deliver()
    for _ in range(3):
        rig.clock.advance(10)
        rig.work()
    assert rig.store.puts == 3
    assert len(rig.files()) == 1
    rig.check()


def test_a_trail_whose_bucket_refuses_holds_up_no_other(rig: Rig) -> None:
    rig.trail("broken", bucket="gone")
    rig.trail()
    for _ in range(4):
        rig.record()
        rig.deliver()
    assert len(rig.records()) == 4
    rig.store.create_bucket("gone")
    rig.deliver()
    assert sorted(rig.records("gone")) == sorted(rig.records())
    rig.check()


class HangingStore(MemoryObjectStore):
    """Puts to `hanging` do not end until `release` is set."""

    def __init__(self, *buckets: str, **options: Any) -> None:
        super().__init__(*buckets, **options)
        self.release = threading.Event()

    def put(self, bucket: str, *args: Any, **options: Any) -> None:
        if bucket == "hanging":
            assert self.release.wait(30)
        super().put(bucket, *args, **options)


def test_a_bucket_that_hangs_holds_up_no_other_trail(rig: Rig) -> None:
    rig.store = HangingStore("logs", "hanging", clock=rig.clock)
    rig.restart()
    for number in range(3):
        rig.trail(f"slow-{number}", bucket="hanging")
    rig.trail()
    for expected in range(1, 4):
        rig.record()
        rig.clock.advance(300)
        for _ in range(5):
            rig.delivery.step()
        assert len(rig.records()) == expected
    rig.store.release.set()
    rig.deliver()
    assert len(rig.records("hanging")) == 9
    rig.check()


def test_a_backlog_arrives_once_and_holds_up_no_other_trail(rig: Rig) -> None:
    rig.trail("away", bucket="gone")
    rig.trail("steady")
    for expected in range(1, 51):
        rig.record()
        rig.deliver()
        assert len(rig.records()) == expected
    rig.store.create_bucket("gone")
    rig.record()
    rig.clock.advance(600)
    while len(rig.records()) == 50:
        rig.delivery.step()
    assert len(rig.records("gone")) < 10, "the other trail has not waited for the whole backlog"
    rig.work()
    assert sorted(rig.records("gone")) == sorted(rig.records())
    rig.check()


def test_what_the_bucket_refuses_for_too_long_is_given_up_and_said(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.settings = Settings(retry_for=Duration(3600))
    rig.restart()
    rig.trail()
    rig.store.faults.refused["logs"] = "NoSuchBucket"
    rig.record()
    for _ in range(13):
        rig.deliver()
    late = rig.record()
    rig.store.faults.refused.clear()
    rig.deliver()
    rig.deliver()
    assert "gave up delivering 1 events" in caplog.text
    assert rig.records() == [late[0].record]
    rig.check()


def test_a_plan_follows_its_trail_to_another_bucket(rig: Rig) -> None:
    trail = rig.trail(bucket="gone")
    rig.record()
    rig.deliver()
    rig.trails.update(trail.id, lambda settings: msgspec.structs.replace(settings, bucket="logs"))
    rig.deliver()
    assert len(rig.records()) == 1
    rig.check()


def test_a_deleted_trail_still_delivers_what_it_logged_and_its_successor_starts_anew(rig: Rig) -> None:
    trail = rig.trail()
    rig.store.faults.refused["logs"] = "AccessDenied"
    rig.record()
    rig.deliver()
    rig.record()
    rig.trails.delete(trail.id)
    rig.trail()
    rig.record()
    rig.store.faults.refused.clear()
    rig.deliver()
    rig.deliver()
    assert len(rig.records()) == 3
    rig.check()


def test_an_event_is_judged_by_the_selection_in_force_when_it_was_recorded(rig: Rig) -> None:
    trail = rig.trail()
    rig.record(rig.event(region="eu-west-1"))
    rig.trails.update(trail.id, lambda settings: msgspec.structs.replace(settings, multi_region=True))
    seen = rig.record(rig.event(region="eu-west-1"))
    rig.trails.update(trail.id, lambda settings: msgspec.structs.replace(settings, multi_region=False))
    rig.record(rig.event(region="eu-west-1"))
    rig.deliver()
    rig.deliver()
    assert rig.records() == [seen[0].record]
    rig.check()


def test_trails_at_the_same_position_share_one_reading(rig: Rig) -> None:
    reads = 0
    real = rig.journal.read_from

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal reads
        reads += 1
        return real(*args, **options)

    rig.journal.read_from = counted  # type: ignore[method-assign]  # counts the calls of the real one
    for number in range(5):
        rig.trail(f"trail-{number}")
    for number in range(200):
        rig.trail("main", account=f"{number:012}")
    rig.record()
    rig.deliver()
    assert rig.store.puts == 5
    assert reads < 20  # and not 205, one a trail


def test_holes_and_damage_in_the_journal_are_passed_over(rig: Rig) -> None:
    trail = rig.trail()
    events = [rig.record()[0] for _ in range(6)]
    rig.journal.lose(1)
    rig.journal.damage(3)
    rig.journal.lose(6)
    rig.deliver()
    assert rig.records() == [event.record for event in (events[1], events[3], events[4])]
    rig.trails.stop_logging(trail.id)
    rig.deliver()
    rig.deliver()
    assert rig.delivery.position == rig.journal.bounds().next


def test_a_journal_that_is_away_fails_the_step_and_nothing_else(rig: Rig) -> None:
    rig.trail()
    rig.record()
    loop = Loop(rig.delivery, clock=rig.clock)
    rig.journal.fault = Fault.UNAVAILABLE
    rig.clock.advance(300)
    assert loop.run_once() > 0
    assert "JournalUnavailable" in loop.status.last_error
    rig.journal.fault = None
    while loop.run_once() == 0:
        pass
    assert len(rig.records()) == 1
    rig.check()


def test_a_clock_that_is_set_back_far_does_not_delay_what_comes_then(rig: Rig) -> None:
    rig.trail()
    rig.clock.advance(365 * 86400)
    rig.record()
    rig.deliver()
    rig.clock.advance(-365 * 86400)
    rig.record()
    rig.deliver()
    assert len(rig.records()) == 2
    rig.check()
