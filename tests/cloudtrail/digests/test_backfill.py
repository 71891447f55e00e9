"""Windows that nobody digested in time are made up for one by one, in a chain that the AWS CLI walks by itself."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from tests.cloudtrail.digests.digest_rig import DAY, HOUR, DigestRig, restoration

from cairn.cloudtrail.digests import backfill, chains
from cairn.cloudtrail.digests.chains import DigestRow
from cairn.cloudtrail.digests.digest import BACKFILL_METADATA
from cairn.core.clock import from_iso
from cairn.core.failpoints import FailpointReached, arm

MISSED = 7


@pytest.fixture(autouse=True)
def _after_four_hours(rig: DigestRig) -> None:
    rig.backfill_after_s = 4 * HOUR
    rig.digests.close()
    rig.digests = rig.sink()


def outage(rig: DigestRig, hours: int = MISSED) -> None:
    """Hours in which log files are delivered, one in each, and nobody makes digests; and half an hour more."""
    for _ in range(hours):
        rig.record()
        rig.clock.advance(HOUR)
        while rig.delivery.step() == 0:
            pass
    rig.clock.advance(1800)


def kinds(rig: DigestRig, region: str = "us-east-1") -> list[bool]:
    """Of each digest in order, whether it is backfill."""
    return [row.backfill for row in rig.rows(region)]


def test_each_hour_of_a_long_outage_has_a_digest_of_its_own_that_says_when_it_was_made(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    outage(rig)
    made = rig.clock.now()
    rig.digest()
    rig.hour()
    assert kinds(rig) == [False, *[True] * MISSED, False]
    windows = [(row.start, row.end) for row in rig.rows()]
    assert all(end - start == HOUR and end % HOUR == 0 for start, end in windows[1:])
    assert [len(digest.log_files) for digest in rig.made()] == [1] * (MISSED + 1) + [0]
    told = {rig.store.head(row.bucket, row.key).metadata.get(BACKFILL_METADATA) for row in rig.rows()}
    assert {from_iso(time) for time in told if time is not None} == {int(made)}
    assert all(time is None or time.endswith(":00.000Z") for time in told)
    rig.check()
    code, summary, faults = rig.validate(trail, began)
    assert (code, faults) == (0, [])
    assert f"2/2 digest files valid; {MISSED}/{MISSED} backfill digest files valid" in summary
    assert f"{MISSED + 1}/{MISSED + 1} log files valid" in summary


def test_whoever_asks_for_a_day_within_the_outage_finds_what_was_delivered_on_it(rig: DigestRig) -> None:
    trail = rig.trail()
    rig.record()
    rig.hour()
    since = rig.clock.now()
    outage(rig, 12)
    rig.hour()
    code, summary, faults = rig.validate(trail, since + 3 * HOUR, end=since + 9 * HOUR)
    assert (code, faults) == (0, [])
    assert "8/8 backfill digest files valid; 8/8 log files valid" in summary  # and the hours at both edges


def test_a_backfill_digest_that_was_removed_or_changed_is_named(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    outage(rig)
    rig.hour()
    gone, bare = rig.rows()[3], rig.rows()[6]
    rig.store.delete(gone.bucket, gone.key)
    content, metadata = rig.store.get(bare.bucket, bare.key), rig.store.head(bare.bucket, bare.key).metadata
    metadata = {name: value for name, value in metadata.items() if name != BACKFILL_METADATA}
    sha256 = hashlib.sha256(content).hexdigest()
    rig.store.put(bare.bucket, bare.key, content, sha256=sha256, metadata=metadata)
    code, _, faults = rig.validate(trail, began)
    assert code == 1
    assert faults == [
        f"(backfill) Digest file\ts3://logs/{bare.key}\tINVALID: invalid format",
        f"(backfill) Digest file\ts3://logs/{gone.key}\tINVALID: not found",
    ]
    done = restoration(rig).restore(trail.id, began, rig.clock.now())
    assert {one.key for one in done if one.outcome == "put"} == {gone.key, bare.key}
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


def test_two_outages_are_one_chain_and_a_shorter_one_makes_one_window_longer(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.hour()
    for hours in (MISSED, 3, MISSED):
        outage(rig, hours)
        rig.hour()
        rig.hour()
    runs = "".join("b" if kind else "n" for kind in kinds(rig))
    assert runs == "n" + "b" * MISSED + "nn" + "n" + "nn" + "b" * MISSED + "nn"
    (grown,) = (row for row in rig.rows() if row.end - row.start > HOUR)
    assert grown.end - grown.start > 3 * HOUR
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


def test_a_region_that_comes_late_begins_with_one_digest_however_old_the_trail_is(rig: DigestRig) -> None:
    rig.trail(multi_region=True)
    for _ in range(MISSED):
        rig.hour()
    rig.record(rig.event(region="eu-west-1"))
    rig.hour()
    rig.hour()
    assert kinds(rig, "eu-west-1") == [False, False]
    rig.check()


def test_a_trail_that_stopped_meanwhile_ends_with_a_digest_of_the_usual_kind(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    outage(rig)
    rig.record()
    rig.stop(trail)
    assert kinds(rig) == [False, *[True] * MISSED, False]
    assert len(rig.made()[-1].log_files) == 1
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])
    count = len(rig.rows())
    rig.hour()
    assert len(rig.rows()) == count


def test_a_request_is_answered_once_the_chain_has_come_to_the_present(rig: DigestRig) -> None:
    trail = rig.trail()
    rig.record()
    rig.hour()
    outage(rig)
    number = rig.requests.request(trail.arn)
    while not any(kinds(rig)):
        rig.digests.step()
    assert rig.requests.answer(number) is None
    rig.digest()
    answer = rig.requests.answer(number)
    assert answer is not None and len(answer.files) == MISSED + 1
    assert rig.rows()[-1].end == int(rig.clock.now())
    assert not kinds(rig)[-1]


def test_an_outage_has_a_bounded_number_of_them(rig: DigestRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "WINDOWS_MAX", 3)
    trail = rig.trail()
    rig.record()
    rig.hour()
    outage(rig, 8)
    rig.hour()
    made = [row for row in rig.rows() if row.backfill]
    assert [(row.end - row.start) / HOUR for row in made] == [6, 1, 1]
    assert sum(len(digest.log_files) for digest in rig.made()) == 9
    rig.check()
    assert rig.validate(trail, 0)[::2] == (0, [])


def test_more_files_than_a_digest_takes_are_in_the_next(rig: DigestRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "FILES_MAX", 2)
    rig.trail()
    rig.hour()
    for _ in range(5):
        rig.record()
        rig.clock.advance(301)
        while rig.delivery.step() == 0:
            pass
    outage(rig)
    rig.hour()
    assert [len(digest.log_files) for digest in rig.made()][:4] == [0, 2, 2, 2]
    assert sum(len(digest.log_files) for digest in rig.made()) == MISSED + 5
    rig.check()


def test_they_go_to_the_bucket_that_the_trail_has_by_now(rig: DigestRig) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    outage(rig)
    arm("digests.staged=raise@3")
    with pytest.raises(FailpointReached):
        rig.digest()
    arm("")
    rig.store.faults.refused = {"logs": "AccessDenied"}
    rig.digest()
    rig.trails.update(trail.id, lambda now: msgspec.structs.replace(now, bucket="other-logs", prefix="p"))
    for _ in range(2):
        rig.clock.advance(301)
        rig.digest()
    rig.store.faults.refused = {}
    rig.hour()
    moved: list[DigestRow] = [row for row in rig.rows() if row.bucket == "other-logs"]
    assert sum(row.backfill for row in moved) == MISSED - 2
    assert all(row.key.startswith("p/") for row in moved)
    rig.check()
    assert rig.validate(rig.trails.get(trail.id), began)[0] == 0


@pytest.mark.parametrize("point", ["staged", "put", "committing", "committed"])
def test_whatever_dies_while_they_are_made_each_is_made_once(rig: DigestRig, point: str) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    outage(rig)
    arm(f"digests.{point}=raise@4")
    try:
        rig.digest()
    except FailpointReached:
        pass
    finally:
        arm("")
    rig.digests.close()
    rig.digests = rig.sink()
    rig.digest()
    rig.hour()
    assert kinds(rig).count(True) == MISSED
    rig.check()
    assert rig.validate(trail, began)[::2] == (0, [])


def test_the_key_that_signs_them_is_found_around_the_time_when_they_were_made(
    rig: DigestRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = rig.clock.now()
    trail = rig.trail()
    rig.record()
    rig.hour()
    rig.record()
    rig.deliver()
    monkeypatch.setattr(backfill, "WINDOWS_MAX", 20)
    rig.clock.advance(40 * DAY)  # the key of the time before has ended
    rig.work()
    assert len({row.fingerprint for row in rig.rows()}) == 2
    rig.check()
    until = rig.clock.now() - 5 * HOUR
    code, summary, faults = rig.validate(trail, began, end=until)
    assert (code, faults) == (0, [])
    assert "1/1 digest files valid; 16/16 backfill digest files valid; 2/2 log files valid" in summary
