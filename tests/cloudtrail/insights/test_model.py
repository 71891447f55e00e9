"""The distribution against its own definition, and hours against a dictionary."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from cairn.cloudtrail.insights.baseline import Series, Watch
from cairn.cloudtrail.insights.expectation import HALF_HOUR, expected, least
from cairn.cloudtrail.insights.hours import HOURS_KEPT, Hours
from cairn.cloudtrail.insights.model import Usual, settle, tail, usual

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


def test_load_that_wanders_up_is_no_burst() -> None:
    one = Usual(mean=10, dispersion=0.05, error=0.05, excess=5, highest=40, sparse=False, chance=1e-7)
    assert one.unusual(60, 1, lately=12)
    assert not one.unusual(60, 1, lately=35)
    assert one.unusual(110, 2, lately=12)
    assert not one.unusual(110, 2, lately=35)


def test_scatter_is_that_of_minutes_and_not_of_the_rising_of_a_day() -> None:
    dice = random.Random(3)
    watch = Watch(first=0, last=0, heard=0)
    series = Series(born=0, hour=0)
    for minute in range(DAY):
        within = minute % 60
        if minute and not within:
            settle(series, watch)
            series.move(minute // 60)
        series.take_minute(within, 20 + 3 * abs(minute % 120 - 60) + dice.randrange(-3, 4))
    settle(series, watch)
    assert abs(usual(series, watch, DAY).dispersion) < 0.02
    assert series.surplus / series.scale < 0.005


def days_of_work(watch: Watch, days: int) -> Series:
    """Sixty calls an hour at night, and from nine on 6,000."""
    series = Series(born=0, hour=0)
    for hour in range(days * 24):
        series.hours.add(hour, 6000 if 9 <= hour % 24 < 17 else 60)
    series.hour = days * 24
    watch.last = watch.heard = days * DAY
    return series


def test_a_day_may_begin_earlier_than_a_week_before() -> None:
    watch = Watch(first=0, last=0, heard=0)
    series = days_of_work(watch, 10)
    assert expected(series, watch, 10 * DAY + 4 * 60) < 5, "in the night"
    assert expected(series, watch, 10 * DAY + 9 * 60 - 10) > 60, "more than half of what nine o'clock has"


def test_where_the_week_before_was_an_outage_other_days_say_what_is_usual() -> None:
    watch = Watch(first=0, last=0, heard=0)
    series = days_of_work(watch, 10)
    watch.missed = {3 * 24 + 9: 40, 3 * 24 + 10: 60}
    assert expected(series, watch, 10 * DAY + 9 * 60 + 40) >= 100


def test_growth_is_known_after_an_outage_too() -> None:
    watch = Watch(first=0, last=0, heard=0)
    series = Series(born=0, hour=0)
    for hour in range(14 * 24):
        series.hours.add(hour, 600 if hour < 7 * 24 else 1800)
    series.hour = 14 * 24 + 12
    for hour in range(14 * 24, 14 * 24 + 12):
        series.hours.add(hour, 5400)
    watch.last = watch.heard = 14 * DAY + 12 * 60
    watch.missed = {14 * 24 + 10: 60, 14 * 24 + 11: 30}
    assert expected(series, watch, 14 * DAY + 12 * 60) > 80


def test_the_hours_of_an_outage_are_none_as_soon_as_it_is_over() -> None:
    watch = Watch(first=0, last=0, heard=0)
    for hour in range(10 * 24):
        watch.hours.add(hour, 600)
    watch.last = watch.heard = 10 * DAY - 1
    assert watch.minutes(10 * 24 + 1) == 60
    watch.hear(10 * DAY + 150)
    assert [watch.minutes(10 * 24 + hour) for hour in range(4)] == [0, 0, 30, 60]
    watch.take_minute(10 * DAY + 150, 10)
    assert [watch.minutes(10 * 24 + hour) for hour in range(4)] == [0, 0, 30, 60], "learnt, and not counted twice"


def test_the_bound_is_below_what_is_expected() -> None:
    """Also where an outage began in the hour after, a week before: other days say what is expected then."""
    hour = 10 * 24
    watch = Watch(first=0, last=hour * 60 - 1, heard=hour * 60 - 1)
    series = Series(born=0, hour=hour)
    for at in range(hour):
        series.hours.add(at, 6000 if at in (hour - 169, hour - 168) else 6)
    for lost in ({}, {hour - 167: 60}, {hour - 169: 60}):
        watch.missed = lost
        for half in (hour * 60, hour * 60 + HALF_HOUR):
            bound = least(series, watch, half)
            assert all(bound <= expected(series, watch, minute) for minute in range(half, half + HALF_HOUR))
    watch.missed = {}
    assert least(series, watch, hour * 60) > 90
