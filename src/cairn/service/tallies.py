"""What services count of themselves, as metrics."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cairn.cloudwatch.metrics import MetricStore
from cairn.cloudwatch.metrics.datum import Datum
from cairn.core.tallies import Tallied, Tally


class MetricTallies:
    """`core.tallies.TallySink` over the store of metrics."""

    def __init__(self, metrics: MetricStore) -> None:
        self._metrics = metrics

    def position(self, reader: str) -> int:
        with self._metrics.state.read() as connection:
            return self._metrics.position(connection, reader)

    def add(self, reader: str, position: int, namespace: str, tallied: Sequence[Tallied]) -> None:
        by_metric: dict[tuple[Tally, int], list[Tally]] = defaultdict(list)
        for tally, start in tallied:
            by_metric[tally._replace(value=0.0, times=0), start].append(tally)
        data = [_datum(namespace, of, start, tallies) for (of, start), tallies in by_metric.items()]
        with self._metrics.write() as connection:
            if position > self._metrics.position(connection, reader):
                self._metrics.add(connection, data)
                self._metrics.move(connection, reader, position)


def _datum(namespace: str, of: Tally, start: int, tallies: Sequence[Tally]) -> Datum:
    return Datum(
        account=of.account,
        region=of.region,
        namespace=namespace,
        name=of.name,
        dimensions=of.dimensions,
        time=start,
        values=tuple(each.value for each in tallies),
        counts=tuple(float(each.times) for each in tallies),
        unit=of.unit,
    )
