"""CloudWatch Logs' operations on metric filters: input and output in botocore's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.logs.identifiers import own_group
from cairn.cloudwatch.logs.operations import VALIDATION
from cairn.cloudwatch.logs.paging import LISTED_MAX, read_token, token
from cairn.cloudwatch.logs.refusals import pattern_of
from cairn.cloudwatch.metric_filters import refusals
from cairn.cloudwatch.metric_filters.definition import MetricFilter, definition_of
from cairn.cloudwatch.metric_filters.filters import MetricFilters, Wanted
from cairn.cloudwatch.patterns import Message, Pattern
from cairn.core.errors import AwsError
from cairn.wire.operation import Context, Operation
from cairn.wire.validate import validate

Params = dict[str, Any]

GROUP_CHARACTERS_MAX = 512
UNCHECKED = frozenset({"PutMetricFilter", "DescribeMetricFilters", "DeleteMetricFilter"})
"""Their input is checked here, since AWS has its own words for some of it."""


def operations(filters: MetricFilters) -> dict[str, Operation]:
    """By name."""
    doors = _FilterOperations(filters)
    return {
        "PutMetricFilter": doors.put_metric_filter,
        "DescribeMetricFilters": doors.describe_metric_filters,
        "DeleteMetricFilter": doors.delete_metric_filter,
        "TestMetricFilter": doors.test_metric_filter,
    }


class _FilterOperations:
    def __init__(self, filters: MetricFilters) -> None:
        self._filters = filters

    def put_metric_filter(self, context: Context, params: Params) -> Mapping[str, Any]:
        _check("PutMetricFilter", params)
        self._filters.put(own_group(context, params["logGroupName"]), definition_of(params, self._compile))
        return {}

    def describe_metric_filters(self, context: Context, params: Params) -> Mapping[str, Any]:
        _check("DescribeMetricFilters", params)
        metric, namespace = params.get("metricName", ""), params.get("metricNamespace", "")
        if bool(metric) != bool(namespace):
            raise refusals.name_and_namespace()
        wanted = Wanted(
            account=context.account,
            region=context.region,
            group=params.get("logGroupName", ""),
            prefix=params.get("filterNamePrefix", ""),
            namespace=namespace,
            metric=metric,
        )
        scope = ["metric filters", context.account, context.region, wanted.group, wanted.prefix, namespace, metric]
        after = read_token(params.get("nextToken"), scope, tuple[str, str]) or ("", "")
        limit = params.get("limit", LISTED_MAX)
        found = self._filters.page(wanted, after=after, limit=limit + 1)
        answer: dict[str, Any] = {"metricFilters": [_description(each) for each in found[:limit]]}
        if len(found) > limit:
            last = found[limit - 1]
            answer["nextToken"] = token(scope, [last.definition.name, last.group.name])
        return answer

    def delete_metric_filter(self, context: Context, params: Params) -> Mapping[str, Any]:
        _check("DeleteMetricFilter", params)
        self._filters.delete(own_group(context, params["logGroupName"]), params["filterName"])
        return {}

    def test_metric_filter(self, context: Context, params: Params) -> Mapping[str, Any]:
        """It needs no log group."""
        pattern = self._compile(params["filterPattern"])
        matches = []
        for number, text in enumerate(params["logEventMessages"], 1):
            message = Message(text)
            if pattern.matches(message):
                found = {"eventNumber": number, "eventMessage": text, "extractedValues": pattern.extracted(message)}
                matches.append(found)
        return {"matches": matches}

    def _compile(self, text: str) -> Pattern:
        try:
            return self._filters.compile(text)
        except AwsError as error:
            raise pattern_of("metric", error) from None


def _check(operation: str, params: Params) -> None:
    """Raise AwsError (InvalidParameterException) where the input does not fit its model."""
    if len(params.get("logGroupName") or "") > GROUP_CHARACTERS_MAX:
        raise refusals.name_too_long()
    transformations = params.get("metricTransformations")
    if transformations is not None and len(transformations) > 1:
        raise refusals.too_many_transformations(transformations)
    validate("logs", operation, params, VALIDATION)


def _description(found: MetricFilter) -> dict[str, Any]:
    definition = found.definition
    transformation: dict[str, Any] = {
        "metricName": definition.metric,
        "metricNamespace": definition.namespace,
        "metricValue": definition.value,
    }
    if definition.default is not None:
        transformation["defaultValue"] = definition.default
    if definition.dimensions:
        transformation["dimensions"] = dict(definition.dimensions)
    if definition.unit:
        transformation["unit"] = definition.unit
    answer = {
        "filterName": definition.name,
        "filterPattern": definition.pattern,
        "metricTransformations": [transformation],
        "creationTime": found.created_ms,
        "logGroupName": found.group.name,
        "applyOnTransformedLogs": False,
    }
    if definition.system_fields:
        answer["emitSystemFieldDimensions"] = list(definition.system_fields)
    return answer
