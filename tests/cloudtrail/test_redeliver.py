from __future__ import annotations

from collections import Counter

import pytest
from tests.cloudtrail.rig import Rig

from cairn.cloudtrail.redeliver import Redelivery
from cairn.cloudtrail.trail import TrailId
from cairn.core.config import Delivery as Settings
from cairn.core.config import Size
from cairn.core.errors import AwsError


def redelivery(rig: Rig) -> Redelivery:
    return Redelivery(rig.state, rig.journal, rig.store, rig.folder / "spool", rig.clock)


def test_what_the_bucket_lost_comes_back_under_its_name(rig: Rig) -> None:
    rig.settings = Settings(file_bytes_max=Size(2000))
    rig.restart()
    trail = rig.trail(multi_region=True)
    for number in range(40):
        rig.record(rig.event(region=("us-east-1", "eu-west-1")[number % 2]))
        rig.clock.advance(30)
    rig.deliver()
    before = rig.store.content("logs")
    lost = list(before)[::3]
    for key in lost:
        rig.store.delete("logs", key)
    rig.settings = Settings()  # what decides names and bytes was noted with the plan
    again = list(redelivery(rig).redeliver(trail.id, 0, rig.clock.now()))
    assert Counter(file.outcome for file in again) == {"put": len(lost), "present": len(before) - len(lost)}
    assert {key: stored.content for key, stored in rig.store.content("logs").items()} == {
        key: stored.content for key, stored in before.items()
    }
    rig.check()


def test_only_slots_asked_for_are_looked_at_and_changed_files_can_be_put_back(rig: Rig) -> None:
    trail = rig.trail()
    ends = []
    for _ in range(3):
        rig.record()
        rig.deliver()
        ends.append(rig.clock.now())
    keys = list(rig.files())
    for key in keys:
        rig.store.replace("logs", key, b"something else")
    again = list(redelivery(rig).redeliver(trail.id, ends[1], ends[1], all_files=True))
    assert [(file.key, file.outcome) for file in again] == [(keys[1], "put")]
    assert [stored.content == b"something else" for stored in rig.store.content("logs").values()] == [True, False, True]


def test_what_the_journal_no_longer_holds_is_told_to_be_lost(rig: Rig) -> None:
    trail = rig.trail()
    rig.record()
    rig.deliver()
    (key,) = rig.files()
    rig.store.delete("logs", key)
    rig.journal.trim(rig.delivery.position)
    (file,) = redelivery(rig).redeliver(trail.id, 0, rig.clock.now())
    assert (file.key, file.outcome) == (key, "lost")
    assert rig.files() == {}


def test_an_unknown_trail_is_refused(rig: Rig) -> None:
    with pytest.raises(AwsError, match="TrailNotFoundException"):
        list(redelivery(rig).redeliver(TrailId("111122223333", "us-east-1", "nobody"), 0, 1))
