from typing import Any

import pytest
from tests.cloudwatch.metrics.made import ACCOUNT, MINUTE, NOW, REGION, datum, metric, put

from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.metrics.data import get_metric_data
from cairn.cloudwatch.metrics.labels import parse_zone
from cairn.cloudwatch.metrics.math import MathError
from cairn.cloudwatch.metrics.math.search import parse_search
from cairn.cloudwatch.metrics.queries import parse_queries

REQUESTS = metric("RequestCount", ("Host", "web-1.example"), ("Zone", "eu-1a"))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("{Shop,Host,Zone}", True),
        ("{Shop, Zone, Host} RequestCount", True),
        ("{Shop,Host}", False),
        ("{shop,Host,Zone}", False),
        ('{"Shop","Host",Zone}', True),
        ("request", True),
        ("count", True),
        ("requestcount", True),
        ("countrequest", False),
        ("coun", False),
        ('"RequestCount"', True),
        ('"requestcount"', False),
        ('"Request"', False),
        ('MetricName="RequestCount"', True),
        ("MetricName=web", False),
        ("Host=web", True),
        ("Host=web-1", True),
        ('Host="web-1"', False),
        ("Namespace=shop", True),
        ("Host=(mail OR web)", True),
        ("Host=(mail OR ftp)", False),
        ("web AND mail", False),
        ("web OR mail", True),
        ("web NOT mail", True),
        ("web NOT zone", False),
        ("NOT (mail OR ftp) count", True),
        ("mail web OR count", True),
    ],
)
def test_searches(search: str, found: bool) -> None:
    assert parse_search(search).matches(REQUESTS) is found


@pytest.mark.parametrize(
    "search", ["", "{", "{Shop", "()", "a OR", "NOT", "Host=", "a)", '"open', "(" * 50 + "a", "=a"]
)
def test_searches_that_cannot_be_understood(search: str) -> None:
    with pytest.raises(MathError):
        parse_search(search)


def results(store: MetricStore, *queries: dict[str, Any], zone: int = 0) -> list[tuple[str, list[float]]]:
    parsed = parse_queries(queries, ACCOUNT, REGION)
    found = get_metric_data(store, ACCOUNT, REGION, parsed, MINUTE - 60, MINUTE + 300, timezone_s=zone)
    return [(each.label, list(each.points.values())) for each in found]


def hosts(store: MetricStore) -> None:
    put(
        store,
        datum(MINUTE, 1.0, dimensions=(("Host", "a"),)),
        datum(MINUTE, 5.0, dimensions=(("Host", "b"),)),
        datum(MINUTE + 120, 7.0, dimensions=(("Host", "b"),)),
        datum(MINUTE, 9.0, name="Visits"),
    )


def test_a_search_has_a_series_for_each_metric_and_labels_tell_them_apart(store: MetricStore) -> None:
    hosts(store)
    search = "SEARCH('{Shop,Host} Orders', 'Sum', 60)"
    assert results(store, {"Id": "e1", "Expression": search}) == [("a", [1.0]), ("b", [5.0, 7.0])]
    assert results(store, {"Id": "e1", "Expression": search, "Label": "host"})[1][0] == "host b"
    dynamic = {"Id": "e1", "Expression": search, "Label": "${PROP('Dim.Host')}: ${MAX} ${LABEL}"}
    assert [label for label, _ in results(store, dynamic)] == ["a: 1 a", "b: 7 b"]
    assert results(store, {"Id": "e1", "Expression": f"SUM({search})"}) == [("e1", [6.0, 7.0])]
    assert results(store, {"Id": "e1", "Expression": "SEARCH('Shop', 'Maximum', 300)"}) == [
        ("Orders a", [1.0]),
        ("Orders b", [7.0]),
        ("Visits", [9.0]),
    ]
    sums = {"Id": "e2", "Expression": "SUM(e1) * 2"}
    minutes = {"Id": "e1", "Expression": search, "ReturnData": False}
    assert results(store, minutes, sums) == [("e2", [12.0, 14.0])]  # a point a minute, as the search says
    other = parse_queries([{"Id": "e1", "Expression": search}], "444455556666", REGION)
    assert get_metric_data(store, "444455556666", REGION, other, MINUTE, MINUTE + 300) == []


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("plain", "plain"),
        ("${AVG} ${SUM} ${MIN} ${MAX} ${FIRST} ${LAST}", "4 8 1 7 1 7"),
        ("${FIRST_LAST_RANGE} ${MIN_MAX_RANGE} ${DATAPOINT_COUNT}", "6 6 2"),
        ("${FIRST_TIME}", "2023-11-14 22:13:00"),
        ("${MAX_TIME}", "2023-11-14 22:15:00"),
        ("${FIRST_TIME_RELATIVE} ${FIRST_LAST_TIME_RANGE}", "20s 2m"),
        ("${PROP('Namespace')}/${PROP('MetricName')}/${PROP('Stat')}/${PROP('Period')}", "Shop/Orders/Sum/60"),
        ("${PROP('AccountId')} ${PROP('Region')} ${PROP('Dim.Host')}", f"{ACCOUNT} {REGION} "),
        ("${LABEL} ${NOPE} ${PROP('Nope')}", "Orders ${NOPE} ${PROP('Nope')}"),
        ("${MAX}" * 7, "777777${MAX}"),
    ],
)
def test_labels(store: MetricStore, label: str, shown: str) -> None:
    put(store, datum(MINUTE, 1.0), datum(MINUTE + 120, 7.0))
    stat = {"Metric": {"Namespace": "Shop", "MetricName": "Orders"}, "Period": 60, "Stat": "Sum"}
    assert results(store, {"Id": "m1", "MetricStat": stat, "Label": label})[0][0] == shown
    empty = {"Metric": {"Namespace": "Shop", "MetricName": "None"}, "Period": 60, "Stat": "Sum"}
    assert results(store, {"Id": "m1", "MetricStat": empty, "Label": "${MAX} ${MAX_TIME}."})[0][0] == " ."


def test_times_of_labels_are_in_the_zone_that_is_asked_for(store: MetricStore) -> None:
    put(store, datum(MINUTE, 1.0))
    stat = {"Metric": {"Namespace": "Shop", "MetricName": "Orders"}, "Period": 60, "Stat": "Sum"}
    query = {"Id": "m1", "MetricStat": stat, "Label": "${LAST_TIME}"}
    assert results(store, query, zone=parse_zone("-0330") or 0)[0][0] == "2023-11-14 18:43:00"
    assert [parse_zone(text) for text in ("+0130", "0130", "+2400", "+0060", "+013")] == [5_400, None, None, None, None]
    assert NOW > MINUTE
