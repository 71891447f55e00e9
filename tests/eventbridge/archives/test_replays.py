"""Replays: what AWS answers of them, and that each event of the window comes once, in the order of the times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.eventbridge.archives.rig import BUS, ORDERS, Rig, as_times
from tests.eventbridge.calls import ACCOUNT, REGION

from cairn.core.clock import TestClock
from cairn.eventbridge.archives import replaying
from cairn.eventbridge.archives.tables import archived


def start(rig: Rig, **changes: Any) -> dict[str, Any]:
    times = {"EventStartTime": rig.clock.now() - 100, "EventEndTime": rig.clock.now()}
    given = {"ReplayName": "r", "EventSourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:archive/a"}
    return given | {"Destination": {"Arn": BUS.arn}} | as_times(times) | changes


def numbers(rig: Rig, rule: str) -> list[int]:
    return [event["detail"]["n"] for name, event in rig.owed() if name == rule]


def test_large_events_are_replayed_a_few_at_a_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = rig.archive()
    rig.put(*[rig.event(number, ago_s=50 - number) for number in range(5)])
    rig.rule("every")
    rig.replay(archive, **as_times({"EventStartTime": rig.clock.now() - 100, "EventEndTime": rig.clock.now()}))
    size = rig.call("DescribeArchive", ArchiveName="a")["SizeBytes"] // 5
    for most, found in ((2 * size, [0, 1]), (1, [0, 1, 2]), (1 << 20, [0, 1, 2, 3, 4])):
        monkeypatch.setattr(replaying, "BYTES_TOGETHER", most)
        rig.replayer.step()
        assert numbers(rig, "every") == found


def test_a_replay_gives_the_events_of_its_window_to_the_bus_again(rig: Rig) -> None:
    archive = rig.archive()
    ages = [50, 300, 100, 200, 200, 400, 350]
    rig.put(*[rig.event(number, ago_s=age) for number, age in enumerate(ages)])
    rig.rule("every")
    now = rig.clock.now()
    times = as_times({"EventStartTime": now - 350, "EventEndTime": now - 100})
    started = rig.replay(archive, Description="d", **times)
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:replay/r"
    assert started == {"ReplayArn": arn, "State": "STARTING", "ReplayStartTime": now}
    rig.replayer.step()
    assert rig.state_of() == "RUNNING"
    rig.clock.advance(3)
    rig.run()
    assert numbers(rig, "every") == [6, 1, 3, 4, 2]
    for _, event in rig.owed():
        assert event["replay-name"] == "r"
        assert list(event)[6:8] == ["region", "replay-name"]
    listed = {
        "ReplayName": "r",
        "EventSourceArn": archive,
        "State": "COMPLETED",
        "EventStartTime": now - 350,
        "EventEndTime": now - 100,
        "EventLastReplayedTime": int(now) - 100,
        "ReplayStartTime": now,
        "ReplayEndTime": now + 3,
    }
    assert rig.call("ListReplays") == {"Replays": [listed]}
    assert rig.call("DescribeReplay", ReplayName="r") == {
        **listed,
        "ReplayArn": arn,
        "Description": "d",
        "Destination": {"Arn": BUS.arn},
    }


def test_replayed_events_are_not_archived_again(rig: Rig) -> None:
    archive = rig.archive()
    rig.put(rig.event(1))
    rig.rule("every")
    rig.replay(archive)
    rig.run()
    assert numbers(rig, "every") == [1]
    assert len(rig.held()) == 1


def test_only_the_rules_that_are_named_see_a_replay(rig: Rig) -> None:
    rig.call("CreateEventBus", Name="orders")
    archive = rig.archive(bus=ORDERS)
    rig.put(rig.event(1), bus=ORDERS)
    wanted = rig.rule("wanted", ORDERS)
    rig.rule("other", ORDERS)
    rig.replay(archive, bus=ORDERS, rules=[wanted])
    rig.run()
    assert [rule for rule, _ in rig.owed()] == ["wanted"]
    assert rig.call("DescribeReplay", ReplayName="r")["Destination"] == {"Arn": ORDERS.arn, "FilterArns": [wanted]}


def test_a_long_replay_holds_little_and_goes_on_where_it_was_interrupted(
    rig: Rig, tmp_path: Path, clock: TestClock
) -> None:
    archive = rig.archive()
    rig.put(*[rig.event(number, ago_s=number % 7) for number in range(250)])
    rig.rule("every")
    rig.replay(archive)
    rig.replayer.step()
    assert len(rig.owed()) == 100
    rig.put(rig.event(1000, ago_s=500))
    another = Rig(tmp_path, clock)
    another.run()
    another.close()
    assert sorted(numbers(rig, "every")) == sorted([*range(250), 1000])
    assert rig.state_of() == "COMPLETED"


def test_large_events_are_few_at_a_time(rig: Rig) -> None:
    archive = rig.archive()
    rig.put(*[rig.event(number, filler=1 << 20) for number in range(6)])
    rig.rule("every")
    rig.replay(archive)
    rig.replayer.step()
    assert numbers(rig, "every") == [0, 1, 2, 3]
    rig.run()
    assert numbers(rig, "every") == list(range(6))


def test_what_breaks_in_the_middle_is_given_again_as_a_whole(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = rig.archive()
    rig.put(*[rig.event(number) for number in range(3)])
    rig.rule("every")
    rig.replay(archive)
    whole = rig.router.put_within

    def broken(*args: Any, **more: Any) -> int:
        whole(*args, **more)
        raise OSError("the disk is full")

    monkeypatch.setattr(rig.router, "put_within", broken)
    with pytest.raises(OSError, match="full"):
        rig.replayer.step()
    assert rig.owed() == []
    monkeypatch.undo()
    rig.run()
    assert numbers(rig, "every") == [0, 1, 2]


def test_a_cancelled_replay_gives_no_more(rig: Rig) -> None:
    archive = rig.archive()
    rig.put(*[rig.event(number) for number in range(150)])
    rig.rule("every")
    rig.replay(archive)
    rig.replayer.step()
    arn = f"arn:aws:events:{REGION}:{ACCOUNT}:replay/r"
    assert rig.call("CancelReplay", ReplayName="r") == {"ReplayArn": arn, "State": "CANCELLING"}
    assert rig.state_of() == "CANCELLING"
    rig.run()
    assert rig.state_of() == "CANCELLED"
    assert len(rig.owed()) == 100
    text = "IllegalStatusException: Replay r is not in a valid state for this operation."
    assert rig.refusal("CancelReplay", ReplayName="r") == text


def test_a_replay_whose_archive_goes_away_fails(rig: Rig) -> None:
    archive = rig.archive()
    rig.put(rig.event(1))
    rig.replay(archive)
    rig.call("DeleteArchive", ArchiveName="a")
    rig.run()
    found = rig.call("DescribeReplay", ReplayName="r")
    assert (found["State"], found["StateReason"]) == ("FAILED", "Archive a does not exist.")


def test_a_damaged_event_is_said_to_be_one(rig: Rig) -> None:
    archive = rig.archive()
    rig.put(rig.event(1))
    with rig.state.write() as connection:
        connection.execute(sa.update(archived).values(packed=b"\x01xx"))
    rig.replay(archive)
    rig.run()
    found = rig.call("DescribeReplay", ReplayName="r")
    assert found["State"] == "FAILED"
    assert "damaged" in found["StateReason"]


def test_what_aws_refuses(rig: Rig) -> None:
    rig.archive()
    rig.call("CreateEventBus", Name="orders")
    gone = ORDERS.arn.replace("orders", "gone")

    def refused(**changes: Any) -> str:
        return rig.refusal("StartReplay", **start(rig, **changes))

    assert refused(Destination={"Arn": gone}) == "ResourceNotFoundException: Event bus gone does not exist."
    text = "ValidationException: Parameter Destination.Arn is not valid. Reason: "
    assert refused(Destination={"Arn": ORDERS.arn}) == f"{text}Cross event bus replay is not permitted."
    assert refused(Destination={"Arn": "x"}) == f"{text}Must contain an event bus ARN."
    text = "ValidationException: Parameter EventSourceArn is not valid. Reason: Archive b does not exist."
    assert refused(EventSourceArn=start(rig)["EventSourceArn"][:-1] + "b") == text
    text = "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."
    for later in (0, 10):
        times = as_times({"EventStartTime": rig.clock.now() + later, "EventEndTime": rig.clock.now()})
        assert refused(**times) == f"ValidationException: {text}"
    rig.call("StartReplay", **start(rig))
    assert refused() == "ResourceAlreadyExistsException: Replay r already exists."
    assert rig.refusal("DescribeReplay", ReplayName="x") == "ResourceNotFoundException: Replay x does not exist."
    assert rig.refusal("CancelReplay", ReplayName="x") == "ResourceNotFoundException: Replay x does not exist."
    two = rig.refusal("ListReplays", NamePrefix="r", State="RUNNING")
    assert two.startswith("ValidationException: At most one filter is allowed for ListReplays.")


def test_ten_replays_may_be_under_way(rig: Rig) -> None:
    archive = rig.archive()
    for number in range(10):
        rig.replay(archive, f"r{number}")
    assert rig.refusal("StartReplay", **start(rig)).startswith("LimitExceededException")
    rig.run()
    rig.replay(archive)


def test_lists_come_in_pages(rig: Rig) -> None:
    archive = rig.archive()
    for name in ("r-2", "r-0", "q", "r-1"):
        rig.replay(archive, name)
    rig.run()

    def names(**params: object) -> list[str]:
        return [each["ReplayName"] for each in rig.call("ListReplays", **params)["Replays"]]

    page = rig.call("ListReplays", Limit=3)
    assert names(Limit=3) + names(NextToken=page["NextToken"]) == ["q", "r-0", "r-1", "r-2"]
    assert names(NamePrefix="r-") == ["r-0", "r-1", "r-2"]
    assert names(State="RUNNING") == []
    assert names(EventSourceArn=archive, Limit=1) == ["q"]


def test_replays_that_ended_long_ago_are_forgotten(rig: Rig, clock: TestClock) -> None:
    rig.replay(rig.archive())
    rig.run()
    clock.advance(89 * 86400)
    rig.keeper.step()
    assert len(rig.call("ListReplays")["Replays"]) == 1
    clock.advance(2 * 86400)
    rig.keeper.step()
    assert rig.call("ListReplays")["Replays"] == []


def test_while_nothing_is_replayed_nothing_is_read(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.replayer.step()
    monkeypatch.setattr(rig.state, "read", None)
    assert rig.replayer.step() > 0
