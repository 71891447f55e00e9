"""Metric filters by the stock AWS CLI, against a running Cairn: from a log event to its metric within seconds."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError
from tests.contract.waiting import wait_until
from tests.running import Cairn

pytestmark = pytest.mark.engine

GROUP = "/contract/filters"
PATTERN = '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }'


def test_a_denied_call_in_a_log_group_becomes_a_metric(cairn: Cairn) -> None:
    logs = cairn.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    now_ms = int(time.time() * 1000)
    before = [{"timestamp": now_ms, "message": '{"errorCode": "AccessDenied"}'}]
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=before)
    cairn.aws(
        "logs", "put-metric-filter", "--log-group-name", GROUP, "--filter-name", "denied", "--filter-pattern", PATTERN,
        "--metric-transformations", "metricName=Denied,metricNamespace=Contract,metricValue=1,unit=Count",
    )  # fmt: skip
    [found] = logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]
    assert found["filterPattern"] == PATTERN
    [group] = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert group["metricFilterCount"] == 1
    codes = ["AccessDenied", "Client.UnauthorizedOperation", "NoSuchBucket", "AccessDeniedException"]
    events = [{"timestamp": now_ms, "message": json.dumps({"errorCode": code})} for code in codes]
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)
    logs.delete_log_stream(logGroupName=GROUP, logStreamName="one")  # which silences no filter

    listed = cairn.client("cloudwatch").list_metrics
    wait_until(lambda: listed(Namespace="Contract", MetricName="Denied")["Metrics"])
    start, end = (time.strftime("%FT%TZ", time.gmtime(now_ms / 1000 + shift)) for shift in (-120, 120))
    [point] = cairn.aws(
        "cloudwatch", "get-metric-statistics", "--namespace", "Contract", "--metric-name", "Denied", "--period", "60",
        "--statistics", "Sum", "SampleCount", "--start-time", start, "--end-time", end,
    )["Datapoints"]  # fmt: skip
    assert (point["Sum"], point["SampleCount"], point["Unit"]) == (3, 3, "Count")
    with pytest.raises(ClientError, match=r"ResourceNotFoundException.*The specified metric filter does not exist\."):
        logs.delete_metric_filter(logGroupName=GROUP, filterName="x")
    logs.delete_metric_filter(logGroupName=GROUP, filterName="denied")
    assert logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"] == []
    logs.delete_log_group(logGroupName=GROUP)


def test_a_pattern_is_tried_and_a_bad_one_is_refused(cairn: Cairn) -> None:
    found = cairn.aws(
        "logs", "test-metric-filter", "--filter-pattern", PATTERN, "--log-event-messages",
        '{"errorCode": "NoSuchBucket"}', '{"errorCode": "AccessDenied"}',
    )  # fmt: skip
    assert found == {
        "matches": [
            {
                "eventNumber": 2,
                "eventMessage": '{"errorCode": "AccessDenied"}',
                "extractedValues": {"$.errorCode": "AccessDenied"},
            }
        ]
    }
    error = cairn.aws(
        "logs", "put-metric-filter", "--log-group-name", "none", "--filter-name", "f", "--filter-pattern", PATTERN,
        "--metric-transformations",
        json.dumps([{"metricName": f"m{n}", "metricNamespace": "n", "metricValue": "1"} for n in range(2)]),
        fails=True,
    )  # fmt: skip
    assert "Value '[MetricTransformation(metricName=m0, metricNamespace=n, metricValue=1, defaultValue=null" in error
