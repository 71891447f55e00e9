import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudwatch.metrics.made import MINUTE, NOW, datum, metric, points, put

from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.metrics.periods import is_period, over_units, read_periods, round_start
from cairn.cloudwatch.metrics.rollup import PAUSE_S, RollUp
from cairn.cloudwatch.metrics.summary import Summary
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.core.clock import TestClock
from cairn.core.state import State

HOUR, DAY = 3_600, 86_400


def read(store: MetricStore, start: float, end: float, period: int) -> dict[int, float]:
    """Sums by period."""
    with store.state.read() as connection:
        found = read_periods(store, connection, metric(), int(start), end, period)
    return {time: summary.sum for time, summary in over_units(found).items()}


@pytest.mark.parametrize(("period", "valid"), [(1, True), (20, True), (2, False), (0, False), (90, False), (180, True)])
def test_periods_that_there_are(period: int, valid: bool) -> None:
    assert is_period(period) is valid


@pytest.mark.parametrize(
    ("ago", "period", "rounded"),
    [
        (0, 60, MINUTE),
        (0, 300, MINUTE),  # periods of minutes begin where the question does
        (0, 10, NOW),
        (7, 10, NOW - 10),
        (7, 1, NOW - 7),
        (15 * DAY, 300, NOW - 15 * DAY - 200 % 300),
        (63 * DAY, 3_600, NOW - 63 * DAY - NOW % 3_600),
    ],
)
def test_starts_are_rounded_down(ago: float, period: int, rounded: float) -> None:
    assert round_start(NOW - ago, period, NOW) == rounded


def test_a_period_of_ten_seconds_sees_a_metric_of_high_resolution_at_once(store: MetricStore) -> None:
    put(
        store, datum(NOW - 12, 1.0, resolution=1), datum(NOW - 11, 2.0, resolution=1), datum(NOW - 3, 4.0, resolution=1)
    )
    assert read(store, NOW - 20, NOW, 10) == {NOW - 20: 3.0, NOW - 10: 4.0}
    assert read(store, NOW - 20, NOW, 60) == {NOW - 20: 7.0}


def test_a_period_of_ten_seconds_sees_a_metric_of_minutes_at_the_minute(store: MetricStore) -> None:
    put(store, datum(MINUTE + 15, 3.0), datum(MINUTE - 4 * HOUR, 5.0))
    assert read(store, MINUTE - 5 * HOUR, NOW, 10) == {MINUTE: 3.0}


def test_periods_begin_where_the_question_does(store: MetricStore) -> None:
    put(store, *(datum(MINUTE + 60 * number, 1.0) for number in range(10)))
    assert read(store, MINUTE + 60, MINUTE + 540, 300) == {MINUTE + 60: 5.0, MINUTE + 360: 3.0}


def test_old_points_have_no_short_periods(store: MetricStore, clock: TestClock) -> None:
    put(store, datum(MINUTE, 7.0), datum(MINUTE + 1, 5.0, resolution=1))
    hour = MINUTE - MINUTE % HOUR
    for days, resolution in ((16, 300), (64, 3_600)):
        clock.advance(NOW + days * DAY - clock.now())
        step = RollUp(store, clock)
        while step.step() == PAUSE_S:
            pass
        assert [key[1] for key in points(store)] == [resolution]
        assert read(store, hour, hour + HOUR, 60) == {}
        assert sum(read(store, hour, hour + HOUR, resolution).values()) == 12
        assert read(store, hour, hour + DAY, DAY) == {hour: 12.0}
    clock.advance(455 * DAY)
    RollUp(store, clock).step()
    assert points(store) == {}
    with store.state.read() as connection:
        assert store.metrics(connection, "111122223333", "us-east-1", limit=1) == []


def test_a_late_datum_joins_what_was_rolled_up(store: MetricStore, clock: TestClock) -> None:
    put(store, datum(MINUTE, 1.0, resolution=1))
    clock.advance(13 * DAY)
    RollUp(store, clock).step()
    put(store, datum(MINUTE, 2.0, resolution=1))
    assert len(points(store)) == 2
    assert read(store, MINUTE, MINUTE + 60, 60) == {MINUTE: 3.0}
    RollUp(store, clock).step()
    assert [(key[1], summary.sum) for key, summary in points(store).items()] == [(60, 3.0)]


def told(found: dict[str, dict[int, Summary]]) -> dict[tuple[str, int], tuple[float, ...]]:
    return {
        (unit, time): (each.count, each.sum, each.min, each.max)
        for unit, periods in found.items()
        for time, each in periods.items()
    }


data = st.lists(
    st.tuples(st.integers(0, 40 * DAY), st.integers(0, 50).map(float), st.sampled_from([1, 60]), st.sampled_from("ab")),
    min_size=1,
    max_size=40,
)


@given(data, st.lists(st.integers(1, 30 * DAY), max_size=5))
@settings(max_examples=25, deadline=None)
def test_rolling_up_keeps_counts_sums_and_distributions(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, given: list[tuple[int, float, int, str]], waits: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("rolled")
    shutil.copyfile(empty, folder / "metrics.db")
    state, clock = State.in_folder(folder, METRICS), TestClock()
    store = MetricStore(state, clock)
    start = int(NOW // HOUR * HOUR)
    put(store, *(datum(start + time, value, resolution=res, unit=unit) for time, value, res, unit in given))
    for wait in waits:
        clock.advance(wait)
        step = RollUp(store, clock)
        while step.step() == PAUSE_S:
            pass
    by_hour: dict[int, list[float]] = {}
    for time, value, _, _ in given:
        by_hour.setdefault(start + time // HOUR * HOUR, []).append(value)
    with state.read() as connection:
        found = over_units(read_periods(store, connection, metric(), start, start + 41 * DAY, HOUR))
        for period in (60, 300, HOUR, DAY):
            by_rows, by_sums = (
                read_periods(store, connection, metric(), start, start + 41 * DAY, period, spread=spread)
                for spread in (True, False)
            )
            assert told(by_rows) == told(by_sums)
    state.close()
    assert {time: (s.count, s.sum, s.min, s.max) for time, s in found.items()} == {
        time: (len(values), sum(values), min(values), max(values)) for time, values in by_hour.items()
    }
    for time, summary in found.items():
        known = summary.values()
        assert known is not None
        assert [value for value, count in known for _ in range(int(count))] == sorted(by_hour[time])
