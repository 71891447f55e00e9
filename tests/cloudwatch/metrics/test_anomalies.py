import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cloudwatch.metrics.made import ACCOUNT, NAMESPACE, REGION, datum, put

from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.metrics.anomalies.band import VALUES_MIN, Expectation
from cairn.cloudwatch.metrics.data import get_metric_data
from cairn.cloudwatch.metrics.operations import operations
from cairn.cloudwatch.metrics.queries import parse_queries
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.wire.operation import Context

HOUR, DAY, WEEK = 3_600, 86_400, 7 * 86_400
MONDAY = 4 * DAY  # the first after the epoch

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(store: MetricStore) -> Call:
    doors = operations(store)

    def call(operation: str, account: str = ACCOUNT, **params: Any) -> dict[str, Any]:
        return dict(doors[operation](Context(account, REGION), params))

    return call


def test_the_band_is_that_of_the_hour_of_the_week() -> None:
    points = {MONDAY + hour * HOUR: float(hour % 168) + (hour // 168) for hour in range(2 * 168)}
    (upper, lower) = Expectation(points).band([MONDAY + 2 * WEEK + 30 * HOUR], 2)
    assert list(upper.values()) == [pytest.approx(30.5 + 2 * 0.5)]
    assert list(lower.values()) == [pytest.approx(30.5 - 2 * 0.5)]


def test_with_less_than_two_weeks_it_is_that_of_the_hour_of_the_day_and_else_that_of_always() -> None:
    daily = {MONDAY + hour * HOUR: 100.0 * (hour % 24) for hour in range(72)}
    assert list(Expectation(daily).band([MONDAY + 80 * HOUR], 3)[0].values()) == [pytest.approx(800)]
    once = {MONDAY + hour * HOUR: float(hour) for hour in range(24)}
    mean, deviation = statistics.fmean(once.values()), statistics.pstdev(once.values())
    assert list(Expectation(once).band([MONDAY + DAY], 1)[1].values()) == [pytest.approx(mean - deviation)]
    few = dict(list(once.items())[: VALUES_MIN - 1])
    assert Expectation(few).band([MONDAY + DAY], 1) == ({}, {})


def test_days_begin_in_the_zone_of_the_detector() -> None:
    daily = {MONDAY + hour * HOUR: 100.0 * (hour % 24) for hour in range(72)}
    shifted = Expectation(daily, lambda time: 5 * HOUR)
    assert list(shifted.band([MONDAY + 80 * HOUR], 3)[0].values()) == [pytest.approx(800)]


@given(st.lists(st.floats(-1e6, 1e6), min_size=VALUES_MIN, max_size=80))
def test_means_and_deviations_are_those_of_the_values(values: list[float]) -> None:
    found = Expectation({MONDAY + number: value for number, value in enumerate(values)})
    upper, lower = found.band([MONDAY], 1)
    assert upper[MONDAY] + lower[MONDAY] == pytest.approx(2 * statistics.fmean(values), abs=1e-3)
    assert upper[MONDAY] - lower[MONDAY] == pytest.approx(2 * statistics.pstdev(values), abs=1e-3)


def single(name: str = "Orders", stat: str = "Sum") -> dict[str, Any]:
    return {"Namespace": NAMESPACE, "MetricName": name, "Stat": stat}


def fortnight(store: MetricStore, clock: TestClock) -> int:
    """Two weeks of hours, each with as many orders as its number in the day says. Returns now, a full hour."""
    end = int(clock.now() // HOUR + 1) * HOUR
    put(store, *(datum(end - number * HOUR, float((end - number * HOUR) // HOUR % 24)) for number in range(1, 336)))
    clock.advance(end - clock.now())
    return end


def test_a_metric_that_leaves_its_band_is_found_by_an_expression(store: MetricStore, clock: TestClock) -> None:
    now = fortnight(store, clock)
    stat = {"Metric": {"Namespace": NAMESPACE, "MetricName": "Orders"}, "Period": 3_600, "Stat": "Sum"}
    queries = parse_queries(
        [
            {"Id": "m1", "MetricStat": stat, "ReturnData": False},
            {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"},
            {"Id": "wide", "Expression": "FIRST(band) - LAST(band)"},
            {"Id": "odd", "Expression": "IF(m1 > FIRST(band) OR m1 < LAST(band), 1, 0)"},
        ],
        ACCOUNT,
        REGION,
    )
    put(store, datum(now, 500.0))
    clock.advance(30 * 60)
    found = get_metric_data(store, ACCOUNT, REGION, queries, now - HOUR, now + HOUR)
    assert [(each.id, each.label) for each in found[:2]] == [("band", "Orders (expected)")] * 2
    hour = now // HOUR % 24
    assert found[0].points[now] == pytest.approx(hour)
    assert [each.id for each in found[2:]] == ["wide", "odd"]
    assert found[3].points == {now - HOUR: 0.0, now: 1.0}


def test_what_was_learned_is_remembered_for_the_hour(store: MetricStore, clock: TestClock) -> None:
    now = fortnight(store, clock)
    stat = {"Metric": {"Namespace": NAMESPACE, "MetricName": "Orders"}, "Period": 300, "Stat": "Sum"}
    queries = parse_queries(
        [
            {"Id": "m1", "MetricStat": stat, "ReturnData": False},
            {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m1)"},
        ],
        ACCOUNT,
        REGION,
    )

    def upper(after: float) -> list[float]:
        return list(get_metric_data(store, ACCOUNT, REGION, queries, now + after - 300, now + after)[0].points.values())

    before = upper(600)
    put(store, *(datum(now - number * HOUR, 1e6) for number in range(1, 336)))
    assert upper(900) == before
    clock.advance(2 * HOUR)
    assert upper(2 * HOUR) > before


def test_detectors(call: Call, store: MetricStore, clock: TestClock) -> None:
    now = fortnight(store, clock)
    excluded = {"StartTime": datetime.fromtimestamp(now - WEEK, UTC), "EndTime": datetime.fromtimestamp(now, UTC)}
    made = call(
        "PutAnomalyDetector",
        SingleMetricAnomalyDetector=single(),
        Configuration={"ExcludedTimeRanges": [excluded], "MetricTimezone": "UTC"},
    )
    old = call("PutAnomalyDetector", **single("Visits", "p99"), Dimensions=[{"Name": "a", "Value": "b"}])
    assert call("PutAnomalyDetector", **single())["AnomalyDetectorId"] == made["AnomalyDetectorId"]
    found = call("DescribeAnomalyDetectors")["AnomalyDetectors"]
    assert [(each["MetricName"], each["Stat"], each["StateValue"]) for each in found] == [
        ("Orders", "Sum", "TRAINED"),
        ("Visits", "p99", "TRAINED_INSUFFICIENT_DATA"),
    ]
    assert found[0]["Configuration"] == {}  # the last put counts
    assert found[1]["SingleMetricAnomalyDetector"]["Dimensions"] == [{"Name": "a", "Value": "b"}]
    first = call("DescribeAnomalyDetectors", MaxResults=1)
    second = call("DescribeAnomalyDetectors", MaxResults=1, NextToken=first["NextToken"])
    assert [each["MetricName"] for each in second["AnomalyDetectors"]] == ["Visits"]
    assert "NextToken" not in second
    by_id = call("DescribeAnomalyDetectors", AnomalyDetectorIds=[old["AnomalyDetectorId"]])["AnomalyDetectors"]
    assert [each["MetricName"] for each in by_id] == ["Visits"]
    assert call("DescribeAnomalyDetectors", AnomalyDetectorTypes=["METRIC_MATH"])["AnomalyDetectors"] == []
    assert call("DescribeAnomalyDetectors", "444455556666")["AnomalyDetectors"] == []
    with pytest.raises(AwsError, match="ResourceNotFound"):
        call("DeleteAnomalyDetector", "444455556666", SingleMetricAnomalyDetector=single())
    call("DeleteAnomalyDetector", SingleMetricAnomalyDetector=single())
    call("DeleteAnomalyDetector", AnomalyDetectorId=old["AnomalyDetectorId"])
    assert call("DescribeAnomalyDetectors")["AnomalyDetectors"] == []


def test_excluded_times_are_not_learned_from(call: Call, store: MetricStore, clock: TestClock) -> None:
    now = fortnight(store, clock)
    whole = {"StartTime": datetime.fromtimestamp(now - 15 * DAY, UTC), "EndTime": datetime.fromtimestamp(now, UTC)}
    call("PutAnomalyDetector", **single(), Configuration={"ExcludedTimeRanges": [whole]})
    (found,) = call("DescribeAnomalyDetectors")["AnomalyDetectors"]
    assert found["StateValue"] == "TRAINED_INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "The parameter Namespace is required."),
        ({"SingleMetricAnomalyDetector": {"Namespace": "a", "MetricName": "b"}}, "AnomalyDetector.Stat is required."),
        ({"SingleMetricAnomalyDetector": single(), "Namespace": "a"}, "are mutually exclusive"),
        (single(stat="Mean"), "The value Mean for parameter Stat"),
        (single() | {"Configuration": {"MetricTimezone": "Mars/Olympus"}}, "MetricTimezone is invalid."),
        ({"MetricMathAnomalyDetector": {}}, "are not supported by this version"),
    ],
)
def test_detectors_that_are_refused(call: Call, params: dict[str, Any], message: str) -> None:
    with pytest.raises(AwsError) as caught:
        call("PutAnomalyDetector", **params)
    assert message in caught.value.message
