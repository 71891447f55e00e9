"""PutMetricFilter, DescribeMetricFilters, DeleteMetricFilter, TestMetricFilter: as AWS answers them."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.cloudwatch.metric_filters.rig import ACCOUNT, REGION, Rig

from cairn.cloudwatch.logs import GroupId, operations
from cairn.cloudwatch.logs.joints import WITH_REGEXES_MAX
from cairn.cloudwatch.metric_filters import operations as filter_operations
from cairn.cloudwatch.metric_filters.filters import FILTERS_MAX, MetricFilters
from cairn.cloudwatch.metric_filters.filters import with_regexes as metric_filters_with_regexes
from cairn.cloudwatch.patterns import compile_pattern
from cairn.cloudwatch.subscriptions.filters import Filters, SubscriptionFilter
from cairn.cloudwatch.subscriptions.filters import with_regexes as subscriptions_with_regexes
from cairn.core.errors import AwsError
from cairn.wire.operation import Context

INVALID = "InvalidParameterException"
_PLACEHOLDER = re.compile(r"<(filter-name|log-group-name|metric-name|metric-namespace):(\d)>")


@pytest.fixture
def recorded(shared_data: Path) -> dict[str, Any]:
    """AWS's answers, by test and name."""
    path = shared_data / "aws-snapshots" / "test_logs_metric_filters.snapshot.json"
    found = {}
    for test, snapshot in json.loads(path.read_text()).items():
        for name, answer in snapshot["recorded-content"].items():
            found[test.rpartition("::")[2], name] = answer
    return found


def transformation(**more: Any) -> dict[str, Any]:
    return {"metricName": "metric", "metricNamespace": "namespace", "metricValue": "1"} | more


def refusal(rig: Rig, operation: str, **params: Any) -> tuple[str, str]:
    with pytest.raises(AwsError) as raised:
        rig.call(operation, **params)
    return raised.value.code, raised.value.message


def described(rig: Rig, **params: Any) -> list[str]:
    return [each["filterName"] for each in rig.call("DescribeMetricFilters", **params)["metricFilters"]]


@pytest.mark.parametrize(
    ("test", "name", "asked"),
    [
        ("test_put_metric_filter_basic", "describe-metric-filters", {}),
        ("test_put_metric_filter_json_pattern", "describe-metric-filters-json", {}),
        ("test_describe_metric_filters_by_prefix", "describe-by-prefix", {"filterNamePrefix": "filter-name"}),
        (
            "test_describe_metric_filters_by_log_group",
            "describe-by-log-group",
            {"logGroupName": "log-group-name-1"},
        ),
        (
            "test_describe_metric_filters_by_metric_name",
            "describe-by-metric-name",
            {"metricName": "metric-name-1", "metricNamespace": "metric-namespace-1"},
        ),
    ],
)
def test_filters_are_described_as_aws_does(
    rig: Rig, recorded: dict[str, Any], test: str, name: str, asked: dict[str, Any]
) -> None:
    expected = json.loads(_PLACEHOLDER.sub(r"\1-\2", json.dumps(recorded[test, name]["metricFilters"])))
    for each in expected:
        rig.make_group(each["logGroupName"])
        members = ("filterName", "filterPattern", "logGroupName", "metricTransformations")
        rig.call("PutMetricFilter", **{member: each[member] for member in members})
    found = rig.call("DescribeMetricFilters", **asked)["metricFilters"]
    for each in found:
        assert each["creationTime"] == int(rig.clock.now() * 1000)
        each["creationTime"] = "timestamp"
    assert found == expected


@pytest.mark.parametrize(
    ("test", "name", "operation", "params"),
    [
        ("put_metric_filter_invalid_filter_name", "filter-name", "PutMetricFilter", {"filterName": "X" * 513}),
        (
            "put_metric_filter_invalid_filter_pattern",
            "filter-pattern",
            "PutMetricFilter",
            {"filterPattern": "X" * 1025},
        ),
        (
            "put_metric_filter_too_many_transformations",
            "too-many-transformations",
            "PutMetricFilter",
            {
                "metricTransformations": [
                    transformation(metricName="metric1", metricNamespace="namespace1"),
                    transformation(metricName="metric2", metricNamespace="namespace2"),
                ]
            },
        ),
        ("delete_metric_filter_invalid_filter_name", "filter-name", "DeleteMetricFilter", {"filterName": "X" * 513}),
        (
            "delete_metric_filter_invalid_log_group_name",
            "log-group-name",
            "DeleteMetricFilter",
            {"logGroupName": "X" * 513},
        ),
        (
            "describe_metric_filters_invalid_parameters",
            "filter-prefix",
            "DescribeMetricFilters",
            {"filterNamePrefix": "X" * 513},
        ),
        (
            "describe_metric_filters_invalid_parameters",
            "metric-name",
            "DescribeMetricFilters",
            {"metricName": "X" * 256, "metricNamespace": "namespace"},
        ),
    ],
)
def test_bad_input_is_refused_in_aws_words(
    rig: Rig, recorded: dict[str, Any], test: str, name: str, operation: str, params: dict[str, Any]
) -> None:
    usual: dict[str, Any] = {}
    if operation != "DescribeMetricFilters":
        usual = {"logGroupName": "audit", "filterName": "f"}
    if operation == "PutMetricFilter":
        usual |= {"filterPattern": "", "metricTransformations": [transformation()]}
    answers = [answer for (of, key), answer in recorded.items() if of == f"test_{test}" and key.endswith(name)]
    (expected,) = (answer["Error"] for answer in answers)
    assert refusal(rig, operation, **usual | params) == (expected["Code"], expected["Message"])
    assert described(rig) == []


@pytest.mark.parametrize(
    ("pattern", "changed", "message"),
    [
        ("{ $.a = 1 }", {"defaultValue": 0, "dimensions": {"A": "$.a"}}, "are mutually exclusive properties"),
        ("ERROR", {"dimensions": {"A": "$.a"}}, "The specified filter pattern does not support dimensions"),
        ("", {"dimensions": {"A": "$.a"}}, "does not support dimensions"),
        ("{ $.a = 1 }", {"dimensions": {"A": "VPC-A"}}, "dimension value must be valid selector"),
        ("[a, b]", {"dimensions": {"A": "$c"}}, "dimension value must be valid selector"),
        ("{ $.a = 1 }", {"dimensions": dict.fromkeys("ABCD", "$.a")}, "at most 3 dimensions"),
        ("{ $.a = 1 }", {"dimensions": {":A": "$.a"}}, "dimension name ':A'"),
        ("{ $.a = 1 }", {"dimensions": {" ": "$.a"}}, "dimension name ' '"),
        ("ERROR", {"metricValue": "$.a"}, "metric value"),
        ("ERROR", {"metricValue": "one"}, "metric value"),
        ("ERROR", {"metricValue": ""}, "metric value"),
        ("ERROR", {"metricValue": "nan"}, "metric value"),
        ("ERROR", {"metricValue": "1e300"}, "metric value"),
        ("{ $.a = 1 }", {"metricValue": "$.a[b"}, "metric value"),
        ("[a, b]", {"metricValue": "$.a"}, "metric value"),
        ("ERROR", {"metricName": ""}, "must not be empty"),
        ("ERROR", {"metricName": "a:b"}, "at 'metricTransformations.1.member.metricName' failed to satisfy"),
        ("ERROR", {"unit": "Furlongs"}, "at 'metricTransformations.1.member.unit' failed to satisfy"),
        ("ERROR", {"defaultValue": float("inf")}, "default value"),
        ("{ $.a", {}, "If a filter pattern starts with '{' it must end with '}'"),
    ],
)
def test_transformations_that_are_none(rig: Rig, pattern: str, changed: dict[str, Any], message: str) -> None:
    code, found = refusal(
        rig,
        "PutMetricFilter",
        logGroupName="audit",
        filterName="f",
        filterPattern=pattern,
        metricTransformations=[transformation(**changed)],
    )
    assert code == INVALID
    assert message in found
    assert described(rig) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"applyOnTransformedLogs": True}, "InvalidOperationException"),
        ({"fieldSelectionCriteria": '@aws.region = "us-east-1"'}, "UnsupportedOperation"),
        ({"emitSystemFieldDimensions": ["@aws.moon"]}, INVALID),
        ({"logGroupName": "missing"}, "ResourceNotFoundException"),
        ({"logGroupName": "rare"}, "InvalidOperationException"),
    ],
)
def test_what_cannot_work_is_refused(rig: Rig, more: dict[str, Any], code: str) -> None:
    rig.make_group("rare", log_class="INFREQUENT_ACCESS")
    usual: dict[str, Any] = {"logGroupName": "audit", "filterName": "f", "filterPattern": ""}
    usual["metricTransformations"] = [transformation()]
    assert refusal(rig, "PutMetricFilter", **usual | more)[0] == code
    assert described(rig) == []


def test_what_changes_nothing_is_accepted(rig: Rig) -> None:
    rig.call(
        "PutMetricFilter",
        logGroupName="audit",
        filterName="f",
        filterPattern="{ $.a = 1 }",
        metricTransformations=[transformation(unit="Count", dimensions={"B": "$.b", "A": "$.a"})],
        applyOnTransformedLogs=False,
        fieldSelectionCriteria="",
        emitSystemFieldDimensions=["@aws.account"],
    )
    (found,) = rig.call("DescribeMetricFilters")["metricFilters"]
    assert found["metricTransformations"] == [transformation(unit="Count", dimensions={"B": "$.b", "A": "$.a"})]
    assert found["emitSystemFieldDimensions"] == ["@aws.account"]


def test_a_group_has_only_so_many_filters(rig: Rig) -> None:
    for number in range(FILTERS_MAX):
        rig.put_filter(name=f"f{number}")
    rig.put_filter("changed", name="f7")
    params = {"logGroupName": "audit", "filterName": "more", "filterPattern": ""}
    code, _ = refusal(rig, "PutMetricFilter", **params, metricTransformations=[transformation()])
    assert code == "LimitExceededException"
    rig.make_group("other")
    rig.put_filter(group="other")


def test_a_group_has_only_so_many_filters_with_regular_expressions(rig: Rig) -> None:
    for number in range(WITH_REGEXES_MAX):
        rig.put_filter("{ $.a = %x+% && $.b = %y% }", name=f"f{number}")
    rig.put_filter("%z%", name="f0")
    params = {"logGroupName": "audit", "filterName": "more", "metricTransformations": [transformation()]}
    assert refusal(rig, "PutMetricFilter", **params, filterPattern="%x%")[0] == "LimitExceededException"
    rig.call("PutMetricFilter", **params, filterPattern="x")


def test_regular_expressions_of_subscription_filters_count_with_them(rig: Rig) -> None:
    metrics = MetricFilters(rig.logs, others=subscriptions_with_regexes)
    subscriptions = Filters(rig.logs, others=metric_filters_with_regexes)
    call = filter_operations(metrics)["PutMetricFilter"]
    group = GroupId(ACCOUNT, REGION, "audit")

    def put(name: str) -> None:
        transformations = [transformation()]
        named = {"logGroupName": "audit", "filterName": name, "filterPattern": "%x%"}
        call(Context(ACCOUNT, REGION), {**named, "metricTransformations": transformations})

    def subscribe(name: str, regexes: int) -> None:
        wanted = {"pattern": "%x%" * regexes, "regexes": regexes, "destination": "arn"}
        subscriptions.put(SubscriptionFilter(group=group, name=name, **wanted))  # type: ignore[arg-type]

    subscribe("one", 2)
    for number in range(WITH_REGEXES_MAX - 1):
        put(f"f{number}")
    for one_more in (lambda: put("more"), lambda: subscribe("two", 1)):
        with pytest.raises(AwsError, match="Resource limit exceeded"):
            one_more()
    put("f0")
    subscribe("one", 1)
    subscribe("two", 0)


def test_a_pattern_that_is_none_is_told_as_a_metric_filters(rig: Rig) -> None:
    for operation, more in (
        ("TestMetricFilter", {"logEventMessages": ["x"]}),
        ("PutMetricFilter", {"logGroupName": "audit", "filterName": "f", "metricTransformations": [transformation()]}),
    ):
        code, message = refusal(rig, operation, filterPattern="{ $.a }", **more)
        assert (code, message.split(":")[0]) == (INVALID, "Invalid metric filter pattern")


def test_a_changed_filter_keeps_its_time(rig: Rig) -> None:
    rig.put_filter("a")
    (before,) = rig.call("DescribeMetricFilters")["metricFilters"]
    rig.clock.advance(5)  # type: ignore[attr-defined]
    rig.put_filter("b")
    (after,) = rig.call("DescribeMetricFilters")["metricFilters"]
    assert (after["creationTime"], after["filterPattern"]) == (before["creationTime"], "b")


def test_pages_go_on_where_they_ended(rig: Rig) -> None:
    rig.make_group("other")
    names = [f"{letter}{number}" for letter in "aB" for number in range(4)]
    for name in names:
        rig.put_filter(name=name, group="audit")
        rig.put_filter(name=name, group="other")
    found, token = [], {}
    while True:
        page = rig.call("DescribeMetricFilters", limit=3, **token)
        assert len(page["metricFilters"]) <= 3
        found += [(each["filterName"], each["logGroupName"]) for each in page["metricFilters"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert found == [(name, group) for name in sorted(names) for group in ("audit", "other")]
    assert refusal(rig, "DescribeMetricFilters", filterNamePrefix="a", nextToken=token["nextToken"])[0] == INVALID
    assert refusal(rig, "DescribeMetricFilters", nextToken="nonsense")[0] == INVALID
    assert described(rig, filterNamePrefix="b") == []
    assert described(rig, logGroupName="other", filterNamePrefix="B", limit=2) == ["B0", "B1"]


def test_asking_for_what_is_not_there(rig: Rig) -> None:
    missing = ("ResourceNotFoundException", "The specified log group does not exist.")
    assert refusal(rig, "DescribeMetricFilters", logGroupName="missing") == missing
    assert refusal(rig, "DeleteMetricFilter", logGroupName="missing", filterName="f") == missing
    found = refusal(rig, "DeleteMetricFilter", logGroupName="audit", filterName="f")
    assert found == ("ResourceNotFoundException", "The specified metric filter does not exist.")
    assert refusal(rig, "DescribeMetricFilters", metricName="m")[0] == INVALID
    assert refusal(rig, "DescribeMetricFilters", metricNamespace="n")[0] == INVALID
    code, text = refusal(rig, "DeleteMetricFilter", logGroupName="audit")
    assert (code, "Value null at 'filterName'" in text) == (INVALID, True)


def test_groups_count_their_filters_and_take_them_along(rig: Rig) -> None:
    rig.make_group("other")
    rig.put_filter(name="a")
    rig.put_filter(name="b")
    rig.put_filter(name="a", group="other")
    context = Context(account=ACCOUNT, region=REGION)
    logs = operations(rig.logs, compile_pattern=lambda text: bool, filter_counts=rig.filters.counts)
    listed = logs["DescribeLogGroups"](context, {})["logGroups"]
    assert {each["logGroupName"]: each["metricFilterCount"] for each in listed} == {"audit": 2, "other": 1}
    logs["DeleteLogGroup"](context, {"logGroupName": "audit"})
    assert described(rig) == ["a"]


def test_accounts_and_regions_have_filters_of_their_own(rig: Rig) -> None:
    rig.put_filter()
    rig.logs.groups.create(GroupId("444455556666", REGION, "audit"))
    for context in (Context(account="444455556666", region=REGION), Context(account=ACCOUNT, region="eu-west-1")):
        assert rig.operations["DescribeMetricFilters"](context, {}) == {"metricFilters": []}
        with pytest.raises(AwsError):
            rig.operations["DeleteMetricFilter"](context, {"logGroupName": "audit", "filterName": "filter"})


def test_a_pattern_is_tried_on_messages(rig: Rig) -> None:
    line = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
    pattern = "[ip, identity, user_id, timestamp, request, status_code = 404, bytes]"
    found = rig.call("TestMetricFilter", filterPattern=pattern, logEventMessages=["other", line])
    assert found["matches"] == [
        {
            "eventNumber": 2,
            "eventMessage": line,
            "extractedValues": {
                "$ip": "127.0.0.1",
                "$identity": "-",
                "$user_id": "frank",
                "$timestamp": "10/Oct/2000:13:25:15 -0700",
                "$request": "GET /index.html HTTP/1.0",
                "$status_code": "404",
                "$bytes": "1534",
            },
        }
    ]
    record = '{"eventType": "UpdateTrail", "sourceIPAddress": "1.1.1.1"}'
    found = rig.call("TestMetricFilter", filterPattern='{ $.eventType = "Update*" }', logEventMessages=[record])
    assert found["matches"][0]["extractedValues"] == {"$.eventType": "UpdateTrail"}
    assert rig.call("TestMetricFilter", filterPattern="x", logEventMessages=["y"]) == {"matches": []}
    assert refusal(rig, "TestMetricFilter", filterPattern="{", logEventMessages=["y"])[0] == INVALID


def test_whether_a_missing_property_differs_is_a_setting(rig: Rig) -> None:
    asked = {"filterPattern": "{ $.a != x }", "logEventMessages": ['{"b":1}', '{"a":"x"}', '{"a":"y"}']}
    for absent_differs, numbers in ((False, [3]), (True, [1, 3])):
        filters = MetricFilters(rig.logs, partial(compile_pattern, absent_differs=absent_differs))
        found = filter_operations(filters)["TestMetricFilter"](Context(ACCOUNT, REGION), asked)
        assert [each["eventNumber"] for each in found["matches"]] == numbers
