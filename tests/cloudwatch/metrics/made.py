"""Data and points for tests."""

from typing import Any

from cairn.cloudwatch.metrics import Datum, Metric, MetricStore
from cairn.cloudwatch.metrics.summary import Summary

ACCOUNT, REGION, NAMESPACE = "111122223333", "us-east-1", "Shop"
NOW = 1_700_000_000.0  # where test clocks begin: 20 s after a minute, 20 s and 13 min after an hour
MINUTE = 1_699_999_980


def datum(time: float = NOW, value: float | None = None, name: str = "Orders", **more: Any) -> Datum:
    more.setdefault("dimensions", ())
    return Datum(ACCOUNT, REGION, NAMESPACE, name, time=time, value=value, **more)


def metric(name: str = "Orders", *dimensions: tuple[str, str]) -> Metric:
    return Metric(ACCOUNT, REGION, NAMESPACE, name, dimensions)


def put(store: MetricStore, *data: Datum) -> None:
    with store.write() as connection:
        store.add(connection, data)


def points(store: MetricStore, asked: Metric | None = None) -> dict[tuple[int, int, str], Summary]:
    """Every row of a metric, by start, resolution and unit."""
    with store.state.read() as connection:
        rows = store.rows(connection, asked or metric(), 0, 1e12)
        return {(key.start, key.resolution, key.unit): summary for key, summary in rows}
