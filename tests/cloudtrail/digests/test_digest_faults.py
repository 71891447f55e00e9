"""What happens to digests when a bucket refuses, the clock jumps, processes die, or two of them work at once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.cloudtrail.digests.digest_rig import HOUR, DigestRig

from cairn.cloudtrail.digests import chains, sink
from cairn.cloudtrail.trail import Trail
from cairn.core.clock import from_iso
from cairn.core.failpoints import arm
from cairn.core.loops import Loop

DAY = 86400.0
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")


def _refuse_digests(rig: DigestRig, code: str) -> None:
    """Make the store refuse digests alone, with this code; empty: no more."""
    real: Any = type(rig.store).put

    def put(bucket: str, key: str, content: Any, **options: Any) -> None:
        if "/CloudTrail-Digest/" in key and bucket == "logs":
            rig.store.faults.refused_keys[key] = code
        real(rig.store, bucket, key, content, **options)

    rig.store.faults.refused_keys.clear()
    rig.store.put = put if code else lambda *arguments, **options: real(rig.store, *arguments, **options)


def _windows(rig: DigestRig) -> list[tuple[int, int]]:
    return [(from_iso(made.digest_start_time), from_iso(made.digest_end_time)) for made in rig.made()]


def test_a_digest_that_its_bucket_refuses_is_told_and_retried_and_the_next_covers_the_rest(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    other = rig.trail("other", bucket="other-logs")
    _refuse_digests(rig, "AccessDenied")
    for _ in range(3):
        rig.record()
        rig.hour()
    assert rig.status(trail)["LatestDigestDeliveryError"] == "AccessDenied"
    assert "LatestDigestDeliveryTime" not in rig.status(trail)
    assert "LatestDeliveryError" not in rig.status(trail)
    assert list(rig.digests.troubles()) == [trail.arn]
    assert len([row for row in rig.rows() if row.trail == other.row]) == 3  # nobody else waits
    _refuse_digests(rig, "")
    rig.clock.advance(301)
    rig.work()
    assert [len(digest.log_files) for digest in rig.made() if digest.digest_s3_bucket == "logs"] == [1, 2]
    assert "LatestDigestDeliveryError" not in rig.status(trail)
    assert rig.status(trail)["LatestDigestDeliveryTime"].timestamp() == rig.clock.now()
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


def test_a_digest_that_waits_goes_to_the_bucket_that_the_trail_has_by_now(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    _refuse_digests(rig, "NoSuchBucket")
    rig.hour()
    rig.trails.update(trail.id, lambda now: msgspec.structs.replace(now, bucket="other-logs", prefix="p"))
    rig.clock.advance(301)
    rig.work()
    rig.clock.advance(301)
    rig.work()
    (made,) = rig.made()
    assert (made.digest_s3_bucket, len(made.log_files)) == ("other-logs", 1)
    rig.check()
    assert rig.validate(rig.trails.get(trail.id), began)[::2] == (0, [])


def test_the_last_digest_of_a_trail_is_given_up_one_day_and_may_move_until_then(rig: DigestRig) -> None:
    kept, lost = rig.trail("kept"), rig.trail("lost")
    rig.record()
    _refuse_digests(rig, "AccessDenied")
    rig.stop(kept)
    rig.stop(lost)
    rig.trails.update(kept.id, lambda now: msgspec.structs.replace(now, bucket="other-logs"))
    for _ in range(2):
        rig.clock.advance(301)
        rig.work()
    assert [(row.trail, row.bucket) for row in rig.rows()] == [(kept.row, "other-logs")]
    rig.clock.advance(30 * DAY)
    rig.work()
    assert rig.digests.troubles().keys() <= {lost.arn}
    with rig.state.read() as connection:
        assert chains.staged(connection) == []
    assert len(rig.rows()) == 1


def test_after_an_outage_one_digest_covers_it(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    last = rig.clock.now()
    rig.record()
    rig.clock.advance(5 * HOUR + 1800)  # nobody was there
    rig.work()
    assert _windows(rig)[1] == (last, int(rig.clock.now()))
    rig.hour()
    assert [len(digest.log_files) for digest in rig.made()] == [1, 1, 0]
    assert _windows(rig)[2][1] % 3600 == 0
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


def test_a_clock_that_jumps_back_moves_no_window_and_loses_no_file(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    rig.record()
    rig.deliver()
    rig.clock.advance(-2 * HOUR)
    rig.record()
    for _ in range(4):
        rig.hour()
    rig.check()
    windows = _windows(rig)
    assert sum(len(digest.log_files) for digest in rig.made()) == 3
    assert all(start < end for start, end in windows)
    rig.clock.advance(-3 * HOUR)
    rig.stop(trail)
    rig.check()
    assert rig.validate(trail, began - 3 * HOUR, end=began + DAY)[0] == 0
    assert rig.digests.step() > 0


def test_a_clock_that_was_a_year_ahead_is_told_and_a_new_start_begins_by_the_right_time(
    rig: DigestRig, caplog: pytest.LogCaptureFixture
) -> None:
    trail = rig.trail()
    rig.clock.advance(365 * DAY)
    rig.record()
    rig.hour()
    rig.clock.advance(-365 * DAY)
    rig.record()
    rig.hour()
    assert len(rig.rows()) == 2
    assert "the clock is" in caplog.text
    rig.stop(trail)
    rig.trails.start_logging(trail.id)
    rig.clock.advance(1)
    began = rig.clock.now()
    rig.record()
    rig.hour()
    _, ahead, last, right = rig.made()
    assert from_iso(last.digest_start_time) == from_iso(ahead.digest_end_time)
    assert from_iso(right.digest_end_time) == rig.clock.now()
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


def test_a_digest_holds_a_bounded_number_of_files_and_the_next_follows_at_once(
    rig: DigestRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "FILES_MAX", 2)
    trail = rig.trail(multi_region=True)
    for _ in range(5):
        rig.record(*(rig.event(region=region) for region in REGIONS))
        rig.deliver()
    rig.stop(trail)
    rig.hour()
    assert [len(digest.log_files) for digest in rig.made()] == [2, 2, 1]
    rig.check()


def test_more_chains_than_a_transaction_takes(rig: DigestRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "CHAINS_MAX", 2)
    trail = rig.trail(multi_region=True)
    rig.record(*(rig.event(region=region) for region in (*REGIONS, "eu-north-1", "eu-west-3")))
    rig.hour()
    rig.clock.advance(10)
    rig.stop(trail)
    for region in (*REGIONS, "eu-north-1", "eu-west-3"):
        assert len(rig.rows(region)) == 2
    rig.check()


def test_two_processes_make_each_digest_once(rig: DigestRig) -> None:
    trail = rig.trail(multi_region=True)
    other = rig.sink()
    for _ in range(3):
        rig.record(*(rig.event(region=region) for region in REGIONS))
        rig.clock.advance(HOUR)
        deliver_only(rig)
        for _ in range(6):
            rig.digests.step()
            other.step()
    rig.clock.advance(10)
    rig.trails.stop_logging(trail.id)
    rig.clock.advance(6)
    rig.record()
    rig.clock.advance(300)
    deliver_only(rig)
    for _ in range(8):
        other.step()
        rig.digests.step()
    other.close()
    assert [len(rig.rows(region)) for region in REGIONS] == [4, 4, 4]
    rig.check()


def deliver_only(rig: DigestRig) -> None:
    """Deliver log files, and make no digests."""
    while rig.delivery.step() == 0:
        pass


@pytest.mark.parametrize("point", ["staged", "put", "committing", "committed"])
def test_an_error_at_any_point_delays_and_repeats_nothing(rig: DigestRig, point: str) -> None:
    began = rig.clock.now()
    trail = rig.trail(multi_region=True)
    loop = Loop(rig.digests, clock=rig.clock)
    arm(f"digests.{point}=raise@2")
    try:
        for _ in range(3):
            rig.record(rig.event(), rig.event(region="eu-west-1"))
            rig.clock.advance(HOUR)
            deliver_only(rig)
            for _ in range(8):
                loop.run_once()
    finally:
        arm("")
    rig.clock.advance(301)
    rig.stop(trail)
    assert sum(len(digest.log_files) for digest in rig.made()) == 3
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])
    assert rig.validate(trail, began, region="eu-west-1")[::2] == (0, [])


def test_a_stop_between_looking_and_staging_makes_the_last_digest_and_no_other(
    rig: DigestRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail = rig.trail()
    rig.record()
    real = rig.keys.signing_key

    def stopping(region: str) -> Any:
        monkeypatch.setattr(rig.keys, "signing_key", real)
        rig.trails.stop_logging(trail.id)
        return real(region)

    monkeypatch.setattr(rig.keys, "signing_key", stopping)
    rig.hour()
    rig.clock.advance(6)
    rig.record(rig.event(account="999999999999"))
    rig.hour()
    assert len(rig.rows()) == 1
    rig.check()


def test_digests_can_be_had_at_once(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail: Trail = rig.trail(multi_region=True)
    rig.trail("unproven", bucket="other-logs", validation=False)
    rig.record(rig.event(), rig.event(region="eu-west-1"))
    rig.deliver()
    number = rig.requests.request(trail.arn)
    assert rig.requests.answer(number) is None
    rig.digest()
    answer = rig.requests.answer(number)
    assert answer is not None
    assert [(file.trail, file.events) for file in answer.files] == [(trail.arn, 1)] * 2
    assert answer.failures == []
    assert rig.validate(trail, began)[::2] == (0, [])
    rig.requests.request()
    rig.digest()
    assert len(rig.rows()) == 1  # within the same second there is nothing to add
    rig.clock.advance(1)
    rig.digest()
    assert len(rig.rows()) == 2
    rig.hour()
    assert _windows(rig)[-1][1] % 3600 == 0  # hours go on as they were
    rig.check()


def test_a_request_tells_which_trail_failed_and_waits_for_the_last_digest_of_one_that_stops(rig: DigestRig) -> None:
    trail = rig.trail()
    _refuse_digests(rig, "AccessDenied")
    rig.record()
    rig.deliver()
    number = rig.requests.request()
    rig.digest()
    answer = rig.requests.answer(number)
    assert answer is not None
    assert [(failure.trail, failure.error.partition(":")[0]) for failure in answer.failures] == [
        (trail.arn, "AccessDenied")
    ]
    _refuse_digests(rig, "")
    rig.clock.advance(1)
    rig.trails.stop_logging(trail.id)
    number = rig.requests.request(trail.arn)
    rig.digest()
    assert rig.requests.answer(number) is None
    rig.stop(trail)
    answer = rig.requests.answer(number)
    assert answer is not None and len(answer.files) == 2
    assert rig.requests.request("arn:aws:cloudtrail:us-east-1:111122223333:trail/nobody")
    rig.digest()
    rig.check()
