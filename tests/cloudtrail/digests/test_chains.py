"""Which digests are made, of what, and how they hang together; the AWS CLI's validator is the judge."""

from __future__ import annotations

import msgspec
from tests.cloudtrail.digests.digest_rig import DigestRig

from cairn.core.clock import from_iso

REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")


def test_each_hour_has_a_digest_even_without_a_file(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    rig.hour()
    rig.record()
    rig.record()
    rig.hour()
    first, empty, third = rig.made()
    assert [len(digest.log_files) for digest in (first, empty, third)] == [1, 0, 1]
    assert (first.previous_digest_s3_object, first.previous_digest_signature) == (None, None)
    assert (empty.newest_event_time, empty.oldest_event_time, empty.log_files) == (None, None, ())
    assert from_iso(first.digest_start_time) == int(began)
    assert [from_iso(digest.digest_end_time) % 3600 for digest in (first, empty, third)] == [0, 0, 0]
    rig.check()
    code, summary, faults = rig.validate(trail, began)
    assert (code, faults) == (0, [])
    assert "3/3 digest files valid; 2/2 log files valid" in summary


def test_a_trail_for_all_regions_has_a_chain_in_each_that_it_delivered_for(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail(multi_region=True, prefix="some/prefix")
    rig.record(*(rig.event(region=region) for region in REGIONS[:2]))
    rig.hour()
    rig.record(rig.event(region=REGIONS[2]))
    rig.hour()
    rig.check()
    for region, made in zip(REGIONS, (2, 2, 1), strict=True):
        code, summary, faults = rig.validate(trail, began, region=region)
        assert (code, faults) == (0, [])
        assert f"{made}/{made} digest files valid; 1/1 log files valid" in summary
        assert from_iso(rig.made(region)[0].digest_start_time) == int(began)
    fingerprints = {rig.made(region)[0].digest_public_key_fingerprint for region in REGIONS}
    assert len(fingerprints) == 3  # keys are a region's own


def test_a_trail_without_validation_has_none(rig: DigestRig) -> None:
    rig.trail(validation=False)
    rig.trail("idle", start=False)
    rig.record()
    rig.hour()
    assert rig.rows() == []


def test_the_last_digest_comes_after_the_last_file_and_a_new_start_begins_a_new_chain(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    rig.record()
    rig.stop(trail)
    stopped = len(rig.made())
    assert [len(digest.log_files) for digest in rig.made()] == [1, 1]
    rig.hour()
    rig.hour()
    assert len(rig.made()) == stopped
    rig.trails.start_logging(trail.id)
    rig.record()
    rig.hour()
    *_, last, first = rig.made()
    assert first.previous_digest_s3_object is None
    assert len(first.log_files) == 1
    rig.check()
    code, summary, faults = rig.validate(trail, began)
    assert code == 0
    assert "3/3 digest files valid; 3/3 log files valid" in summary
    gap = f"No log files were delivered by CloudTrail between {last.digest_end_time} and {first.digest_start_time}"
    assert faults == [gap]


def test_files_that_a_stopped_trail_still_owes_belong_to_the_chain_that_ended_unless_it_logs_again(
    rig: DigestRig,
) -> None:
    trail = rig.trail()
    rig.record()
    rig.store.faults.refused = {"logs": "AccessDenied"}
    rig.trails.stop_logging(trail.id)
    rig.hour()
    assert rig.rows() == []
    rig.store.faults.refused = {}
    rig.clock.advance(400)
    rig.deliver()
    assert [len(digest.log_files) for digest in rig.made()] == [1]
    rig.check()


def test_a_trail_that_is_deleted_has_a_last_digest_and_one_made_anew_a_chain_of_its_own(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.trails.delete(trail.id)
    again = rig.trail()
    rig.record()
    rig.hour()
    rig.check()
    assert len({row.key for row in rig.rows()}) == 2
    code, summary, _ = rig.validate(again, began)
    assert (code, summary.endswith("2/2 digest files valid; 2/2 log files valid")) == (0, True)


def test_what_is_delivered_while_validation_is_off_is_in_no_digest(rig: DigestRig) -> None:
    trail = rig.trail()

    def switch(on: bool) -> None:
        rig.trails.update(trail.id, lambda now: msgspec.structs.replace(now, validation=on))

    rig.record()
    rig.deliver()
    switch(False)
    rig.record()
    rig.hour()
    switch(True)
    rig.record()
    rig.hour()
    rig.check()
    assert [len(digest.log_files) for digest in rig.made()] == [1, 1]
    assert [digest.previous_digest_s3_object for digest in rig.made()] == [None, None]


def test_a_trail_that_turns_validation_off_while_it_is_stopped_finishes_its_chain(rig: DigestRig) -> None:
    trail = rig.trail()
    rig.record()
    rig.trails.stop_logging(trail.id)
    rig.trails.update(trail.id, lambda now: msgspec.structs.replace(now, validation=False))
    rig.trails.start_logging(trail.id)
    rig.record()
    rig.hour()
    rig.hour()
    assert len(rig.rows()) == 1
    rig.check()


def test_a_chain_goes_on_in_another_bucket(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    rig.trails.update(trail.id, lambda now: msgspec.structs.replace(now, bucket="other-logs"))
    rig.record()
    rig.hour()
    rig.check()
    assert [row.bucket for row in rig.rows()] == ["logs", "other-logs"]
    assert rig.made()[1].previous_digest_s3_bucket == "logs"
    code, summary, faults = rig.validate(rig.trails.get(trail.id), began)
    assert (code, faults) == (0, [])
    assert "2/2 digest files valid; 2/2 log files valid" in summary
