"""Segments: filled, sealed, dropped, damaged, found again after a crash."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cairn.cloudtrail.history import Lookup, request_rebuild
from cairn.cloudtrail.history.bloom import Bloom, BloomBuilder, FilterDamaged, probe
from cairn.cloudtrail.history.facts import Field
from cairn.core.durable import FolderInUse
from cairn.core.failpoints import FailpointReached, arm

ACCOUNT = "111122223333"
START = 1_700_000_000
SCOPE = (ACCOUNT, "us-east-1", "Management")
DAY = 86400


def ids(bench: Any, **question: Any) -> list[str]:
    return [event.id for event in bench.reader.lookup(Lookup(scope=SCOPE, limit=10_000, **question)).events]


def segment_files(bench: Any, suffix: str = ".db") -> list[Path]:
    return sorted(bench.folder.glob(f"*{suffix}"))


def test_segments_are_sealed_as_they_fill(bench: Any, make_event: Any) -> None:
    events = [make_event(START + number, bucket=f"b{number}") for number in range(200)]
    bench.keep(*events)
    states = bench.states()
    assert states[-1] == "active"
    assert states[:-1] == ["sealed"] * (len(states) - 1)
    assert len(states) >= 4
    assert len(segment_files(bench, ".bloom")) == len(states) - 1
    assert ids(bench) == [event.header.id for event in reversed(events)]
    infos = bench.reader.segments.manifest().segments
    for before, after in itertools.pairwise(infos):
        assert (before.next_seq, before.next_position) == (after.first_seq, after.first_position)
        assert before.scopes == (SCOPE,)
    assert infos[0].time_min == START


def test_a_rare_value_opens_only_the_segments_that_may_hold_it(
    bench: Any, make_event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.keep(*(make_event(START + number, bucket=f"b{number}") for number in range(400)))
    opened: list[str] = []
    reading = bench.reader.segments.reading

    def counted(info: Any) -> Any:
        opened.append(info.name)
        return reading(info)

    monkeypatch.setattr(bench.reader.segments, "reading", counted)
    for number in (0, 100, 250):
        opened.clear()
        assert len(ids(bench, field=Field.RESOURCE_NAME, value=f"b{number}")) == 1
        assert len(set(opened)) <= 3, "the one that has it, the active one, hardly ever another"
    assert len(bench.states()) > 8


def test_the_filter_has_no_false_negatives_and_few_false_positives(tmp_path: Path) -> None:
    builder = BloomBuilder(5000)
    builder.add_all(f"key-{number}".encode() for number in range(5000))
    builder.save(tmp_path / "f.bloom")
    bloom = Bloom(tmp_path / "f.bloom")
    assert all(bloom.may_hold(probe(f"key-{number}".encode())) for number in range(5000))
    wrong = sum(bloom.may_hold(probe(f"other-{number}".encode())) for number in range(20_000))
    assert wrong / 20_000 < 0.012
    content = bytearray((tmp_path / "f.bloom").read_bytes())
    content[-1] ^= 1
    for bad in (bytes(content), content[:-1], b"", b"CBF1"):
        (tmp_path / "bad.bloom").write_bytes(bad)
        with pytest.raises(FilterDamaged):
            Bloom(tmp_path / "bad.bloom")


@pytest.mark.parametrize("apart", ["in one batch", "in one segment", "segments apart", "after a restart"])
def test_a_repeated_event_is_counted_and_not_stored_twice(bench: Any, make_event: Any, apart: str) -> None:
    event = make_event(START)
    if apart == "in one batch":
        bench.keep(event, event)
    else:
        bench.keep(event)
        if apart == "segments apart":
            bench.keep(*(make_event(START + number) for number in range(1, 200)))
        if apart == "after a restart":
            bench.reopen()
        bench.keep(event)
    assert ids(bench).count(event.header.id) == 1
    assert bench.sink.duplicates == 1


def test_a_repeat_across_a_full_segment_that_is_not_sealed_yet(bench: Any, make_event: Any) -> None:
    event = make_event(START)
    bench.append(event)
    bench.sink.step()
    bench.sink.store.rotate()
    assert bench.states() == ["full", "active"]
    bench.append(event)
    bench.sink._take(bench.journal.read_from(bench.sink.position))
    assert bench.sink.duplicates == 1
    assert len(ids(bench)) == 1


def test_an_event_leaves_its_retention_after_its_arrival(make_bench: Any, make_event: Any, clock: Any) -> None:
    bench = make_bench(retention=90 * DAY)
    old = make_event(START - 1000 * DAY)  # imported: years old when it arrives
    bench.keep(old)
    arrived = clock.now()
    clock.advance(45 * DAY)
    young = make_event(int(clock.now()))
    bench.keep(young)
    clock.advance(arrived + 90 * DAY - clock.now())
    bench.settle()
    assert ids(bench) == [young.header.id, old.header.id]
    clock.advance(1.5)
    assert ids(bench) == [young.header.id]
    bench.settle()
    assert len(bench.states()) == 2, "the segment of the old one is gone, young's is closed by age"
    clock.advance(46 * DAY)
    bench.settle()
    assert ids(bench) == []
    assert bench.states() == ["active"]
    assert len(segment_files(bench)) == 1
    assert segment_files(bench, ".bloom") == []


def test_events_beyond_retention_are_hidden_while_their_segment_still_stands(
    make_bench: Any, make_event: Any, clock: Any
) -> None:
    bench = make_bench(retention=16 * DAY)
    for day in range(3):
        bench.keep(make_event(START + day))
        clock.advance(DAY / 3)
    assert bench.states() == ["active"]
    clock.advance(15 * DAY + DAY / 6)
    assert len(ids(bench)) == 2
    clock.advance(DAY / 3)
    assert len(ids(bench)) == 1


def test_readers_go_on_while_segments_are_dropped(make_bench: Any, make_event: Any, clock: Any) -> None:
    bench = make_bench(segment_events=10, retention=16 * DAY)
    bench.keep(*(make_event(START + number) for number in range(35)))
    assert len(ids(bench)) == 35
    manifest = bench.reader.segments.manifest()
    with bench.reader.segments.reading(manifest.segments[0]) as reader:
        clock.advance(17 * DAY)
        bench.keep(make_event(int(clock.now())))
        assert not (bench.folder / f"{manifest.segments[0].name}.db").exists()
        assert reader.events([1])[0][0].time == START, "an open reader reads to its end"
    late = bench.open_reader()
    assert late.segments.visit(manifest.segments[1], lambda reader: reader.end()) is None
    late.close()
    assert len(ids(bench)) == 1
    assert bench.reader.segments.damage() == [], "a segment that was dropped is not damaged"


def test_only_one_process_writes(bench: Any) -> None:
    with pytest.raises(FolderInUse, match="in use by process"):
        bench.open_sink()


def test_a_restart_goes_on_where_it_was(bench: Any, make_event: Any) -> None:
    events = [make_event(START + number) for number in range(130)]
    bench.keep(*events[:65])
    position = bench.sink.position
    bench.reopen()
    assert bench.sink.position == position
    bench.keep(*events[65:])
    assert ids(bench) == [event.header.id for event in reversed(events)]
    assert bench.sink.duplicates == 0


@pytest.mark.parametrize(
    "point", ["history.appended", "history.creating", "history.rotating", "history.sealing", "history.dropping"]
)
def test_a_crash_at_any_point_loses_and_doubles_nothing(
    make_bench: Any, make_event: Any, clock: Any, point: str
) -> None:
    bench = make_bench(segment_events=20, retention=16 * DAY)
    expired = [make_event(START) for _ in range(30)]
    if point == "history.dropping":
        bench.keep(*expired)
        clock.advance(17 * DAY)
    events = [make_event(int(clock.now()) + number) for number in range(100)]
    arm(f"{point}=raise@1")
    try:
        with pytest.raises(FailpointReached):
            bench.keep(*events[:60])
            clock.advance(17 * DAY)
            bench.settle()
    finally:
        arm("")
    appended = bench.journal.bounds().next - 1
    bench.reopen()
    bench.settle()
    seen = [event for entry in bench.journal.read_from(1) for event in entry.batch.events if event not in expired]
    assert appended
    assert ids(bench) == [event.header.id for event in reversed(seen)]
    assert bench.sink.duplicates == 0
    names = {info.name for info in bench.reader.segments.manifest().segments}
    assert {path.stem for path in segment_files(bench)} == names
    assert segment_files(bench, ".draft") == []
    assert bench.reader.damage() == []


def test_a_lost_or_damaged_manifest_is_made_again(bench: Any, make_event: Any) -> None:
    events = [make_event(START + number) for number in range(100)]
    bench.keep(*events)
    for content in (None, b"{", b'{"version": 7}'):
        bench.sink.close()
        (bench.folder / "manifest.json").unlink()
        if content is not None:
            (bench.folder / "manifest.json").write_bytes(content)
        bench.sink = bench.open_sink()
        bench.settle()
        assert ids(bench) == [event.header.id for event in reversed(events)]
        assert bench.sink.behind == 0


def spoil(path: Path) -> None:
    """Overwrite the middle of a file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xff" * (size // 2))


@pytest.mark.parametrize("how", ["spoiled", "cut", "emptied", "deleted"])
def test_a_damaged_segment_is_named_and_the_others_answer(
    bench: Any, make_event: Any, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    events = [make_event(START + number, bucket=f"b{number}") for number in range(120)]
    bench.keep(*events)
    bench.reopen()
    infos = bench.reader.segments.manifest().segments
    victim = infos[1]
    path = bench.folder / f"{victim.name}.db"
    if how == "spoiled":
        spoil(path)
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:8192])
    elif how == "emptied":
        path.write_bytes(b"")
    else:
        path.unlink()
    got = ids(bench)
    lost = {event.header.id for event in events[victim.first_seq - 1 : victim.next_seq - 1]}
    assert set(got) >= {event.header.id for event in events} - lost
    assert [damage.segment for damage in bench.reader.segments.damage()] == [victim.name]
    assert victim.name in caplog.text
    assert bench.reader.segments.check(victim)

    request_rebuild(bench.folder)
    bench.settle()
    bench.sink.step()
    bench.settle()
    assert ids(bench) == [event.header.id for event in reversed(events)]
    assert bench.reader.segments.damage() == []
    assert bench.sink.duplicates == len(events) - victim.events


@pytest.mark.parametrize("how", ["spoiled", "deleted"])
def test_a_full_segment_that_cannot_be_sealed_stops_nothing(bench: Any, make_event: Any, how: str) -> None:
    events = [make_event(START + number) for number in range(30)]
    bench.append(*events[:20])
    bench.sink.step()
    bench.sink.store.rotate()
    full = bench.reader.segments.manifest().segments[0]
    path = bench.folder / f"{full.name}.db"
    if how == "deleted":
        path.unlink()
    else:
        path.write_bytes(b"\xff" * 100_000)
    bench.keep(*events[20:])
    assert ids(bench) == [event.header.id for event in reversed(events[20:])]
    assert [damage.segment for damage in bench.reader.damage()] == [full.name]
    assert [bool(problem) for _, problem in bench.reader.verify()] == [True, False]
    bench.sink.rebuild()
    bench.settle()
    assert len(ids(bench)) == 30


def test_a_damaged_active_segment_is_read_again_from_the_journal(bench: Any, make_event: Any) -> None:
    events = [make_event(START + number) for number in range(70)]
    bench.keep(*events)
    bench.sink.close()
    active = bench.reader.segments.manifest().segments[-1]
    assert active.state == "active"
    for suffix in ("-wal", "-shm"):
        (bench.folder / f"{active.name}.db{suffix}").unlink(missing_ok=True)
    (bench.folder / f"{active.name}.db").write_bytes(b"no database at all" * 1000)
    bench.sink = bench.open_sink()
    assert [damage.segment for damage in bench.reader.segments.damage()] == [active.name]
    bench.settle()
    assert ids(bench) == [event.header.id for event in reversed(events)]
    assert bench.states().count("damaged") == 1
    assert bench.sink.rebuild().damaged == [active.name]
    bench.settle()
    assert len(ids(bench)) == 70
    assert "damaged" not in bench.states()


def test_a_flipped_bit_in_a_record_is_found(bench: Any, make_event: Any) -> None:
    bench.keep(*(make_event(START + number) for number in range(10)))
    bench.sink.store.rotate()
    bench.settle()
    info = bench.reader.segments.manifest().segments[0]
    assert bench.reader.segments.check(info) == ""
    connection = sqlite3.connect(bench.folder / f"{info.name}.db")
    packed = bytearray(connection.execute("SELECT record FROM records WHERE seq = 5").fetchone()[0])
    packed[len(packed) // 2] ^= 4
    connection.execute("UPDATE records SET record = ? WHERE seq = 5", (bytes(packed),))
    connection.commit()
    connection.close()
    assert "record 5" in bench.reader.segments.check(info)
    assert len(ids(bench)) == 9
    assert [damage.segment for damage in bench.reader.segments.damage()] == [info.name]


def test_a_damaged_filter_only_costs_time(bench: Any, make_event: Any) -> None:
    bench.keep(*(make_event(START + number, bucket=f"b{number}") for number in range(120)))
    for path in segment_files(bench, ".bloom"):
        path.write_bytes(b"CBF1")
    bench.reopen()
    assert len(ids(bench, field=Field.RESOURCE_NAME, value="b3")) == 1
