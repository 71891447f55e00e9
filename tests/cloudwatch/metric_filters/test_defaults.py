"""Open minutes: when a minute is over, and which puts are still needed."""

from __future__ import annotations

import pytest
from tests.cloudwatch.metric_filters.rig import ACCOUNT, MINUTE, REGION

from cairn.cloudwatch.logs import GroupId, LogBatch, LogEvent
from cairn.cloudwatch.metric_filters import defaults
from cairn.cloudwatch.metric_filters.defaults import GRACE_S, Minute, OpenMinutes, Puts

GROUP = GroupId(ACCOUNT, REGION, "audit")
ROW = 7


def batch(seq: int, *at: float, came: float = MINUTE + 30) -> LogBatch:
    events = [LogEvent(int(second * 1000), "m") for second in at]
    return LogBatch(seq, GROUP, ROW, "stream", int(came * 1000), events)


def over(minutes: OpenMinutes, now: float) -> list[int]:
    return [minute.start for minute, _ in minutes.over(now)]


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        (MINUTE + 1, MINUTE + 60),
        (MINUTE - 3600, MINUTE + 60),  # with the minute in which it came
        (MINUTE + 61, MINUTE + 120),  # the client's clock is a little ahead
        (MINUTE + 7000, MINUTE + 120),  # far ahead: nobody waits for that
    ],
)
def test_when_a_minute_is_over(at: float, ends: float) -> None:
    minutes = OpenMinutes()
    minutes.note(batch(1, at))
    start = int(at - at % 60)
    assert over(minutes, ends + GRACE_S - 0.1) == []
    assert over(minutes, ends + GRACE_S) == [start]


def test_the_first_put_of_what_is_open_is_needed() -> None:
    minutes = OpenMinutes()
    assert minutes.first is None
    minutes.note(batch(5, MINUTE))
    minutes.note(batch(6, MINUTE, MINUTE - 60))
    minutes.note(batch(5, MINUTE))  # once more
    assert minutes.first == 5
    assert dict(minutes.over(MINUTE + 70)) == {
        Minute(ROW, MINUTE): Puts(5, 6, MINUTE + 62),
        Minute(ROW, MINUTE - 60): Puts(6, 6, MINUTE + 62),
    }
    minutes.close([Minute(ROW, MINUTE)])
    assert minutes.first == 6
    minutes.close([Minute(ROW, MINUTE - 60)])
    assert minutes.first is None


def test_there_are_only_so_many_open_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "OPEN_MAX", 3)
    minutes = OpenMinutes()
    for number in range(5):
        minutes.note(batch(number, MINUTE - 60 * number))
    assert over(minutes, MINUTE + 30) == [MINUTE, MINUTE - 60]
