"""Any order of starting, stopping, changing, deleting, failing, restarting: each logged event is delivered once."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import msgspec
from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.trail import TrailId, TrailSettings
from cairn.core.clock import TestClock

NAMES = ("trail-0", "trail-1")
BUCKETS = ("logs", "other-logs")
REGIONS = ("us-east-1", "eu-west-1")

names, buckets = st.sampled_from(NAMES), st.sampled_from(BUCKETS)
records = st.tuples(st.just("record"), st.integers(1, 3))
changes = st.one_of(
    st.tuples(st.just("switch"), names),
    st.tuples(st.just("update"), names, buckets, st.booleans()),
    st.tuples(st.just("replace"), names, buckets, st.booleans()),
)
workings = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([0.5, 7, 120, 301])),
    st.tuples(st.sampled_from(["step", "deliver", "flush", "restart"])),
    st.tuples(st.just("break_or_mend"), buckets, st.sampled_from(["AccessDenied", ""])),
)
actions = st.lists(st.one_of(records, changes, workings), min_size=20, max_size=60)


class UnderWay:
    """Two trails under way, beside a model that knows of each whether it logs and which regions.

    `expected` is what was logged so far, as the model has it.
    """

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder, TestClock())
        self.logging: dict[str, bool] = {}
        self.wide: dict[str, bool] = {}
        self.expected: Counter[bytes] = Counter()
        for name, bucket in zip(NAMES, BUCKETS, strict=True):
            self.create(name, bucket, wide=False)
            self.switch(name)

    def create(self, name: str, bucket: str, wide: bool) -> None:
        self.rig.trails.create(_id(name), TrailSettings(bucket=bucket, multi_region=wide))
        self.logging[name], self.wide[name] = False, wide

    def switch(self, name: str) -> None:
        trails = self.rig.trails
        (trails.stop_logging if self.logging[name] else trails.start_logging)(_id(name))
        self.logging[name] = not self.logging[name]

    def update(self, name: str, bucket: str, wide: bool) -> None:
        self.rig.trails.update(_id(name), lambda now: msgspec.structs.replace(now, bucket=bucket, multi_region=wide))
        self.wide[name] = wide

    def replace(self, name: str, bucket: str, wide: bool) -> None:
        """Delete the trail, and make another of the same name that logs at once."""
        self.rig.trails.delete(_id(name))
        self.create(name, bucket, wide)
        self.switch(name)

    def record(self, count: int) -> None:
        self.rig.clock.advance(1)
        events = [self.rig.event(region=REGIONS[number % 2]) for number in range(count)]
        self.rig.record(*events)
        for event in events:
            for name, logging in self.logging.items():
                if logging and (self.wide[name] or event.header.region == "us-east-1"):
                    self.expected[event.record] += 1

    def wait(self, seconds: float) -> None:
        self.rig.clock.advance(seconds)

    def step(self) -> None:
        self.rig.delivery.step()

    def deliver(self) -> None:
        self.rig.deliver()

    def flush(self) -> None:
        flush = self.rig.flushes.request()
        self.rig.clock.advance(0.01)
        self.rig.work()
        assert self.rig.flushes.answer(flush) is not None

    def restart(self) -> None:
        self.rig.restart()

    def break_or_mend(self, bucket: str, code: str) -> None:
        self.rig.store.faults.refused[bucket] = code

    def found(self) -> Counter[bytes]:
        return Counter(self.rig.records("logs") + self.rig.records("other-logs"))

    def end(self) -> None:
        """Everything mended, and time enough for all that waits."""
        self.rig.store.faults.refused.clear()
        for _ in range(4):  # past the longest pause before a retry, and past what comes late
            self.rig.clock.advance(400)
            self.rig.deliver()
        self.rig.check()
        assert self.found() == self.expected
        open_trails = any(self.logging.values())
        assert open_trails or self.rig.delivery.position == self.rig.journal.bounds().next

    def close(self) -> None:
        self.rig.delivery.close()
        self.rig.state.close()


def _id(name: str) -> TrailId:
    return TrailId(ACCOUNT, "us-east-1", name)


@settings(max_examples=25, deadline=None)
@given(actions)
def test_each_logged_event_is_delivered_once_whatever_happens(script: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        under_way = UnderWay(Path(folder))
        try:
            for action, *arguments in script:
                getattr(under_way, str(action))(*arguments)
                assert under_way.found() <= under_way.expected
            under_way.end()
            note(f"events: {min(under_way.expected.total() // 10 * 10, 50)}")
        finally:
            under_way.close()
