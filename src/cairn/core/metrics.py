"""The metrics of all processes in one answer, whichever gateway is scraped.

Gateways share a port, so that a scrape meets any one of them, and the worker listens on none. So each process leaves
its metrics in the saved state every few seconds, and the one that is asked answers its own, as they are now, and those
of the others as they were left, told apart by the label `process`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Gauge, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from cairn.core.clock import Clock
from cairn.core.state import State, metadata
from cairn.core.status import Standing

WRITE_S = 5.0
STALE_S = 30.0
"""What a process left longer ago is not answered: it is gone, or another has its name by now."""
LABEL = "process"

BEHIND = Gauge("cairn_sink_behind_batches", "Batches of the journal that a sink has not read yet.", ["sink"])
FAILURES = Gauge("cairn_sink_failures", "Failed steps of a sink in a row; 0 while it is well.", ["sink"])
SUCCESS = Gauge("cairn_sink_last_success_seconds", "When a sink's last step went well, since the epoch.", ["sink"])

process_metrics = sa.Table(
    "process_metrics",
    metadata,
    sa.Column("process", sa.String(64), primary_key=True),
    sa.Column("written", sa.Float, nullable=False),
    sa.Column("text", sa.Text, nullable=False, doc="in Prometheus' text format"),
)


class MetricsBoard:
    """What one process leaves of its metrics, and what it answers of all.

    Args:
        own: this process's metrics in Prometheus' text format.
    """

    def __init__(self, state: State, clock: Clock, process: str, own: Callable[[], bytes] = generate_latest) -> None:
        self._state = state
        self._clock = clock
        self._process = process
        self._own = own

    def write(self) -> None:
        """Leave this process's metrics for whoever is asked."""
        text, now = self._own().decode(), self._clock.now()
        with self._state.write() as connection:
            connection.execute(sa.delete(process_metrics).where(process_metrics.c.process == self._process))
            connection.execute(sa.insert(process_metrics).values(process=self._process, written=now, text=text))

    def read(self) -> bytes:
        """The metrics of every process that is there, each with its label."""
        since = self._clock.now() - STALE_S
        with self._state.read() as connection:
            rows = connection.execute(sa.select(process_metrics).where(process_metrics.c.written >= since))
            texts = {row.process: row.text for row in rows}
        return merge(texts | {self._process: self._own().decode()})


def merge(texts: Mapping[str, str]) -> bytes:
    """One text of many processes' metrics: each family once, each sample labelled by its process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Merged(texts))
    return generate_latest(registry)


def show_sinks(standings: list[Standing]) -> None:
    """Set the gauges of this process's sinks. Only those that read the journal have a position to be behind."""
    for standing in standings:
        if standing.position:
            BEHIND.labels(standing.name).set(standing.behind)
        FAILURES.labels(standing.name).set(standing.failures)
        SUCCESS.labels(standing.name).set(standing.last_success)


class _Merged:
    """A collector over texts."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for process, text in sorted(self._texts.items()):
            for family in text_string_to_metric_families(text):
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    merged.add_sample(sample.name, {**sample.labels, LABEL: process}, sample.value)
        yield from families.values()
