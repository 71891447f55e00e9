"""The journal's contract, kept by the one in memory and by NATS."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cairn.core.config import Settings
from cairn.core.journal.engine import JournalEngine
from cairn.core.journal.journal import Journal, JournalFenced
from cairn.core.journal.memory import MemoryJournal
from cairn.core.journal.nats import NatsJournal
from cairn.core.records.event import Event, Kind

MakeEvent = Callable[..., Event]
MakeJournal = Callable[[str], Journal]


@pytest.fixture(params=["memory", pytest.param("nats", marks=pytest.mark.engine)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeJournal]:
    """Opens the one journal under a writer's name; the same name again is that writer's next life."""
    if request.param == "memory":
        yield MemoryJournal().as_writer
        return
    engine = JournalEngine(tmp_path / "journal", Settings())
    access = engine.start()
    with ExitStack() as stack:
        yield lambda writer: stack.enter_context(NatsJournal(access, writer=writer, give_up_s=5))
    engine.stop()


def test_positions_start_at_one_and_grow(opened: MakeJournal, event: MakeEvent) -> None:
    journal = opened("one")
    assert (journal.bounds().first, journal.bounds().next) == (1, 1)
    assert [journal.append([event()], origin="import") for _ in range(3)] == [1, 2, 3]
    assert (journal.bounds().first, journal.bounds().next) == (1, 4)


def test_what_was_appended_is_read_in_order(opened: MakeJournal, event: MakeEvent) -> None:
    journal = opened("one")
    batches = [[event(padding=100 * n) for n in range(size)] for size in (1, 0, 7)]
    for batch in batches:
        journal.append(batch, origin="import")
    entries = opened("two").read_from(1)
    assert [list(entry.batch.events) for entry in entries] == batches
    assert [entry.position for entry in entries] == [1, 2, 3]
    assert {(entry.batch.writer, entry.batch.origin) for entry in entries} == {("one", "import")}
    assert [entry.time for entry in entries] == sorted(entry.time for entry in entries)
    assert opened("two").read_from(3)[0].position == 3


def test_a_read_is_limited_in_bytes_but_never_empty(opened: MakeJournal, event: MakeEvent) -> None:
    journal = opened("one")
    for _ in range(5):
        journal.append([event(padding=10_000)], origin="import")
    assert len(journal.read_from(1, bytes_max=1)) == 1
    assert 1 <= len(journal.read_from(2, bytes_max=25_000)) <= 3


def test_the_end_is_empty_and_waiting_ends_with_an_append(opened: MakeJournal, event: MakeEvent) -> None:
    journal, other = opened("one"), opened("two")
    assert journal.read_from(1) == []
    late = threading.Timer(0.3, lambda: other.append([event()], origin="import"))
    late.start()
    assert [entry.position for entry in journal.read_from(1, wait_s=20)] == [1]
    late.join()
    assert journal.faults.total == 0


def test_trimmed_positions_are_passed_over(opened: MakeJournal, event: MakeEvent) -> None:
    journal = opened("one")
    for _ in range(5):
        journal.append([event()], origin="import")
    journal.read_from(1, bytes_max=1)
    journal.trim(4)
    assert (journal.bounds().first, journal.bounds().next) == (4, 6)
    assert [entry.position for entry in journal.read_from(1)] == [4, 5]
    journal.trim(6)
    assert journal.read_from(1) == []
    assert journal.append([event()], origin="import") == 6
    assert [entry.position for entry in opened("two").read_from(1)] == [6]
    assert [entry.position for entry in journal.read_from(6)] == [6]
    assert journal.faults.total == 0


def test_a_trim_goes_neither_beyond_the_end_nor_back(opened: MakeJournal, event: MakeEvent) -> None:
    journal = opened("one")
    for _ in range(3):
        journal.append([event()], origin="import")
    journal.trim(99)
    assert (journal.bounds().first, journal.bounds().next) == (4, 4)
    assert journal.append([event()], origin="import") == 4
    journal.trim(2)
    assert (journal.bounds().first, journal.bounds().next) == (4, 5)
    assert [entry.position for entry in opened("two").read_from(1)] == [4]
    assert journal.faults.total == 0


def test_a_writers_next_life_goes_on_with_its_chain(opened: MakeJournal, event: MakeEvent) -> None:
    for _ in range(3):
        opened("one").append([event()], origin="import")
    reader = opened("reader")
    assert len({entry.batch.epoch for entry in reader.read_from(1)}) == 3
    assert reader.faults.total == 0


def test_many_writers_are_all_there_each_in_its_order(opened: MakeJournal, event: MakeEvent) -> None:
    written: dict[str, list[str]] = {}

    def write(name: str) -> None:
        journal = opened(name)
        events = [event() for _ in range(20)]
        written[name] = [each.header.id for each in events]
        for each in events:
            journal.append([each], origin="import")

    threads = [threading.Thread(target=write, args=(f"writer-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader = opened("reader")
    read: dict[str, list[str]] = {}
    for entry in reader.read_from(1):
        read.setdefault(entry.batch.writer, []).extend(each.header.id for each in entry.batch.events)
    assert read == written
    assert reader.faults.total == 0


def test_a_fence_ends_the_writers_epoch_only_if_nothing_was_overlooked(opened: MakeJournal, event: MakeEvent) -> None:
    writer, judge = opened("gateway-0"), opened("judge")
    intent = event(kind=Kind.INTENT)
    first = writer.append([intent], origin="gateway")
    assert not judge.fence("gateway-0", read_to=first)
    assert judge.fence("gateway-0", read_to=first + 1)
    with pytest.raises(JournalFenced):
        writer.append([event(id=intent.header.id)], origin="gateway")
    writer.append([event()], origin="gateway")
    entries = judge.read_from(1)
    assert len({entry.batch.epoch for entry in entries}) == 3
    assert [len(entry.batch.events) for entry in entries] == [1, 0, 1]
    assert judge.faults.total == 0


def test_read_to_refuses_who_has_not_read_its_own_past(opened: MakeJournal, event: MakeEvent) -> None:
    opened("judge").append([event()], origin="unresolved")
    late = opened("judge")
    with pytest.raises(JournalFenced):
        late.append([event()], origin="unresolved", read_to=1)
    assert late.append([event()], origin="unresolved", read_to=2) == 2


def test_a_reader_beyond_the_end_is_reported_and_goes_on_there(opened: MakeJournal, event: MakeEvent) -> None:
    journal = opened("one")
    journal.append([event()], origin="import")
    assert journal.read_from(9) == []
    for _ in range(2):
        journal.append([event()], origin="import")
    assert [entry.position for entry in journal.read_from(9)] == [2, 3]
    assert [entry.position for entry in journal.read_from(9)] == [2, 3]
    assert [(fault.position, fault.kind) for fault in journal.faults.recent()] == [(9, "behind")]


def test_the_blocking_face_may_be_used_inside_a_running_loop(opened: MakeJournal, event: MakeEvent) -> None:
    async def inside() -> int:
        return await asyncio.to_thread(opened("one").append, [event()], origin="console")

    assert asyncio.run(inside()) == 1
