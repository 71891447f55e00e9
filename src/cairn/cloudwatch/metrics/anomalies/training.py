"""Learning what is expected of a metric from what is stored of it."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.cloudwatch.metrics.anomalies.band import HOUR_S, TRAINING_S, Expectation
from cairn.cloudwatch.metrics.anomalies.detectors import Detector, find_detector
from cairn.cloudwatch.metrics.datum import Metric
from cairn.cloudwatch.metrics.periods import over_units, read_periods, round_start
from cairn.cloudwatch.metrics.statistic import Statistic
from cairn.cloudwatch.metrics.store import MetricStore


def expectation(
    store: MetricStore, connection: sa.Connection, metric: Metric, statistic: Statistic, period: int, before: float
) -> Expectation:
    """What is expected of a statistic of a metric, learned from the two weeks up to the hour that `before` is in.

    A detector of the metric's says which times are left out, and where days begin; there need not be one. A process
    learns once an hour.
    """
    detector = find_detector(connection, metric, statistic.name) or Detector(metric=metric, statistic=statistic.name)
    end = int(before // HOUR_S) * HOUR_S
    key = (detector, period, end)
    known = store.expectations.get(key)
    if known is not None:
        return known
    start = round_start(end - TRAINING_S, period, store.clock.now())
    found = read_periods(store, connection, metric, start, end, period, spread=statistic.spread)
    values = ((time, statistic.of(summary)) for time, summary in over_units(found).items())
    points = {time: value for time, value in values if value is not None and detector.learns_from(time)}
    learned = Expectation(points, detector.offset())
    if learned.trained:
        store.expectations.remember(key, learned)
    return learned
