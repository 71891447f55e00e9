"""The digests that become leaves: delivered ones in the order of their rows, and none behind one on its way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.cloudtrail.verify.bucket import BUCKET, TRAIL

from cairn.cloudtrail.checkpoints.delivered import SavedDigests
from cairn.cloudtrail.digests.tables import digests, periods
from cairn.cloudtrail.trail import TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import TestClock
from cairn.core.journal.memory import MemoryJournal
from cairn.core.state import State, metadata


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State.in_folder(tmp_path)
    metadata.create_all(state.engine)
    yield state
    state.close()


def add(state: State, trail: int, number: int, outcome: str = "delivered", previous: int | None = None) -> None:
    with state.write() as connection:
        period = connection.execute(
            sa.insert(periods).values(trail=trail, began=0.0, after_file=0).returning(periods.c.id)
        ).scalar_one()
        values = {"id": number, "period": period, "trail": trail, "account": "1" * 12, "region": "us-east-1"}
        values |= {"start": 0, "end": 3600, "after_file": 0, "last_file": 0, "bucket": BUCKET, "key": f"k{number}"}
        values |= {"sha256": "00" * 32, "fingerprint": "f", "signature": f"s{number}", "previous": previous}
        connection.execute(sa.insert(digests).values(values | {"staged": 0.0, "outcome": outcome}))


def test_digests_come_in_order_and_wait_for_one_on_its_way(state: State, clock: TestClock) -> None:
    trails = Trails(state, MemoryJournal(clock=clock), clock)
    first = trails.create(TRAIL, TrailSettings(bucket=BUCKET, prefix="old"))
    other = trails.create(type(TRAIL)("444455556666", "us-east-1", "other"), TrailSettings(bucket="other"))
    saved = SavedDigests(state)
    assert list(saved.destinations()) == [] and saved.after(TRAIL, 0, 10) == []
    add(state, first.row, 1)
    add(state, other.row, 2)
    add(state, first.row, 3, "abandoned", 1)
    add(state, first.row, 4, previous=3)
    trails.delete(TRAIL)
    again = trails.create(TRAIL, TrailSettings(bucket=BUCKET, prefix="new"))
    add(state, again.row, 5)
    add(state, again.row, 6, "staged", 5)
    add(state, again.row, 7, previous=6)
    found = saved.after(TRAIL, 0, 10)
    assert [(one.row, one.leaf.key, one.leaf.previous) for one in found] == [
        (1, "k1", None),
        (4, "k4", "s3"),
        (5, "k5", None),
    ]
    assert found[0].leaf.end == "1970-01-01T01:00:00Z"
    assert [one.row for one in saved.after(TRAIL, 1, 1)] == [4]
    places = sorted(saved.destinations(), key=lambda place: place.bucket)
    assert [(place.trail, place.bucket, place.prefix) for place in places] == [
        (other.id, "other", ""),
        (TRAIL, BUCKET, "new"),
    ]
