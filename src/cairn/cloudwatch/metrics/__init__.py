"""Metrics: what was measured, kept by period, and the statistics and the math over it."""

from cairn.cloudwatch.metrics.datum import Datum, Metric, StatisticSet
from cairn.cloudwatch.metrics.store import MetricStore

__all__ = ["Datum", "Metric", "MetricStore", "StatisticSet"]
