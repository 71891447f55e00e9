"""The sink: what it takes, what it sets aside, and that it can be killed."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cairn.cloudtrail.history import History, Lookup
from cairn.core.clock import SystemClock
from cairn.core.config import History as HistorySettings
from cairn.core.journal.journal import JournalUnavailable
from cairn.core.journal.memory import Fault, MemoryJournal
from cairn.core.loops import Loop
from cairn.core.records.event import Event, EventHeader, Kind

ACCOUNT = "111122223333"
START = 1_700_000_000
SCOPE = (ACCOUNT, "us-east-1", "Management")


def ids(reader: Any, limit: int = 100_000) -> list[str]:
    return [event.id for event in reader.lookup(Lookup(scope=SCOPE, limit=limit)).events]


def test_it_takes_management_and_insight_events_and_no_intents(bench: Any, make_event: Any) -> None:
    management, data = make_event(), make_event(category="Data")
    intent = make_event()
    values = {name: getattr(intent.header, name) for name in intent.header.__struct_fields__} | {"kind": Kind.INTENT}
    bench.keep(management, data, Event(EventHeader(**values), intent.record))
    assert ids(bench.reader) == [management.header.id]
    assert bench.sink.events == 1


def test_poison_is_set_aside_counted_and_shown(bench: Any, make_event: Any) -> None:
    good = make_event()
    header = make_event().header
    bad = [Event(header, record) for record in (b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'"text"')]
    bench.keep(good, *bad, good, batch=100)
    assert ids(bench.reader) == [good.header.id]
    assert bench.sink.set_aside == len(bad)
    shown = bench.reader.set_aside()
    assert [item.record for item in shown] == [event.record for event in bad]
    assert all(item.reason and item.event_id == header.id and item.position == 1 for item in shown)
    assert [item.place for item in shown] == [1, 2, 3, 4, 5]
    assert bench.sink.behind == 0, "it goes on behind them"


def test_a_journal_that_is_away_stops_nothing(bench: Any, make_event: Any) -> None:
    loop = Loop(bench.sink, clock=bench.clock)
    bench.append(make_event())
    bench.journal.fault = Fault.UNAVAILABLE
    assert loop.run_once() > 0
    assert "JournalUnavailable" in loop.status.last_error
    with pytest.raises(JournalUnavailable):
        _ = bench.sink.behind
    bench.journal.fault = None
    loop.run_once()
    assert loop.status.failures == 0
    assert len(ids(bench.reader)) == 1


def test_a_journal_made_anew_is_read_from_its_beginning(bench: Any, make_event: Any) -> None:
    bench.keep(*(make_event(START + number) for number in range(50)))
    bench.journal = MemoryJournal(clock=bench.clock)
    late = make_event(START + 100)
    bench.append(late)
    bench.reopen()
    bench.settle()
    assert ids(bench.reader)[0] == late.header.id
    assert len(ids(bench.reader)) == 51


def test_reads_that_find_little_are_spaced(bench: Any, make_event: Any) -> None:
    bench.append(make_event())
    assert bench.sink.step() == pytest.approx(0.1)
    assert bench.sink.step() == 0.0


def test_an_event_is_seen_within_a_second(tmp_path: Path, make_event: Any) -> None:
    """Under 1,000 events a second, each appended by itself, as calls are."""
    journal = MemoryJournal()
    history = History(tmp_path / "history", HistorySettings(), SystemClock())
    sink, reader = history.sink(journal), history.reader()
    loop = Loop(sink)
    loop.start()
    appended: dict[str, float] = {}
    waits: list[float] = []
    try:
        begin = time.monotonic()
        for number in range(1500):
            event = make_event(START + number)
            journal.append([event], origin="gateway")
            appended[event.header.id] = time.monotonic()
            if number % 100 == 50:
                while not reader.lookup(Lookup(scope=SCOPE, event_id=event.header.id)).events:
                    time.sleep(0.002)
                waits.append(time.monotonic() - appended[event.header.id])
            time.sleep(max(0.0, begin + number / 1000 - time.monotonic()))
    finally:
        loop.stop()
        sink.close()
        reader.close()
    assert max(waits) < 1.0, waits
    assert loop.status.last_error == ""


def test_many_readers_while_segments_fill_seal_and_are_dropped(tmp_path: Path, make_event: Any) -> None:
    journal = MemoryJournal()
    history = History(tmp_path / "history", HistorySettings(segment_events=50), SystemClock())
    sink, reader = history.sink(journal), history.reader()
    sink._wait_s = 0.0
    events = [make_event(START + number) for number in range(1000)]
    order = {event.header.id: number for number, event in enumerate(events)}
    done = threading.Event()
    wrong: list[str] = []
    looks = [0]

    def look() -> None:
        most = 0
        while not done.is_set():
            got = [order[event_id] for event_id in ids(reader)]
            if got != list(range(len(got) - 1, -1, -1)) or len(got) < most:
                wrong.append(f"{len(got)} after {most}: {got[:5]}")
            most = len(got)
            looks[0] += 1

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(0, 1000, 20):
        journal.append(events[start : start + 20], origin="gateway")
        sink.step()
    while sink.store.tend(1.0):
        pass
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert looks[0] > 3
    assert len(ids(reader)) == 1000
    assert reader.segments.damage() == []
    sink.close()
    reader.close()


_SINK = """
import sys
from pathlib import Path
from cairn.cloudtrail.history import History
from cairn.core.clock import SystemClock
from cairn.core.config import History as HistorySettings
from cairn.core.journal.memory import MemoryJournal
from cairn.core.records.parse import event_from_record

journal = MemoryJournal()
batch = []
for line in Path(sys.argv[2]).read_bytes().splitlines():
    batch.append(event_from_record(line))
    if len(batch) == 10:
        journal.append(batch, origin="gateway")
        batch = []
sink = History(Path(sys.argv[1]), HistorySettings(segment_events=300), SystemClock()).sink(journal)
import cairn.cloudtrail.history.sink as module
module.READ_BYTES_MAX = 20_000
print("ready", flush=True)
while True:
    sink.step()
"""


@pytest.mark.engine
def test_kill_9_ten_times_loses_and_doubles_nothing(tmp_path: Path, make_event: Any) -> None:
    events = [make_event(START + number, bucket=f"b{number}") for number in range(6000)]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(event.record for event in events))
    folder = tmp_path / "history"
    history = History(folder, HistorySettings(segment_events=300), SystemClock())
    dice = random.Random(7)
    counts = [0]
    for round_ in range(11):
        process = subprocess.Popen(
            [sys.executable, "-c", _SINK, str(folder), str(tmp_path / "events.jsonl")], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        reader = history.reader()
        least = min(counts[-1] + dice.randrange(400), len(events)) if round_ < 10 else len(events)
        deadline = time.monotonic() + 60
        while len(ids(reader)) < least and time.monotonic() < deadline:
            time.sleep(0.001)
        if round_ < 10:
            time.sleep(dice.uniform(0.0, 0.02))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        got = ids(reader)
        assert got == [event.header.id for event in reversed(events[: len(got)])], f"round {round_}"
        counts.append(len(got))
        reader.close()
    assert counts[-1] == len(events)
    assert len({count for count in counts if 0 < count < len(events)}) >= 3, f"killed too late or too early: {counts}"
    for path in folder.glob("*.db"):
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        connection.close()
