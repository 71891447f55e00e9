from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.cloudwatch.metrics.made import ACCOUNT, MINUTE, NOW, REGION, datum, points, put

from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.metrics import data as metric_data
from cairn.cloudwatch.metrics.operations import METRICS_PER_PAGE, operations
from cairn.core.clock import TestClock
from cairn.core.errors import AwsError
from cairn.wire.operation import Context

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def call(store: MetricStore) -> Call:
    doors = operations(store)

    def call(operation: str, account: str = ACCOUNT, **params: Any) -> dict[str, Any]:
        return dict(doors[operation](Context(account, REGION), params))

    return call


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def of(name: str, **more: Any) -> dict[str, Any]:
    return {"MetricName": name, **more}


def put_one(call: Call, **more: Any) -> None:
    call("PutMetricData", Namespace="Shop", MetricData=[of("Orders", **more)])


def window(minutes: float = 5) -> dict[str, datetime]:
    return {"StartTime": at(MINUTE - 60), "EndTime": at(MINUTE + 60 * minutes)}


def stat(id: str, name: str = "Orders", stat: str = "Sum", period: int = 60, **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "Shop", "MetricName": name}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **more}


def expression(id: str, text: str, **more: Any) -> dict[str, Any]:
    return {"Id": id, "Expression": text, **more}


def values(answer: dict[str, Any]) -> list[tuple[str, list[float]]]:
    return [(each["Id"], each["Values"]) for each in answer["MetricDataResults"]]


def refused(call: Call, operation: str, **params: Any) -> tuple[str, str]:
    with pytest.raises(AwsError) as caught:
        call(operation, **params)
    return caught.value.code, caught.value.message


INVALID, MISSING, TOGETHER = (
    "InvalidParameterValueException",
    "MissingRequiredParameterException",
    "InvalidParameterCombinationException",
)
PATH = "MetricData.member.1"
SET = {"SampleCount": 1.0, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0}


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({}, MISSING, f"The parameter {PATH}.Value is required."),
        ({"Value": 1.0, "Values": [1.0]}, TOGETHER, "are mutually exclusive and you have specified both."),
        ({"Value": 1.0, "StatisticValues": SET}, TOGETHER, f"{PATH}.Value and {PATH}.StatisticValues"),
        ({"Value": 1.0, "Counts": [1.0]}, TOGETHER, "Counts is allowed only with"),
        ({"Value": float("inf")}, INVALID, f"The value Infinity for parameter {PATH}.Value is invalid."),
        ({"Value": -(2.0**361)}, INVALID, f"for parameter {PATH}.Value is invalid."),
        ({"Value": 10**400}, INVALID, f"for parameter {PATH}.Value is invalid."),
        ({"Values": [1.0] * 151}, INVALID, f"The collection {PATH}.Values must not have a size greater than 150."),
        ({"Values": [1.0, 2.0], "Counts": [1.0]}, INVALID, "must be of the same size."),
        ({"Values": [1.0, float("nan")]}, INVALID, f"The value NaN for parameter {PATH}.Values.member.2 is invalid."),
        ({"Values": [1.0], "Counts": [-1.0]}, INVALID, f"{PATH}.Counts.member.1 is invalid."),
        ({"Values": []}, MISSING, f"The parameter {PATH}.Values is required."),
        ({"StatisticValues": SET | {"Minimum": 2.0}}, INVALID, "must be greater than or equal to"),
        ({"StatisticValues": SET | {"SampleCount": -1.0}}, INVALID, "SampleCount is invalid."),
        ({"StatisticValues": {"Sum": 1.0}}, MISSING, f"The parameter {PATH}.StatisticValues.SampleCount is required."),
        (
            {"Value": 1.0, "Unit": "Furlongs"},
            INVALID,
            f"The parameter {PATH}.Unit must be a value in the set [ Seconds,",
        ),
        ({"Value": 1.0, "StorageResolution": 5}, INVALID, "StorageResolution must be 1 or 60."),
        ({"Value": 1.0, "Timestamp": at(NOW - 14 * 86_400 - 1)}, INVALID, "no more than two weeks in the past."),
        ({"Value": 1.0, "Timestamp": at(NOW + 7_201)}, INVALID, "no more than two hours in the future."),
        (
            {"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]},
            INVALID,
            "No metric may specify the same dimension name twice.",
        ),
        (
            {"Value": 1.0, "Dimensions": [{"Name": f"n{number}", "Value": "1"} for number in range(31)]},
            INVALID,
            f"The collection {PATH}.Dimensions must not have a size greater than 30.",
        ),
        (
            {"Value": 1.0, "Dimensions": [{"Name": "a", "Value": ""}]},
            MISSING,
            f"The parameter {PATH}.Dimensions.member.1.Value is required.",
        ),
        (
            {"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "x" * 1_025}]},
            INVALID,
            f"The parameter {PATH}.Dimensions.member.1.Value must be shorter than 1025 characters.",
        ),
        ({"Value": 1.0, "Dimensions": [{"Name": ":a", "Value": "x"}]}, INVALID, "The value :a for parameter"),
        ({"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "ü"}]}, INVALID, "contains non-ASCII characters."),
        ({"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "x\n"}]}, INVALID, "contains non-ASCII characters."),
    ],
)
def test_data_that_are_refused(call: Call, store: MetricStore, given: dict[str, Any], code: str, message: str) -> None:
    found = refused(
        call, "PutMetricData", Namespace="Shop", MetricData=[of("Orders", **given), of("Orders", Value=1.0)]
    )
    assert found[0] == code
    assert message in found[1]
    assert points(store) == {}


def test_the_limits_themselves_are_allowed(call: Call, store: MetricStore) -> None:
    dimensions = [{"Name": f"n{number}", "Value": "x" * 1_024} for number in range(30)]
    put_one(call, Value=2.0**360, Dimensions=dimensions, Timestamp=at(NOW + 7_200))
    put_one(call, Values=[float(number) for number in range(150)], Timestamp=at(NOW - 14 * 86_400))
    assert len(call("ListMetrics")["Metrics"]) == 2


def test_requests_that_are_refused(call: Call) -> None:
    assert refused(call, "PutMetricData", Namespace="Shop") == (MISSING, "The parameter MetricData is required.")
    assert refused(call, "PutMetricData", MetricData=[of("m", Value=1.0)])[1] == "The parameter Namespace is required."
    data = [of("m", Value=1.0)] * 1_001
    message = "The collection MetricData must not have a size greater than 1000."
    assert refused(call, "PutMetricData", Namespace="Shop", MetricData=data) == (INVALID, message)
    assert refused(call, "PutMetricData", Namespace=":x", MetricData=data[:1])[0] == INVALID


def test_entities_are_checked_and_their_data_put(call: Call, store: MetricStore) -> None:
    entity = {"KeyAttributes": {"Type": "Service", "Name": "shop", "Environment": "prod"}}
    given = {"Namespace": "Shop", "EntityMetricData": [{"Entity": entity, "MetricData": [of("Orders", Value=2.0)]}]}
    assert refused(call, "PutMetricData", **given) == (MISSING, "The parameter StrictEntityValidation is required.")
    call("PutMetricData", **given, StrictEntityValidation=True)
    given["EntityMetricData"][0]["Entity"] = {"KeyAttributes": {"Colour": "red", "Name": "shop"}}
    assert refused(call, "PutMetricData", **given, StrictEntityValidation=True)[0] == INVALID
    call("PutMetricData", **given, StrictEntityValidation=False)
    assert points(store)[MINUTE, 60, "None"].sum == 4


def test_statistics_by_unit(call: Call) -> None:
    put_one(call, Value=2.0, Unit="Count")
    put_one(call, Value=3.0)
    asked = {"Namespace": "Shop", "MetricName": "Orders", "Period": 60, "Statistics": ["Sum", "SampleCount"]} | window()
    found = call("GetMetricStatistics", **asked)
    assert found["Label"] == "Orders"
    assert sorted(found["Datapoints"], key=lambda point: point["Unit"]) == [
        {"Timestamp": MINUTE, "Sum": 2.0, "SampleCount": 1.0, "Unit": "Count"},
        {"Timestamp": MINUTE, "Sum": 3.0, "SampleCount": 1.0, "Unit": "None"},
    ]
    assert [point["Sum"] for point in call("GetMetricStatistics", **asked, Unit="Count")["Datapoints"]] == [2.0]
    assert call("GetMetricStatistics", **asked, Unit="Bytes")["Datapoints"] == []
    assert call("GetMetricStatistics", "444455556666", **asked)["Datapoints"] == []


STATISTICS = {"Namespace": "Shop", "MetricName": "Orders", "Period": 60, "Statistics": ["Sum"]}


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"Period": 60 << 60}, INVALID, "The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60."),
        ({"Period": 45}, INVALID, "The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60."),
        ({"Statistics": None}, MISSING, "The parameter Statistics is required."),
        ({"Statistics": ["p99"]}, INVALID, "must be a value in the set [ SampleCount,"),
        ({"Statistics": None, "ExtendedStatistics": ["q9"]}, INVALID, "The value q9 for parameter"),
        ({"ExtendedStatistics": ["p9"]}, TOGETHER, "Statistics and ExtendedStatistics are mutually exclusive"),
        ({"EndTime": at(MINUTE - 60)}, INVALID, "The parameter StartTime must be less than the parameter EndTime."),
        (
            {"StartTime": at(MINUTE - 86_400)},
            TOGETHER,
            "You have requested up to 1445 datapoints, which exceeds the limit",
        ),
        ({"MetricName": None}, MISSING, "The parameter MetricName is required."),
    ],
)
def test_statistics_that_are_refused(call: Call, changed: dict[str, Any], code: str, message: str) -> None:
    found = refused(call, "GetMetricStatistics", **(STATISTICS | window() | changed))
    assert found[0] == code
    assert message in found[1]


def test_queries_answer_in_their_order_whatever_they_need(call: Call, store: MetricStore) -> None:
    put(store, datum(MINUTE, 4.0), datum(MINUTE + 60, 6.0), datum(MINUTE, 10.0, name="Visits"))
    answer = call(
        "GetMetricData",
        **window(),
        ScanBy="TimestampAscending",
        MetricDataQueries=[
            expression("e2", "e1 * 2", Label="twice"),
            stat("m1"),
            expression("e1", "m1 / m2", ReturnData=False),
            stat("m2", "Visits", ReturnData=False),
            expression("all", 'SUM(METRICS("m"))'),
        ],
    )
    assert values(answer) == [("e2", [0.8]), ("m1", [4.0, 6.0]), ("all", [14.0, 6.0])]
    assert [each["Label"] for each in answer["MetricDataResults"]] == ["twice", "Orders", "all"]
    assert [each["StatusCode"] for each in answer["MetricDataResults"]] == ["Complete"] * 3


def test_newest_points_come_first_unless_asked(call: Call, store: MetricStore) -> None:
    put(store, datum(MINUTE, 1.0), datum(MINUTE + 60, 2.0))
    answer = call("GetMetricData", **window(), MetricDataQueries=[stat("m1")])
    assert values(answer) == [("m1", [2.0, 1.0])]
    assert answer["MetricDataResults"][0]["Timestamps"] == [MINUTE + 60, MINUTE]


@pytest.mark.parametrize("order", ["TimestampAscending", "TimestampDescending"])
@pytest.mark.parametrize("most", [1, 3, 4, 5, 100])
def test_pages_have_every_point_once(call: Call, store: MetricStore, order: str, most: int) -> None:
    put(store, *(datum(MINUTE + 60 * n, float(n), name=name) for n in range(4) for name in ("Orders", "Visits")))
    queries = [stat("m1"), stat("m2", "Visits"), expression("e1", "m1 + m2")]
    asked = window() | {"MetricDataQueries": queries, "ScanBy": order}
    found: dict[str, list[float]] = {}
    token: dict[str, Any] = {}
    while True:
        page = call("GetMetricData", **asked, MaxDatapoints=most, **token)
        assert 0 < sum(len(each["Values"]) for each in page["MetricDataResults"]) <= most
        for each in page["MetricDataResults"]:
            found.setdefault(each["Id"], []).extend(each["Values"])
        partial = [each["Id"] for each in page["MetricDataResults"] if each["StatusCode"] == "PartialData"]
        assert len(partial) <= 1
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
        put(store, datum(MINUTE - 60 if order == "TimestampAscending" else MINUTE + 240, 99.0))  # does not disturb
    forth = [0.0, 1.0, 2.0, 3.0]
    expected = forth if order == "TimestampAscending" else forth[::-1]
    assert [value for value in found["m1"] if value != 99] == expected
    assert found["m2"] == expected


def test_a_token_is_for_its_own_request(call: Call, store: MetricStore) -> None:
    put(store, datum(MINUTE, 1.0), datum(MINUTE + 60, 2.0))
    asked = window() | {"MetricDataQueries": [stat("m1")]}
    token = call("GetMetricData", **asked, MaxDatapoints=1)["NextToken"]
    assert values(call("GetMetricData", **asked, NextToken=token)) == [("m1", [1.0])]
    other = asked | {"MetricDataQueries": [stat("m2")]}
    for params in ({**other, "NextToken": token}, {**asked, "NextToken": "x"}, {**asked, "account": "444455556666"}):
        assert refused(call, "GetMetricData", **({"NextToken": token} | params))[0] == "InvalidNextToken"


def test_units_are_one_unless_one_is_asked_for(call: Call, store: MetricStore) -> None:
    put(store, datum(MINUTE, 1.0, unit="Count"), datum(MINUTE, 2.0))
    query = stat("m1")
    assert values(call("GetMetricData", **window(), MetricDataQueries=[query])) == [("m1", [3.0])]
    query["MetricStat"]["Unit"] = "Count"
    assert values(call("GetMetricData", **window(), MetricDataQueries=[query])) == [("m1", [1.0])]


def test_metrics_of_another_account_are_forbidden(call: Call, store: MetricStore) -> None:
    put(store, datum(MINUTE, 1.0))
    queries = [stat("m1", AccountId=ACCOUNT), expression("e1", "m1 + 1")]
    answer = call("GetMetricData", "444455556666", **window(), MetricDataQueries=queries)
    assert values(answer) == [("m1", []), ("e1", [])]
    assert [each["StatusCode"] for each in answer["MetricDataResults"]] == ["Forbidden", "Complete"]
    assert values(call("GetMetricData", **window(), MetricDataQueries=queries))[0] == ("m1", [1.0])


def test_a_series_of_longer_periods_meets_others_where_its_periods_begin(call: Call, store: MetricStore) -> None:
    put(store, *(datum(MINUTE - 60 + 60 * n, 1.0) for n in range(4)))
    queries = [stat("m1"), stat("m2", period=120), expression("e1", "m1 + m2")]
    answer = call("GetMetricData", **window(), MetricDataQueries=queries, ScanBy="TimestampAscending")
    assert values(answer)[2] == ("e1", [3.0, 3.0])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (stat("M1"), "The value M1 for parameter MetricDataQueries.member.1.Id is not matching"),
        (
            stat("m1", stat="p200"),
            "The value p200 for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid",
        ),
        (stat("m1", period=45), "MetricDataQueries.member.1.MetricStat.Period must be 1, 5, 10, 20, 30, or a multiple"),
        ({"Id": "m1"}, "You must specify either MetricDataQueries.member.1.Expression"),
        (stat("m1", Expression="1"), "You must specify only one of"),
        (expression("e1", "m9 + 1"), "Error in expression 'e1': Undefined variable m9 at position 1"),
        (expression("e1", "e1 + 1"), "Error in expression 'e1': it refers to itself"),
        (expression("e1", "1 + 1"), "The result of an expression must be a time series or an array"),
        (expression("e1", "SELECT SUM(Orders) FROM Shop"), "Metrics Insights queries are not supported"),
        (expression("e1", "SEARCH('{Shop', 'Sum')"), "Unexpected end in the search at position 14"),
        (expression("e1", "SEARCH('Shop', 'Summe')"), "Summe is not a valid statistic at position 16"),
        (expression("e1", "SEARCH('Shop', 'Sum', 61)"), "The period of a search must be"),
        (expression("e1", "x" * 2_049), "must be shorter than 2049 characters."),
    ],
)
def test_queries_that_are_refused(call: Call, query: dict[str, Any], message: str) -> None:
    code, text = refused(call, "GetMetricData", **window(), MetricDataQueries=[query])
    assert code == "ValidationError"
    assert message in text


def test_requests_for_data_that_are_refused(call: Call) -> None:
    def text(**changed: Any) -> str:
        code, message = refused(call, "GetMetricData", **(window() | {"MetricDataQueries": [stat("m1")]} | changed))
        assert code == "ValidationError"
        return message

    assert "not unique" in text(MetricDataQueries=[stat("m1"), stat("m1")])
    assert "must not have a size greater than 500" in text(MetricDataQueries=[stat(f"m{n}") for n in range(501)])
    assert "MetricDataQueries is required" in text(MetricDataQueries=[])
    assert "MaxDatapoints is invalid" in text(MaxDatapoints=100_801)
    assert "LabelOptions.Timezone is invalid" in text(LabelOptions={"Timezone": "CET"})
    assert "StartTime must be less than" in text(EndTime=at(0))
    assert "PERIOD takes the id of a metric, not" in text(
        MetricDataQueries=[stat("m1"), expression("e1", "m1 / 2"), expression("e2", "m1 / PERIOD(e1)")]
    )


def test_a_long_chain_of_expressions(call: Call, store: MetricStore) -> None:
    put(store, datum(MINUTE, 1.0))
    chain = [expression(f"e{n}", f"e{n + 1} + 1", ReturnData=n == 0) for n in range(499)]
    queries = [*chain, stat("e499", ReturnData=False)]
    assert values(call("GetMetricData", **window(), MetricDataQueries=queries)) == [("e0", [500.0])]


def test_expressions_may_not_need_endless_points(
    call: Call, store: MetricStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_data, "POINTS_MAX", 5)
    put(store, *(datum(MINUTE + 60 * n, 1.0) for n in range(4)))
    queries = [stat("m1"), stat("m2"), stat("m3")]
    assert len(values(call("GetMetricData", **window(), MetricDataQueries=queries))) == 3
    found = refused(call, "GetMetricData", **window(), MetricDataQueries=[*queries, expression("e", "SUM(METRICS())")])
    assert "more than 5 data points" in found[1]


@pytest.mark.parametrize(
    "text",
    [
        "TIME_SERIES(5)",
        "FILL(m1, 0)",
        "HOUR(m1)",
        "SUM([" + ",".join(["FILL(m1, LINEAR)"] * 50) + "])",
        "SUM([" + ",".join(["METRICS()"] * 150) + "])",
        "ANOMALY_DETECTION_BAND(m1)",
    ],
)
def test_expressions_may_not_make_endless_points(
    call: Call, store: MetricStore, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *(datum(MINUTE + 60 * number, float(number)) for number in range(1_000)))
    forever = {"StartTime": datetime(1, 1, 1, tzinfo=UTC), "EndTime": datetime(9_999, 1, 1, tzinfo=UTC)}
    if "METRICS" in text:
        monkeypatch.setattr(metric_data, "WORK_MAX", 100_000)
    queries = [stat("m1", ReturnData=False), expression("e1", text)]
    code, message = refused(call, "GetMetricData", **forever, MetricDataQueries=queries)
    assert code == "ValidationError"
    assert "data points" in message


def test_expressions_may_not_search_endlessly(call: Call) -> None:
    queries = [expression(f"e{number}", "SEARCH('a', 'Sum')") for number in range(101)]
    code, message = refused(call, "GetMetricData", **window(), MetricDataQueries=queries)
    assert code == "ValidationError"
    assert "call SEARCH more than 100 times" in message


def test_listing(call: Call, store: MetricStore, clock: TestClock) -> None:
    put(
        store,
        datum(value=1.0, dimensions=(("Host", "a"), ("Zone", "1"))),
        datum(value=1.0, dimensions=(("Host", "b"),)),
    )
    clock.advance(4 * 3_600)
    put(store, datum(value=1.0, name="Visits"))

    def listed(**params: Any) -> list[tuple[str, str]]:
        metrics = call("ListMetrics", **params)["Metrics"]
        return [(each["MetricName"], ",".join(pair["Value"] for pair in each["Dimensions"])) for each in metrics]

    assert listed() == [("Orders", "a,1"), ("Orders", "b"), ("Visits", "")]
    assert listed(MetricName="Visits", Namespace="Shop") == [("Visits", "")]
    assert listed(Namespace="shop") == []
    assert listed(Dimensions=[{"Name": "Host"}]) == [("Orders", "a,1"), ("Orders", "b")]
    assert listed(Dimensions=[{"Name": "Host", "Value": "a"}, {"Name": "Zone"}]) == [("Orders", "a,1")]
    assert listed(RecentlyActive="PT3H") == [("Visits", "")]
    assert listed(account="444455556666") == []
    assert listed(OwningAccount="444455556666", IncludeLinkedAccounts=True) == []
    assert call("ListMetrics", IncludeLinkedAccounts=True, MetricName="Visits")["OwningAccounts"] == [ACCOUNT]
    clock.advance(14 * 86_400)
    assert listed() == []


def test_listing_in_pages(call: Call, store: MetricStore) -> None:
    put(store, *(datum(value=1.0, name=f"m{number:03}") for number in range(METRICS_PER_PAGE + 3)))
    first = call("ListMetrics", Namespace="Shop")
    assert len(first["Metrics"]) == METRICS_PER_PAGE
    second = call("ListMetrics", Namespace="Shop", NextToken=first["NextToken"])
    assert [each["MetricName"] for each in second["Metrics"]] == ["m500", "m501", "m502"]
    assert "NextToken" not in second
    assert refused(call, "ListMetrics", NextToken=first["NextToken"])[0] == "InvalidNextToken"
