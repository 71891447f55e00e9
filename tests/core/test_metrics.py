"""One answer for the metrics of all processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from cairn.core.clock import TestClock
from cairn.core.metrics import STALE_S, MetricsBoard, merge, show_sinks
from cairn.core.state import State
from cairn.core.status import Standing


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.in_folder(tmp_path)
    opened.migrate()
    yield opened
    opened.close()


def exposition(events: int) -> str:
    registry = CollectorRegistry()
    Counter("events", "Events.", ["category"], registry=registry).labels('a "b"').inc(events)
    Gauge("queue", "Waiting.", registry=registry).set(events * 2)
    Histogram("took_seconds", "Time.", buckets=(0.1, 1), registry=registry).observe(0.5)
    return generate_latest(registry).decode()


def samples(text: bytes) -> dict[tuple[str, str, str], float]:
    return {
        (sample.name, sample.labels["process"], sample.labels.get("category", "") or sample.labels.get("le", "")):
        sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }  # fmt: skip


def test_every_sample_of_every_process_is_there_once() -> None:
    merged = merge({"gateway-0": exposition(3), "gateway-1": exposition(5), "worker": ""})
    assert merged.count(b"# TYPE events_total counter") == 1
    found = samples(merged)
    for process, events in (("gateway-0", 3), ("gateway-1", 5)):
        assert found["events_total", process, 'a "b"'] == events
        assert found["queue", process, ""] == events * 2
        assert [found["took_seconds_bucket", process, le] for le in ("0.1", "1.0", "+Inf")] == [0, 1, 1]
    assert len(found) == 2 * 7


def test_others_are_answered_until_they_are_gone(state: State, clock: TestClock) -> None:
    other = MetricsBoard(state, clock, "gateway-1", lambda: exposition(5).encode())
    asked = MetricsBoard(state, clock, "gateway-0", lambda: exposition(3).encode())
    asked.write()
    other.write()
    other.write()
    assert {process for _, process, _ in samples(asked.read())} == {"gateway-0", "gateway-1"}
    clock.advance(STALE_S + 1)
    assert {process for _, process, _ in samples(asked.read())} == {"gateway-0"}


def test_how_far_sinks_are_behind() -> None:
    show_sinks([Standing(process="worker", name="history", position=7, behind=4, failures=2, last_success=9.0)])
    text = generate_latest().decode()
    assert 'cairn_sink_behind_batches{sink="history"} 4.0' in text
    assert 'cairn_sink_failures{sink="history"} 2.0' in text
    assert 'cairn_sink_last_success_seconds{sink="history"} 9.0' in text
