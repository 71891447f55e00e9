"""Crashes: the server killed under several writing processes, a writer killed, a disk that fills, bits that flip."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cairn.core.clock import SystemClock
from cairn.core.config import Settings
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.engine import JournalEngine
from cairn.core.journal.intents import Resolver
from cairn.core.journal.journal import JournalEntry, JournalFull, JournalUnavailable
from cairn.core.journal.nats import NatsJournal
from cairn.core.journal.tables import journal_readers
from cairn.core.process import Child
from cairn.core.records.event import Event, Kind
from cairn.core.state import State

pytestmark = pytest.mark.engine
MakeEvent = Callable[..., Event]

WRITER = """
import asyncio, sys
from pathlib import Path
from cairn.core.journal.access import JournalAccess
from cairn.core.journal.appender import NatsAppender
from cairn.core.records.event import Event, EventHeader, Kind, new_event_id

def event(name, kind):
    header = EventHeader(new_event_id(), "0" * 12, "us-east-1", "Management", 0, False, "s", name, kind)
    return Event(header, b"{}" * 500)

async def client(appender, kind, n):
    number = 0
    while True:
        made = event(f"{n}.{number}", kind)
        await appender.append([made])
        print(made.header.id, f"{n}.{number}", flush=True)
        number += 1

async def main():
    async with NatsAppender(JournalAccess.load(Path(sys.argv[1])), writer=sys.argv[2], give_up_s=30) as appender:
        await asyncio.gather(*(client(appender, Kind[sys.argv[3]], n) for n in range(4)))

asyncio.run(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def engine(folder: Path) -> Iterator[JournalEngine]:
    engine = JournalEngine(folder, Settings())
    engine.start()
    yield engine
    engine.stop()


def write(folder: Path, name: str, kind: Kind, output: Path) -> subprocess.Popen[bytes]:
    """A process that appends for four clients and prints what was acknowledged, until it is killed."""
    with output.open("wb") as file:
        return subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name, kind.name], stdout=file)


def acknowledged(output: Path) -> list[tuple[str, str]]:
    """Ids and names, in order. A line that a kill cut short was not acknowledged to anybody."""
    lines = output.read_text().splitlines(keepends=True)
    return [(line.split()[0], line.split()[1]) for line in lines if line.endswith("\n")]


def read_all(journal: NatsJournal) -> list[JournalEntry]:
    entries: list[JournalEntry] = []
    position = 1
    while found := journal.read_from(position):
        entries += found
        position = found[-1].position + 1
    return entries


def kill(child: Child) -> None:
    """kill -9, once it runs: on a busy machine its last death may still be being mended."""
    deadline = time.monotonic() + 30
    while (pid := child.pid) is None:
        assert time.monotonic() < deadline, f"{child.name} does not run again"
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)


def test_acknowledged_batches_survive_kills_of_the_server(engine: JournalEngine, folder: Path, tmp_path: Path) -> None:
    outputs = {f"gateway-{n}": tmp_path / f"output-{n}" for n in range(3)}
    writers = [write(folder, name, Kind.EVENT, output) for name, output in outputs.items()]
    assert engine.child is not None
    for _ in range(3):
        time.sleep(1.5)
        kill(engine.child)
    time.sleep(2.5)
    for writer in writers:
        writer.kill()
        writer.wait()
    with NatsJournal(JournalAccess.load(folder), writer="reader") as journal:
        entries = read_all(journal)
        assert journal.faults.recent() == []
    for name, output in outputs.items():
        stored = [e.header for entry in entries if entry.batch.writer == name for e in entry.batch.events]
        assert len(stored) == len({header.id for header in stored}), "each once"
        told = acknowledged(output)
        assert len(told) > 50
        assert {id for id, _ in told} <= {header.id for header in stored}
        for client in range(4):  # a client appends one after the other: its events stand in that order
            mine = [header.name for header in stored if header.name.startswith(f"{client}.")]
            assert mine == [f"{client}.{number}" for number in range(len(mine))]
    assert engine.child.restarts == 3


def test_intents_of_a_killed_writer_are_resolved_once(
    engine: JournalEngine, folder: Path, tmp_path: Path, event: MakeEvent
) -> None:
    writer = write(folder, "gateway-0", Kind.INTENT, tmp_path / "output")
    time.sleep(2.0)
    writer.kill()
    writer.wait()
    state = State.in_folder(tmp_path)
    journal_readers.create(state.engine)
    access = JournalAccess.load(folder)
    with NatsJournal(access, writer="intents") as journal, NatsJournal(access, writer="gateway-0") as reborn:
        resolver = Resolver(journal, state, SystemClock(), wait_s=0.05)
        resolver.step()
        reborn.append([event()], origin="gateway")
        resolver.step()
        while resolver.open:
            resolver.step()
        entries = read_all(journal)
        assert journal.faults.recent() == []
    state.close()
    intents = [e.header.id for entry in entries for e in entry.batch.of_kind(Kind.INTENT)]
    resolved = [
        e.header.id for entry in entries if entry.batch.origin == "unresolved" for e in entry.batch.of_kind(Kind.EVENT)
    ]
    assert {id for id, _ in acknowledged(tmp_path / "output")} <= set(intents)
    assert sorted(resolved) == sorted(intents)


def blocks(folder: Path) -> list[Path]:
    return sorted(folder.glob("jetstream/**/*.blk"), key=lambda path: int(path.stem))


@pytest.mark.parametrize("damaged", [1, 21, 50])
def test_a_flipped_bit_costs_one_batch_and_is_reported(
    engine: JournalEngine, folder: Path, event: MakeEvent, damaged: int
) -> None:
    access = JournalAccess.load(folder)
    needle = event(name="TheOneWithTheFlippedBit", padding=2000)
    with NatsJournal(access, writer="one") as journal:
        for position in range(1, 51):
            journal.append([needle if position == damaged else event(padding=2000)], origin="import")
    engine.stop()
    (block,) = blocks(folder)
    content = bytearray(block.read_bytes())
    content[content.index(needle.record) + 500] ^= 4
    block.write_bytes(content)
    again = JournalEngine(folder, Settings())
    with NatsJournal(again.start(), writer="one") as journal:
        whole = [position for position in range(1, 51) if position != damaged]
        assert [entry.position for entry in read_all(journal)] == whole
        assert [(fault.position, fault.kind) for fault in journal.faults.recent()] == [(damaged, "hole")]
        last = journal.append([event()], origin="import")
        assert [entry.position for entry in read_all(journal)] == [*whole, last]
        assert last == 51
        assert journal.faults.total == 1
    again.stop()


def test_a_deleted_block_is_a_hole_and_the_rest_is_read(engine: JournalEngine, folder: Path, event: MakeEvent) -> None:
    access = JournalAccess.load(folder)
    with NatsJournal(access, writer="one") as journal:
        for _ in range(60):
            journal.append([event(padding=500_000)], origin="import")
    engine.stop()
    assert len(blocks(folder)) >= 3
    blocks(folder)[0].unlink()
    again = JournalEngine(folder, Settings())
    with NatsJournal(again.start(), writer="one") as journal:
        entries = read_all(journal)
        (fault,) = journal.faults.recent()
        assert (fault.position, fault.kind) == (1, "hole")
        assert [entry.position for entry in entries] == list(range(1 + fault.missing, 61))
        assert 5 < fault.missing < 40
    again.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MB, which `mount -o remount` can grow."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(journal: NatsJournal, event: MakeEvent) -> int:
    """Append until the disk is full. Returns how many batches went in."""
    count = 0
    with pytest.raises((JournalFull, JournalUnavailable)) as caught:
        for _ in range(300):
            journal.append([event(padding=400_000)], origin="import")
            count += 1
    assert caught.type is JournalFull
    return count


def test_a_full_disk_refuses_loudly_and_resumes_by_itself(small_disk: Path, event: MakeEvent) -> None:
    engine = JournalEngine(small_disk / "journal", Settings(), reserve_bytes=8 << 20)
    try:
        with NatsJournal(engine.start(), writer="one", give_up_s=5) as journal:
            count = fill(journal, event)
            with pytest.raises(JournalFull):
                journal.append([event()], origin="import")
            assert len(read_all(journal)) == count, "what is stored can be read"
            journal.trim(count - 5)
            assert journal.append([event()], origin="import") == count + 1
            assert journal.faults.recent() == []
        assert engine.child is not None and engine.child.restarts == 0
    finally:
        engine.stop()


def test_a_server_that_met_a_full_disk_is_started_again_when_there_is_room(small_disk: Path, event: MakeEvent) -> None:
    engine = JournalEngine(small_disk / "journal", Settings(), reserve_bytes=8 << 20)
    try:
        access = engine.start()
        with NatsJournal(access, writer="one", give_up_s=1) as journal:
            journal.append([event()], origin="import")
            other = small_disk / "other"
            with other.open("wb") as file, pytest.raises(OSError, match="No space"):
                while True:
                    file.write(bytes(1 << 20))
            blind = JournalAccess(address=access.address, user=access.user, password=access.password)
            with NatsJournal(blind, writer="two", give_up_s=1) as careless:
                lost = event(padding=400_000)
                with pytest.raises(JournalUnavailable):
                    careless.append([lost], origin="import")
                with pytest.raises(JournalFull):
                    journal.append([event()], origin="import")
                time.sleep(1.0)  # the watcher has looked, and found no room
                other.unlink()
                deadline = time.monotonic() + 20
                while True:
                    try:
                        careless.append([lost], origin="import")
                        break
                    except JournalUnavailable:
                        assert time.monotonic() < deadline
            journal.append([event()], origin="import")
            entries = read_all(journal)
            assert [len(entry.batch.events) for entry in entries] == [1, 1, 1]
            assert entries[1].batch.events == (lost,)
            assert journal.faults.recent() == []
        assert engine.child is not None and engine.child.restarts == 1
    finally:
        engine.stop()
