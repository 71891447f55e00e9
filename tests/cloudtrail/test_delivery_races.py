"""What happens while delivery is between two of its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.cloudtrail.rig import Rig

from cairn.cloudtrail.delivery import Delivery
from cairn.core.failpoints import FailpointReached, arm
from cairn.core.loops import Loop


def during_next_read(rig: Rig, act: Callable[[], None]) -> None:
    """Have `act` done right after delivery has read the journal, and before it stages what it read."""
    real = rig.journal.read_from

    def read_from(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        if found:
            rig.journal.read_from = real  # type: ignore[method-assign]  # once
            act()
        return found

    rig.journal.read_from = read_from  # type: ignore[method-assign]  # the real one, and `act` once


def test_a_trail_that_stops_while_its_events_are_read(rig: Rig) -> None:
    trail = rig.trail()
    rig.record()

    def stop() -> None:
        rig.trails.stop_logging(trail.id)
        rig.clock.advance(1)
        rig.record()

    rig.clock.advance(300)
    during_next_read(rig, stop)
    rig.deliver()
    rig.deliver()
    assert len(rig.records()) == 1
    rig.check()


def test_a_trail_that_changes_what_it_logs_while_its_events_are_read(rig: Rig) -> None:
    trail = rig.trail(multi_region=True)
    rig.record(rig.event(region="eu-west-1"))

    def narrow() -> None:
        rig.trails.update(trail.id, lambda now: msgspec.structs.replace(now, multi_region=False))
        rig.record(rig.event(region="eu-west-1"))

    rig.clock.advance(300)
    during_next_read(rig, narrow)
    rig.deliver()
    rig.deliver()
    assert len(rig.records()) == 1
    rig.check()


def test_two_processes_that_deliver_at_once_record_each_file_once(rig: Rig) -> None:
    for number in range(3):
        rig.trail(f"trail-{number}", multi_region=True)
    other = Delivery(rig.state, rig.journal, rig.store, rig.folder / "other-spool", rig.settings, rig.clock)
    for _ in range(10):
        rig.record(rig.event(), rig.event(region="eu-west-1"))
        rig.clock.advance(300)
        for _ in range(4):
            rig.delivery.step()
            other.step()
    rig.work()
    while other.step() == 0:
        pass
    other.close()
    assert len(rig.records()) == 60
    rig.check()


@pytest.mark.parametrize(
    "point", ["staged", "spooled", "uploading", "uploaded", "uploaded_all", "committing", "committed"]
)
def test_an_error_at_any_point_delays_and_repeats_nothing(rig: Rig, point: str) -> None:
    rig.trail()
    rig.trail("second", multi_region=True)
    loop = Loop(rig.delivery, clock=rig.clock)
    arm(f"delivery.{point}=raise@2")
    try:
        for _ in range(4):
            rig.record(rig.event(), rig.event(region="eu-west-1"))
            rig.clock.advance(300)
            for _ in range(8):
                loop.run_once()
    finally:
        arm("")
    rig.deliver()
    assert len(rig.records()) == 4 + 8
    rig.check()


def test_the_failpoints_of_these_tests_exist(rig: Rig) -> None:
    rig.trail()
    rig.record()
    arm("delivery.staged=raise")
    try:
        rig.clock.advance(300)
        with pytest.raises(FailpointReached):
            rig.delivery.step()
    finally:
        arm("")
