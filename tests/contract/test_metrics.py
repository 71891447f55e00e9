"""Metrics through the stock clients, in every protocol that CloudWatch has."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
from tests.running import Cairn

pytestmark = pytest.mark.engine


@pytest.fixture(params=["query", "json", "smithy-rpc-v2-cbor"])
def protocol(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def client(cairn: Cairn, protocol: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A boto3 client that speaks the protocol; left alone, botocore takes the first that it knows."""
    order = (protocol, *PRIORITY_ORDERED_SUPPORTED_PROTOCOLS)
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", order)
    client = cairn.client("cloudwatch")
    assert client.meta.service_model.resolved_protocol == protocol
    return client


def asked(id: str, namespace: str, name: str, stat: str = "Sum", **more: Any) -> dict[str, Any]:
    metric = {"Namespace": namespace, "MetricName": name}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, **more}


def test_put_and_get(client: Any, protocol: str) -> None:
    namespace = f"Contract/{protocol}"
    minute = int(time.time() // 60 - 5) * 60
    at = datetime.fromtimestamp(minute, UTC)
    host = [{"Name": "Host", "Value": "a b/c&d=<e>"}]
    client.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "Latency", "Timestamp": at, "Values": [1.5, 20.0, 300.0], "Counts": [97, 2, 1]},
            {"MetricName": "Latency", "Timestamp": at, "Value": 2.0, "Unit": "Seconds"},
            {"MetricName": "Errors", "Timestamp": at, "Value": 4.0, "Dimensions": host},
            {
                "MetricName": "Errors",
                "Timestamp": at,
                "StatisticValues": {"SampleCount": 3, "Sum": 7, "Minimum": 1, "Maximum": 4},
            },
        ],
    )
    window = {"StartTime": minute - 60, "EndTime": minute + 120}
    simple = client.get_metric_statistics(
        Namespace=namespace, MetricName="Latency", Period=60, Statistics=["Sum", "Maximum"], Unit="None", **window
    )
    assert simple["Label"] == "Latency"
    (point,) = simple["Datapoints"]
    assert point == {"Timestamp": at, "Sum": 97 * 1.5 + 40 + 300, "Maximum": 300.0, "Unit": "None"}
    extended = client.get_metric_statistics(
        Namespace=namespace, MetricName="Latency", Period=60, ExtendedStatistics=["p99", "PR(:2)"], **window
    )
    by_unit = {point["Unit"]: point["ExtendedStatistics"] for point in extended["Datapoints"]}
    assert by_unit == {"None": {"p99": 20.0, "PR(:2)": 97.0}, "Seconds": {"p99": 2.0, "PR(:2)": 100.0}}
    found = client.get_metric_data(
        MetricDataQueries=[
            asked("m1", namespace, "Errors", ReturnData=False),
            asked("m2", namespace, "Latency", "SampleCount"),
            {"Id": "e1", "Expression": "m2 * 100 / FILL(m1, 1)", "Label": "${LAST} of ${PROP('Period')}"},
            asked("m3", namespace, "Nothing"),
        ],
        **window,
    )
    assert [(each["Id"], each["Label"], each["Values"], each["StatusCode"]) for each in found["MetricDataResults"]] == [
        ("m2", "Latency", [101.0], "Complete"),
        ("e1", "0 of 60", [0.0, pytest.approx(10100 / 7), 0.0], "Complete"),
        ("m3", "Nothing", [], "Complete"),
    ]
    assert found["MetricDataResults"][0]["Timestamps"] == [at]
    listed = client.list_metrics(Namespace=namespace, Dimensions=[{"Name": "Host"}])["Metrics"]
    assert listed == [{"Namespace": namespace, "MetricName": "Errors", "Dimensions": host}]


def test_errors(client: Any) -> None:
    with pytest.raises(ClientError) as caught:
        client.put_metric_data(Namespace="Contract", MetricData=[{"MetricName": "m", "Value": float("nan")}])
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "InvalidParameterValue",
        "The value NaN for parameter MetricData.member.1.Value is invalid.",
    )
    assert isinstance(caught.value, client.exceptions.InvalidParameterValueException)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ClientError) as caught:
        client.get_metric_data(
            MetricDataQueries=[{"Id": "e1", "Expression": "1 +"}], StartTime=0, EndTime=60, NextToken="x"
        )
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    assert error["Message"] == "Error in expression 'e1': Unexpected end of the expression at position 4"
    with pytest.raises(client.exceptions.InvalidNextToken):
        client.get_metric_data(MetricDataQueries=[asked("m1", "a", "b")], StartTime=0, EndTime=60, NextToken="x")


def test_a_large_put_comes_compressed_and_is_read_in_pages(client: Any, protocol: str) -> None:
    namespace = f"Large/{protocol}"
    minute = int(time.time() // 60 - 20) * 60
    sent: list[str] = []
    client.meta.events.register(
        "before-send.cloudwatch.PutMetricData",
        lambda request, **_: sent.append(request.headers.get("Content-Encoding", b"").decode()),
    )
    data = [
        {"MetricName": f"m{number % 100}", "Timestamp": minute + 60 * (number // 100), "Value": float(number)}
        for number in range(1000)
    ]
    client.put_metric_data(Namespace=namespace, MetricData=data)
    assert sent == ["gzip"]
    queries = [asked(f"m{number}", namespace, f"m{number}") for number in range(100)]
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries,
        StartTime=minute,
        EndTime=minute + 600,
        MaxDatapoints=333,
        ScanBy="TimestampAscending",
    )
    values: dict[str, list[float]] = {}
    sizes = []
    for page in pages:
        sizes.append(sum(len(each["Values"]) for each in page["MetricDataResults"]))
        for each in page["MetricDataResults"]:
            values.setdefault(each["Id"], []).extend(each["Values"])
    assert sizes == [333, 333, 333, 1]
    assert values == {f"m{number}": [float(number + 100 * row) for row in range(10)] for number in range(100)}


def test_the_command_line(cairn: Cairn) -> None:
    minute = int(time.time() // 60 - 2) * 60
    start, end = (datetime.fromtimestamp(minute + more, UTC).isoformat() for more in (-60, 120))
    where = ["--namespace", "CommandLine", "--metric-name", "Logins"]
    when = ["--start-time", start, "--end-time", end]
    at = datetime.fromtimestamp(minute + 7, UTC).isoformat()
    cairn.aws("cloudwatch", "put-metric-data", *where, "--value", "3", "--unit", "Count", "--timestamp", at)
    found = cairn.aws(
        "cloudwatch", "get-metric-statistics", *where, *when, "--period", "60", "--statistics", "Sum", "Average"
    )
    assert [(each["Sum"], each["Average"], each["Unit"]) for each in found["Datapoints"]] == [(3.0, 3.0, "Count")]
    query = '[{"Id":"e","Expression":"SEARCH(\'{CommandLine} logins\', \'Sum\', 60)"}]'
    data = cairn.aws("cloudwatch", "get-metric-data", *when, "--metric-data-queries", query)
    assert [(each["Id"], each["Label"], each["Values"]) for each in data["MetricDataResults"]] == [
        ("e", "Logins", [3.0])
    ]
    listed = cairn.aws("cloudwatch", "list-metrics", "--namespace", "CommandLine", "--recently-active", "PT3H")
    assert listed["Metrics"] == [{"Namespace": "CommandLine", "MetricName": "Logins", "Dimensions": []}]


def test_publishing_may_be_allowed_in_one_namespace(cairn: Cairn) -> None:
    iam, name = cairn.client("iam"), "publisher-of-metrics"
    iam.create_user(UserName=name)
    allowed = {
        "Effect": "Allow",
        "Action": "cloudwatch:PutMetricData",
        "Resource": "*",
        "Condition": {"StringEquals": {"cloudwatch:namespace": "Allowed"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    publisher = cairn.client("cloudwatch", **keys)
    publisher.put_metric_data(Namespace="Allowed", MetricData=[{"MetricName": "m", "Value": 1.0}])
    for refused in (
        lambda: publisher.put_metric_data(Namespace="Other", MetricData=[{"MetricName": "m", "Value": 1.0}]),
        lambda: publisher.list_metrics(),
    ):
        with pytest.raises(ClientError) as caught:
            refused()
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
    found = cairn.client("cloudwatch").list_metrics(MetricName="m")["Metrics"]
    assert [each["Namespace"] for each in found] == ["Allowed"]
