"""Metric filters: what they count of a group's log events, and the sink that makes metrics of it (spec 8.3)."""

from cairn.cloudwatch.metric_filters.filters import MetricFilters
from cairn.cloudwatch.metric_filters.operations import UNCHECKED, operations
from cairn.cloudwatch.metric_filters.sink import MetricFilterSink

__all__ = ["UNCHECKED", "MetricFilterSink", "MetricFilters", "operations"]
