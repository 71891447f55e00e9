"""Any order of starting, stopping, changing, failing, dying, and clocks that jump: each file is in one digest."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudtrail.digests.digest_rig import HOUR, DigestRig
from tests.cloudtrail.digests.fake_kms import HeldRig
from tests.cloudtrail.rig import ACCOUNT

from cairn.cloudtrail.trail import TrailId, TrailSettings
from cairn.core.clock import TestClock
from cairn.core.failpoints import FailpointReached, arm

TRAIL = TrailId(ACCOUNT, "us-east-1", "trail")
REGIONS = ("us-east-1", "eu-west-1")
BUCKETS = ("logs", "other-logs")

buckets = st.sampled_from(BUCKETS)
changes = st.one_of(
    st.tuples(st.sampled_from(["switch", "prove", "replace"])),
    st.tuples(st.just("move"), buckets, st.sampled_from(["", "prefix"])),
)
workings = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([0.5, 7, 301, HOUR, 5 * HOUR, 27 * HOUR, -600])),
    st.tuples(st.sampled_from(["deliver", "digest", "ask", "restart"])),
    st.tuples(st.just("break_or_mend"), buckets, st.sampled_from(["AccessDenied", ""])),
    st.tuples(st.just("die"), st.sampled_from(["signed", "staged", "put", "committing", "committed"])),
)
recordings = st.tuples(st.just("record"))
actions = st.lists(st.one_of(recordings, changes, workings, workings), min_size=10, max_size=50)
holdings = st.one_of(
    st.tuples(st.just("hold_or_give"), st.sampled_from(REGIONS), st.sampled_from(["KMS.DisabledException", ""])),
    st.tuples(st.just("turn"), st.sampled_from(REGIONS), st.sampled_from(["everywhere", "another"])),
    st.tuples(st.just("race"), st.sampled_from(REGIONS), st.sampled_from(["switch", "replace", "prove", "digest"])),
)
held_actions = st.lists(st.one_of(recordings, changes, workings, workings, holdings), min_size=10, max_size=50)


class UnderWay:
    """A trail for all regions under way."""

    def __init__(self, rig: DigestRig) -> None:
        self.rig = rig
        self.began = self.rig.clock.now()
        self.logs = False
        self.jumped = False
        self.create()
        self.switch()

    def create(self) -> None:
        self.rig.trails.create(TRAIL, TrailSettings(bucket="logs", validation=True, multi_region=True))

    def replace(self) -> None:
        """Delete the trail, and make another of the same name that logs at once."""
        self.rig.trails.delete(TRAIL)
        self.create()
        self.logs = False
        self.switch()

    def switch(self) -> None:
        (self.rig.trails.stop_logging if self.logs else self.rig.trails.start_logging)(TRAIL)
        self.logs = not self.logs

    def prove(self) -> None:
        """Turn validation on or off."""
        self.rig.trails.update(TRAIL, lambda now: msgspec.structs.replace(now, validation=not now.validation))

    def move(self, bucket: str, prefix: str) -> None:
        self.rig.trails.update(TRAIL, lambda now: msgspec.structs.replace(now, bucket=bucket, prefix=prefix))

    def record(self) -> None:
        self.rig.clock.advance(1)
        self.rig.record(*(self.rig.event(region=region) for region in REGIONS))

    def wait(self, seconds: float) -> None:
        self.rig.clock.advance(seconds)
        self.jumped |= seconds < 0

    def deliver(self) -> None:
        while self.rig.delivery.step() == 0:
            pass

    def digest(self) -> None:
        self.rig.digest()

    def ask(self) -> None:
        self.rig.requests.request()
        self.digest()

    def restart(self) -> None:
        self.rig.digests.close()
        self.rig.digests = self.rig.sink()

    def die(self, point: str) -> None:
        """Die at a point, if it is reached, and be started again."""
        arm(f"digests.{point}=raise")
        try:
            self.digest()
        except FailpointReached:
            pass
        finally:
            arm("")
        self.restart()

    def break_or_mend(self, bucket: str, code: str) -> None:
        self.rig.store.faults.refused[bucket] = code

    def end(self) -> None:
        """Everything mended, and time enough for all that waits."""
        self.rig.store.faults.refused.clear()
        if self.logs:
            self.rig.trails.stop_logging(TRAIL)
        for _ in range(5):  # past the longest pause before a retry, past what comes late and past any jump
            self.rig.clock.advance(600)
            self.rig.record(self.rig.event(account="999999999999"))
            self.rig.deliver()
        self.rig.check()
        with self.rig.state.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM digests WHERE outcome = 'staged'").scalar() == 0
            assert (
                connection.exec_driver_sql("SELECT count(*) FROM digest_periods WHERE finished IS NULL").scalar() == 0
            )

    def judge(self) -> None:
        """The CLI finds nothing wrong, wherever it begins."""
        trail = self.rig.trails.get(TRAIL)
        for region in REGIONS:
            code, _, faults = self.rig.validate(trail, self.began, region=region)
            assert code == 0
            assert all("No log files were delivered by CloudTrail" in fault for fault in faults)

    def close(self) -> None:
        self.rig.delivery.close()
        self.rig.digests.close()
        self.rig.state.close()


class HeldUnderWay(UnderWay):
    """The same where a KMS holds the keys."""

    rig: HeldRig

    def hold_or_give(self, region: str, code: str) -> None:
        self.rig.kms.away[region] = code
        if not code:
            del self.rig.kms.away[region]

    def turn(self, region: str, key: str) -> None:
        """Point the alias at a key."""
        self.rig.kms.alias[region] = key

    def race(self, region: str, what: str) -> None:
        """Have something happen while the next digest of a region is signed."""

        def meanwhile(signing: str) -> None:
            if signing != region:
                return
            self.rig.kms.before_signing = lambda region: None
            if what == "digest":
                other = self.rig.sink()
                for _ in range(5):
                    other.step()
                other.close()
            else:
                getattr(self, what)()

        self.rig.kms.before_signing = meanwhile
        self.digest()
        self.rig.kms.before_signing = lambda region: None

    def end(self) -> None:
        self.rig.kms.away.clear()
        super().end()


def _run(trail: UnderWay, steps: list[tuple[str, ...]]) -> None:
    try:
        for name, *arguments in steps:
            getattr(trail, name)(*arguments)
        trail.end()
        if not trail.jumped:
            trail.judge()
    finally:
        trail.close()


@settings(max_examples=30, deadline=None)
@given(actions)
def test_every_file_of_a_validated_trail_is_in_exactly_one_digest(steps: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _run(UnderWay(DigestRig(Path(folder), TestClock())), steps)


@settings(max_examples=20, deadline=None)
@given(held_actions)
def test_so_it_is_where_a_kms_holds_the_keys(steps: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _run(HeldUnderWay(HeldRig(Path(folder), TestClock())), steps)
