"""The most frequent values, in bounded memory."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cairn.cloudtrail.insights.attributions import (
    LEARNT_PLACES,
    PLACES,
    Learnt,
    Share,
    Sketch,
    Values,
    attributed_arn,
    attributes_of,
)
from cairn.cloudtrail.insights.series import CALL_RATE, DATA, ERROR_RATE, Call, SeriesKey


def test_sessions_of_a_role_are_one() -> None:
    role = "arn:aws:sts::111122223333:assumed-role/Deploy"
    assert attributed_arn(f"{role}/session-1") == role
    assert attributed_arn(role) == role
    assert attributed_arn("arn:aws:iam::111122223333:user/a/b") == "arn:aws:iam::111122223333:user/a/b"


@given(st.lists(st.integers(0, 60), max_size=400))
def test_frequent_values_are_never_missed(agents: list[int]) -> None:
    sketch = Sketch()
    for agent in agents:
        sketch.add(Call(user_agent=f"agent/{agent}"))
    truth = Counter(f"agent/{agent}" for agent in agents)
    counts = sketch.counts[1]
    assert len(counts) <= PLACES
    for agent, calls in truth.items():
        if calls > len(agents) / PLACES:
            assert calls <= counts[agent] <= calls + len(agents) / PLACES
    if len(truth) <= PLACES:
        assert counts == truth


def test_calls_without_an_error_are_of_the_error_null() -> None:
    sketch = Sketch()
    sketch.add(Call("arn:aws:iam::1:user/a", "cli", ""), 3)
    sketch.add(Call("arn:aws:iam::1:user/a", "cli", "AccessDenied"))
    assert sketch.top(2, 2) == [Share("null", 1.5), Share("AccessDenied", 0.5)]
    assert sketch.top(0, 2) == [Share("arn:aws:iam::1:user/a", 2.0)]


def test_a_baseline_keeps_few_values_and_shares_its_average_out() -> None:
    learnt, values = Learnt(), Values()
    for number in range(40):
        learnt.add(0, values.number(f"user-{number}"), 1)
    for _ in range(100):
        learnt.add(0, values.number("often"), 1)
    learnt.add(1, values.number("agent"), 7)
    assert len(list(learnt.numbers())) == LEARNT_PLACES + 1
    first, *others = learnt.top(0, values, 10.0)
    assert first.value == "often"
    assert first.average > 7
    assert len(others) == 4
    assert learnt.top(1, values, 10.0) == [Share("agent", 10.0)]


def test_a_single_call_is_forgotten_after_its_week() -> None:
    learnt, values = Learnt(), Values()
    learnt.add(0, values.number("once"), 1)
    for _ in range(7):
        learnt.fade(6 / 7)
    assert learnt.top(0, values, 1.0)
    learnt.fade(6 / 7)
    assert not learnt.top(0, values, 1.0)


def test_error_rates_have_no_error_codes_and_only_data_has_resources() -> None:
    key = SeriesKey("111122223333", "us-east-1", "s3.amazonaws.com", "PutObject", CALL_RATE)
    assert attributes_of(key) == (0, 1, 2)
    assert attributes_of(key._replace(insight_type=ERROR_RATE, error_code="AccessDenied")) == (0, 1)
    assert attributes_of(key._replace(category=DATA)) == (0, 1, 2, 3)
