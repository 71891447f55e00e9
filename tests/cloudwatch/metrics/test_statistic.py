import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudwatch.metrics.statistic import parse_statistic
from cairn.cloudwatch.metrics.summary import Summary

ONE_TO_TEN = [float(number) for number in range(1, 11)]


def of(name: str, *values: float) -> float | None:
    statistic = parse_statistic(name)
    assert statistic is not None, name
    return statistic.of(Summary.of_values([(value, 1.0) for value in values]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SampleCount", 10),
        ("Average", 5.5),
        ("Sum", 55),
        ("Minimum", 1),
        ("Maximum", 10),
        ("p50", 5),
        ("p90", 9),
        ("p99.9", 10),
        ("p0", 1),
        ("p100", 10),
        ("tm90", 5),
        ("TM(10%:90%)", 5.5),
        ("TM(80%:)", 9.5),
        ("TM(:95%)", 5.5),
        ("IQM", 5.5),
        ("TM(2:5)", 4),
        ("wm90", 5.4),
        ("WM(10%:90%)", 5.5),
        ("WM(2:9)", 5.5),
        ("tc90", 9),
        ("TC(2:5)", 3),
        ("TC(200:500)", 0),
        ("ts90", 45),
        ("TS(80%:)", 19),
        ("PR(:3)", 30),
        ("PR(3:)", 70),
        ("PR(2:5)", 30),
    ],
)
def test_statistics_of_one_to_ten(name: str, expected: float) -> None:
    assert of(name, *ONE_TO_TEN) == pytest.approx(expected)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "sum",
        "p",
        "p101",
        "p-1",
        "pr90",
        "tm0",
        "TM()",
        "TM(:)",
        "TM(90%:10%)",
        "TM(10%:200)",
        "PR(10%:)",
        "TM(:101%)",
        "x90",
        "p90 ",
        "TM(5:5)",
        "p٣",
    ],
)
def test_there_are_no_such_statistics(name: str) -> None:
    assert parse_statistic(name) is None


def test_equal_values_are_trimmed_to_themselves() -> None:
    assert of("TM(10%:90%)", *[1.0] * 10) == 1
    assert of("TC(10%:90%)", *[1.0] * 10) == 8


def test_what_is_not_known_has_no_percentile() -> None:
    unknown = Summary.of_statistics(10, 50, 1, 9)
    statistic = parse_statistic("p50")
    assert statistic is not None
    assert statistic.of(unknown) is None
    assert of("p50", -1.0, 2.0) is None
    assert of("p50", -1.0) is None
    assert of("TM(200:)", *ONE_TO_TEN) is None


values = st.lists(st.one_of(st.integers(0, 20).map(float), st.floats(0, 1e6)), min_size=1, max_size=60)
percents = st.integers(0, 1000).map(lambda tenths: tenths / 10)


@given(values, percents)
def test_percentiles_are_of_nearest_rank(values: list[float], percent: float) -> None:
    rank = max(math.ceil(round(len(values) * percent / 100, 9)), 1)
    assert of(f"p{percent}", *values) == sorted(values)[rank - 1]


@given(values, percents, percents)
@settings(max_examples=200)
def test_trimming_is_as_if_every_value_stood_alone(values: list[float], low: float, high: float) -> None:
    low, high = sorted((low, high))
    if low == high:
        return
    below = math.floor(round(len(values) * low / 100, 6))
    above = math.floor(round(len(values) * (100 - high) / 100, 6))
    ordered = sorted(values)
    kept = ordered[below : len(values) - above]
    bounds = f"({low}%:{high}%)"
    assert of(f"TC{bounds}", *values) == len(kept)
    assert of(f"TS{bounds}", *values) == pytest.approx(sum(kept))
    assert of(f"TM{bounds}", *values) == pytest.approx(sum(kept) / len(kept))
    clamped = [min(max(value, kept[0]), kept[-1]) for value in values]
    assert of(f"WM{bounds}", *values) == pytest.approx(sum(clamped) / len(clamped))


@given(values, st.floats(0, 100), st.floats(0, 100))
def test_absolute_bounds_exclude_below_and_include_above(values: list[float], low: float, high: float) -> None:
    low, high = sorted((round(low, 3), round(high, 3)))
    if low == high:
        return
    kept = [value for value in values if low < value <= high]
    bounds = f"({low}:{high})"
    assert of(f"TC{bounds}", *values) == len(kept)
    assert of(f"PR{bounds}", *values) == pytest.approx(len(kept) / len(values) * 100)
    mean = of(f"TM{bounds}", *values)
    assert mean == (pytest.approx(sum(kept) / len(kept)) if kept else None)
