"""What a gateway asks before it records a data event: never no to one that a trail logs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from tests.cloudtrail.rig import ACCOUNT, Rig

from cairn.cloudtrail.selectors import DataResource, EventSelector
from cairn.cloudtrail.selectors.wanted import REFRESH_S, STALE_S, WantedEvents
from cairn.cloudtrail.trail import Trail, TrailSettings
from cairn.core.records.event import EventHeader

OBJECTS = (EventSelector(management=False, data=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3:::b/",)),)),)
EVERYTHING = (EventSelector(data=(DataResource(type="AWS::S3::Object", values=("arn:aws:s3",)),)),)


class Gateway:
    """One of many: it has its own `WantedEvents`."""

    def __init__(self, rig: Rig) -> None:
        self.wanted = WantedEvents(rig.state, rig.clock)
        self.asked = 0

    def asks(self, key: str = "b/k", account: str = ACCOUNT, region: str = "us-east-1", *, read: bool = True) -> bool:
        def known() -> tuple[EventHeader, Sequence[dict[str, str]]]:
            self.asked += 1
            name = "GetObject" if read else "PutObject"
            header = EventHeader("id", account, region, "Data", 0, read, "s3.amazonaws.com", name)
            return header, [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{key}"}]

        return self.wanted.wanted(account, "Data", known)


@pytest.fixture
def gateway(rig: Rig) -> Gateway:
    gateway = Gateway(rig)
    gateway.wanted.step()
    return gateway


def change(rig: Rig, trail: Trail, selectors: tuple[EventSelector, ...] | None) -> None:
    rig.trails.update(trail.id, lambda old: TrailSettings(bucket=old.bucket, selectors=selectors))


def test_where_no_trail_selects_data_events_a_call_is_not_even_looked_at(rig: Rig, gateway: Gateway) -> None:
    rig.trail("management")
    rig.trail("stopped", start=False, selectors=EVERYTHING)
    gateway.wanted.step()
    assert not gateway.asks()
    assert gateway.asked == 0


def test_account_region_kind_and_place_decide(rig: Rig, gateway: Gateway) -> None:
    rig.trail("objects", selectors=OBJECTS)
    gateway.wanted.step()
    assert gateway.asks()
    assert not gateway.asks("other/k")
    assert not gateway.asks(region="eu-west-1")
    assert gateway.asked == 3
    assert not gateway.asks(account="444455556666")
    assert gateway.asked == 3


def test_every_change_of_a_trail_is_seen(rig: Rig, gateway: Gateway) -> None:
    trail = rig.trail("objects", start=False, selectors=OBJECTS)
    seen = []

    def look() -> None:
        gateway.wanted.step()
        seen.append((gateway.asks("b/k"), gateway.asks("c/k")))

    look()
    rig.trails.start_logging(trail.id)
    look()
    change(rig, trail, EVERYTHING)
    look()
    change(rig, trail, None)
    look()
    change(rig, trail, OBJECTS)
    look()
    rig.trails.stop_logging(trail.id)
    look()
    rig.trails.start_logging(trail.id)
    look()
    rig.trails.delete(trail.id)
    look()
    no, some, every = (False, False), (True, False), (True, True)
    assert seen == [no, some, every, no, some, no, some, no]


def test_what_cannot_be_read_for_too_long_is_answered_with_yes(rig: Rig, gateway: Gateway) -> None:
    assert not gateway.asks()
    rig.clock.advance(STALE_S)
    assert not gateway.asks()
    rig.clock.advance(0.001)
    assert gateway.asks()
    gateway.wanted.step()
    assert not gateway.asks()
    assert REFRESH_S < STALE_S / 2
    with rig.state.write() as connection:
        connection.execute(sa.text("ALTER TABLE trail_spans RENAME TO away"))
    with pytest.raises(sa.exc.OperationalError):
        gateway.wanted.step()
    rig.clock.advance(STALE_S + 0.001)
    assert gateway.asks()


def test_one_that_has_not_read_yet_says_yes(rig: Rig) -> None:
    assert Gateway(rig).asks()


def test_an_unchanged_state_is_not_compiled_again(rig: Rig, gateway: Gateway) -> None:
    rig.trail("objects", selectors=OBJECTS)
    gateway.wanted.step()
    before = gateway.wanted._selectors
    rig.trail("not-logging", start=False)
    gateway.wanted.step()
    assert gateway.wanted._selectors is before
