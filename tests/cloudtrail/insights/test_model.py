"""The distribution against its own definition, and hours against a dictionary."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from cairn.cloudtrail.insights.baseline import Series, Watch
from cairn.cloudtrail.insights.hours import HOURS_KEPT, Hours
from cairn.cloudtrail.insights.model import tail, usual

DAY = 1440


def naive_tail(calls: int, mean: float, dispersion: float) -> float:
    """1 minus the terms below, by the recurrence of the negative binomial distribution."""
    size = 1 / dispersion
    chance = size / (size + mean)
    term = chance**size
    below = 0.0
    for count in range(calls):
        below += term
        term *= (count + size) / (count + 1) * (1 - chance)
    return 1 - below


@given(st.floats(0.1, 60), st.floats(0.02, 3), st.integers(1, 200))
def test_the_tail_is_a_close_bound(mean: float, dispersion: float, calls: int) -> None:
    truth = naive_tail(calls, mean, dispersion)
    found = tail(calls, mean, dispersion)
    assert found >= truth - 1e-9
    deviation = math.sqrt(mean + dispersion * mean * mean)
    if calls > mean + 4 * deviation and truth > 1e-9:
        assert found < 2.5 * truth


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 70_000)), max_size=300))
def test_hours_are_as_a_dictionary_has_them(added: list[tuple[int, int]]) -> None:
    hours, naive, newest = Hours(), dict[int, int](), 0
    for hour, calls in added:
        hour += 10_000
        if hour > newest - HOURS_KEPT:
            newest = max(newest, hour)
            naive[hour] = naive.get(hour, 0) + calls
            naive = {at: count for at, count in naive.items() if at > newest - HOURS_KEPT}
        hours.add(hour, calls)
    assert [hours.at(hour) for hour in range(9_990, 10_610)] == [naive.get(hour, 0) for hour in range(9_990, 10_610)]
    assert hours.total() == sum(naive.values())
    assert hours.between(10_100, 10_400) == sum(count for hour, count in naive.items() if 10_100 <= hour < 10_400)


def test_quiet_hours_are_listed_and_busy_ones_are_not() -> None:
    quiet, busy = Hours(), Hours()
    for hour in range(0, 200, 20):
        quiet.add(1000 + hour, 3)
    for hour in range(200):
        busy.add(1000 + hour, 3)
    assert len(quiet.cells) == 10
    assert busy.cells.typecode == "H"
    busy.add(1199, 100_000)
    assert busy.cells.typecode == "I"
    assert busy.at(1199) == 100_003
    for day in range(1, 10):
        busy.add(1199 + 24 * day, 1)
    assert busy.cells.typecode == "Q", "it became quiet"


def test_a_series_that_was_never_seen_has_no_mean_and_needs_many_calls() -> None:
    watch = Watch(first=0, last=20 * DAY, heard=20 * DAY, series=30)
    nothing = usual(Series(born=480, hour=480), watch, 20 * DAY)
    assert nothing.mean == 0
    assert not nothing.unusual(30)
    assert nothing.unusual(200)
