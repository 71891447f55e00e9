"""What was read lately: bounded, gapless, and shared by the sinks of a process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.config import Settings
from cairn.core.journal.engine import JournalEngine
from cairn.core.journal.journal import Batch, JournalEntry
from cairn.core.journal.nats import NatsJournal
from cairn.core.journal.recent import EVENT_BYTES, Recent
from cairn.core.journal.stream import Stream
from cairn.core.records.event import Event

MakeEvent = Callable[..., Event]


def entry(position: int, size: int = 10) -> JournalEntry:
    return JournalEntry(position, 0.0, size, Batch("w", "import", ()))


@given(
    puts=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 40)), max_size=40),
    position=st.integers(1, 30),
    bytes_max=st.integers(1, 100),
)
def test_it_gives_what_follows_without_a_gap_within_its_limits(
    puts: list[tuple[int, int]], position: int, bytes_max: int
) -> None:
    recent = Recent(bytes_max=100)
    for each, size in puts:
        recent.put([entry(each, size)])
    found = recent.from_position(position, bytes_max)
    assert [each.position for each in found] == list(range(position, position + len(found)))
    assert sum(each.size for each in found[1:]) + (found[0].size if len(found) > 1 else 0) <= bytes_max
    kept = [recent.from_position(each, 1) for each in range(1, 31)]
    assert sum(each[0].size for each in kept if each) <= 100
    if puts:
        assert recent.from_position(puts[-1][0], 1), "the newest is kept"


def test_what_events_take_besides_their_bytes_counts(event: MakeEvent) -> None:
    recent = Recent(bytes_max=10 * EVENT_BYTES)
    recent.put([JournalEntry(position, 0.0, 1, Batch("w", "import", (event(),) * 3)) for position in range(1, 8)])
    assert [position for position in range(1, 8) if recent.from_position(position, 1)] == [5, 6, 7]


def test_nothing_is_kept_where_nobody_reads_after_the_first() -> None:
    recent = Recent(bytes_max=0)
    recent.put([entry(1), entry(2)])
    assert not recent.from_position(1, 100)


@pytest.mark.engine
def test_two_sinks_fetch_once(tmp_path: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch, fetched = Stream.fetch, []

    async def counted(stream: Stream, position: int, bytes_max: int, *, listen: bool = False) -> object:
        fetched.append(position)
        return await fetch(stream, position, bytes_max, listen=listen)

    monkeypatch.setattr(Stream, "fetch", counted)
    engine = JournalEngine(tmp_path / "journal", Settings())
    with NatsJournal(engine.start(), writer="one") as journal:
        for _ in range(10):
            journal.append([event(padding=1000)], origin="import")
        first = journal.read_from(1)
        assert journal.read_from(1) == first
        assert journal.read_from(4) == first[3:]
        assert len(journal.read_from(1, bytes_max=3000)) == 2
        assert fetched == [1]
        journal.append([event()], origin="import")
        assert [each.position for each in journal.read_from(11)] == [11]
    engine.stop()


@pytest.mark.engine
def test_a_batch_that_comes_between_reading_and_waiting_wakes_the_reader(
    tmp_path: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.core.journal.nats.POLL_S", 60.0)
    wait = Stream.wait_rung
    engine = JournalEngine(tmp_path / "journal", Settings())
    access = engine.start()
    with NatsJournal(access, writer="one") as journal, NatsJournal(access, writer="two") as other:

        async def late(stream: Stream, since: int, seconds: float) -> None:
            await asyncio.to_thread(other.append, [event()], origin="import")
            await asyncio.sleep(0.2)  # the bell rings now, while nobody waits
            await wait(stream, since, seconds)

        monkeypatch.setattr(Stream, "wait_rung", late)
        started = time.monotonic()
        assert [each.position for each in journal.read_from(1, wait_s=30)] == [1]
        assert time.monotonic() - started < 10
    engine.stop()


@pytest.mark.engine
def test_a_reader_hears_of_a_stretch_of_batches_once_and_of_the_next_again(
    tmp_path: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.core.journal.nats.POLL_S", 60.0)
    engine = JournalEngine(tmp_path / "journal", Settings())
    access = engine.start()
    with NatsJournal(access, writer="one") as journal, NatsJournal(access, writer="two") as other:
        position = 1
        for _ in range(3):
            assert journal.read_from(position, wait_s=0.05) == []
            heard = journal._stream.rings
            for _ in range(20):
                other.append([event()], origin="import")
            found = journal.read_from(position, wait_s=30)
            assert len(found) == 20
            position += 20
            assert journal._stream.rings - heard <= 1
    engine.stop()
