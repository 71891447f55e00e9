"""What is told of owners whose jobs fail."""

from __future__ import annotations

import pytest

from cairn.core.clock import TestClock
from cairn.core.lanes import JobFailed, Lanes


def fails(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("errors", "following", "retry_s"),
    [
        ([ValueError("x")], "(1 in a row), next in 1 s: ValueError: x", 1),
        ([ValueError("x")] * 4, "(4 in a row), next in 8 s: ValueError: x", 8),
        ([JobFailed("x", 20.0)] * 2, "(2 in a row), next in 20 s: JobFailed: x", 20),
        ([JobFailed("x", None)], "(1 in a row), not tried again: JobFailed: x", 0),
    ],
)
def test_the_warning_says_when_a_job_is_tried_again(
    clock: TestClock, caplog: pytest.LogCaptureFixture, errors: list[Exception], following: str, retry_s: float
) -> None:
    lanes: Lanes[str] = Lanes(clock, "sns", owner="subscription")
    for error in errors:
        lanes.start("a", lambda error=error: fails(error))
        lanes.settle(30)
    assert caplog.messages[-1] == f"sns for subscription a failed {following}"
    assert lanes.troubles["a"].retry_at == clock.monotonic() + retry_s
    lanes.start("a", lambda: None)
    lanes.settle(30)
    assert lanes.troubles == {}
    lanes.close()
