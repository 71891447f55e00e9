from __future__ import annotations

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.cloudwatch.logs.rig import GROUP, Rig

from cairn.cloudwatch.logs import LOGS, Cleaner, GroupId, LogEvent, LogStore, Once
from cairn.cloudwatch.logs.groups import DAY_MS, Wanted
from cairn.cloudwatch.logs.tables import batches, chunk_streams, chunks, graves, groups, streams
from cairn.core.errors import AwsError
from cairn.core.state import State

OTHER = GroupId("999999999999", "us-east-1", "app")


def rows(rig: Rig, table: sa.Table) -> int:
    with rig.state.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_puts_are_numbered_over_all_groups_and_read_on_from_any_number(rig: Rig) -> None:
    rig.make("a", "b")
    rig.make("a", group=OTHER)
    assert rig.store.end() == 1
    assert [rig.put("a", "1"), rig.put("a", "2", group=OTHER), rig.put("b", "3", "4")] == [1, 2, 3]
    assert rig.store.end() == 4
    read = [
        (batch.seq, batch.group, batch.stream, [e.message for e in batch.events]) for batch in rig.store.read_from(2)
    ]
    assert read == [(2, OTHER, "a", ["2"]), (3, GROUP, "b", ["3", "4"])]
    assert rig.store.read_from(1)[0].ingestion_ms == rig.now_ms
    assert rig.store.read_from(4) == []


def test_read_from_stops_at_its_bytes_and_never_before_one_put(rig: Rig) -> None:
    rig.make("a")
    for _ in range(3):
        rig.put("a", "x")
    assert [batch.seq for batch in rig.store.read_from(1, bytes_max=1)] == [1]
    assert [batch.seq for batch in rig.store.read_from(2, bytes_max=1 << 20)] == [2, 3]


def test_a_put_to_what_is_not_there_is_refused_and_takes_no_number(rig: Rig) -> None:
    with pytest.raises(AwsError, match="log group does not exist"):
        rig.put("a", "x")
    rig.make("a")
    with pytest.raises(AwsError, match="log stream does not exist"):
        rig.put("b", "x")
    assert rig.store.end() == 1 and rows(rig, batches) == 0


def test_what_is_put_once_for_a_position_is_there_once(rig: Rig) -> None:
    rig.make("a")
    event = [LogEvent(rig.now_ms, "x")]
    assert rig.store.position_of("trail:t") == 0
    for position in (5, 5, 4, 9):
        rig.store.put(GROUP, "a", event, once=Once("trail:t", position))
    rig.store.put(GROUP, "a", [], once=Once("trail:t", 12))
    assert rig.messages() == ["x", "x"]
    assert (rig.store.position_of("trail:t"), rig.store.position_of("trail:u")) == (12, 0)
    assert rig.store.end() == 3


def test_a_put_that_is_refused_does_not_move_its_reader(rig: Rig) -> None:
    rig.make("a")
    with pytest.raises(AwsError):
        rig.store.put(GROUP, "b", [LogEvent(1, "x")], once=Once("trail:t", 5))
    assert rig.store.position_of("trail:t") == 0


def test_puts_of_many_threads_share_transactions_and_each_has_its_own_outcome(rig: Rig) -> None:
    rig.make(*(f"s{number}" for number in range(8)))
    begun = 0

    def count(_connection: object) -> None:
        nonlocal begun
        begun += 1

    sa.event.listen(rig.state.engine, "commit", count)
    gate = threading.Barrier(8)

    def work(number: int) -> list[int | str]:
        gate.wait()
        outcomes: list[int | str] = []
        for turn in range(40):
            try:
                outcomes.append(rig.put(f"s{number}" if turn % 10 else "absent", f"{number}-{turn}"))
            except AwsError as error:
                outcomes.append(error.code)
        return outcomes

    with ThreadPoolExecutor(8) as pool:
        outcomes = [outcome for part in pool.map(work, range(8)) for outcome in part]
    assert outcomes.count("ResourceNotFoundException") == 32
    assert sorted(outcome for outcome in outcomes if isinstance(outcome, int)) == list(range(1, 289))
    assert sorted(rig.messages()) == sorted(f"{n}-{t}" for n in range(8) for t in range(40) if t % 10)
    assert begun < 320


def test_two_processes_stores_number_their_puts_together(rig: Rig, tmp_path: Path) -> None:
    rig.make("a")
    other = LogStore(State.in_folder(tmp_path, LOGS), rig.clock)
    assert [rig.put("a", "1"), other.put(GROUP, "a", [LogEvent(2, "2")]).seq, rig.put("a", "3")] == [1, 2, 3]
    other.state.close()


def test_events_are_read_in_the_order_of_time_then_of_their_puts(rig: Rig) -> None:
    rig.make("a", "b")
    now = rig.now_ms
    rig.store.put(GROUP, "a", [LogEvent(now, "a0"), LogEvent(now, "a1"), LogEvent(now + 5, "a2")])
    rig.store.put(GROUP, "b", [LogEvent(now, "b0"), LogEvent(now + 3, "b1")])
    order = ["a0", "a1", "b0", "b1", "a2"]
    assert rig.messages() == order
    assert rig.messages(descending=True) == order[::-1]
    assert rig.messages(streams=["b"]) == ["b0", "b1"]
    assert rig.messages(streams=[]) == []
    assert rig.messages(prefix="a") == ["a0", "a1", "a2"]
    assert rig.messages(start_ms=now + 3, end_ms=now + 5) == ["b1", "a2"]
    read = rig.read()
    assert rig.messages(after=read[1].place) == order[2:]
    assert rig.messages(after=read[3].place, descending=True) == order[2::-1]
    assert [event.id for event in read] == sorted({event.id for event in read})
    assert all(len(event.id) == 56 for event in read)


def test_one_account_and_region_has_its_groups_apart_from_others(rig: Rig) -> None:
    rig.make("a")
    rig.make("a", group=OTHER)
    rig.make("a", group=GROUP._replace(region="eu-west-1"))
    rig.put("a", "mine")
    assert rig.messages(OTHER) == [] and rig.messages(GROUP._replace(region="eu-west-1")) == []


def test_compaction_changes_nothing_of_what_is_read(rig: Rig) -> None:
    rig.make("a", "b")
    for number in range(30):
        rig.put("ab"[number % 2], *(f"{number}-{part}" for part in range(5)), at=rig.now_ms - 7 * number)
    before = rig.read()
    rig.compactor.compact_all()
    assert (rows(rig, batches), rows(rig, chunks), rows(rig, chunk_streams)) == (0, 1, 2)
    assert rig.read() == before
    assert rig.read(streams=["b"]) == [event for event in before if event.stream == "b"]
    rig.put("a", "later", at=rig.now_ms + 10)
    rig.compactor.compact_all()
    assert rows(rig, chunks) == 1, "a small chunk is made anew with what follows"
    assert rig.read()[:-1] == before
    assert rig.store.end() == 32 and rig.put("a", "next") == 32


def test_compaction_waits_for_sinks_and_for_those_who_follow(rig: Rig) -> None:
    rig.make("a")
    rig.put("a", "x" * 1000)
    rig.passed = 1
    rig.clock.advance(7200)
    assert rig.compactor.step() > 0 and rows(rig, batches) == 1, "a sink has not passed it"
    rig.passed = 2
    rig.put("a", "young")
    assert rig.compactor.step() == 0
    assert [batch.seq for batch in rig.store.read_from(1)] == [2]
    rig.passed = 3
    assert rig.compactor.step() > 0 and rows(rig, batches) == 1, "it is young"


def test_much_is_compacted_soon_into_chunks_of_their_size(rig: Rig) -> None:
    rig.make("a")
    for number in range(20):
        rig.put("a", *([f"{number} " + "x" * 99_000] * 10), at=rig.now_ms + 20 * number)
    assert rig.compactor.step() > 0
    rig.clock.advance(61)
    while rig.compactor.step() == 0:
        pass
    with rig.state.read() as connection:
        sizes = connection.execute(sa.select(chunks.c.bytes, chunks.c.start_ms, chunks.c.end_ms)).all()
    assert all(size.bytes <= 8 << 20 for size in sizes) and 2 <= len(sizes) <= 3
    assert len(rig.read()) == 200


def test_retention_hides_at_once_and_removes_soon(rig: Rig) -> None:
    rig.make("a")
    rig.put("a", "old", at=rig.now_ms - 3 * DAY_MS)
    rig.compactor.compact_all()
    rig.put("a", "old too", at=rig.now_ms - 3 * DAY_MS)
    rig.put("a", "new")
    rig.store.groups.change(GROUP, retention_days=1)
    assert rig.messages() == ["new"]
    rig.passed = 2
    rig.cleaner.step()
    assert (rows(rig, batches), rows(rig, chunks)) == (2, 0), "a sink has not seen the second"
    rig.passed = 4
    rig.cleaner.step()
    assert rows(rig, batches) == 1
    group = rig.store.groups.get(GROUP)
    assert rig.store.stored_bytes_of(group) == len("new") + 26


def test_a_deleted_stream_takes_its_events_along(rig: Rig) -> None:
    rig.make("a", "b")
    rig.put("a", "a0")
    rig.put("b", "b0")
    rig.compactor.compact_all()
    rig.put("a", "a1")
    rig.store.streams.delete(GROUP, "a")
    rig.store.streams.create(GROUP, "a")
    assert rig.messages() == ["b0"] and rig.store.read_from(1) == []
    rig.cleaner.step()
    assert (rows(rig, batches), rows(rig, chunk_streams), rows(rig, graves)) == (0, 1, 0)
    assert rig.messages() == ["b0"]
    assert rig.store.stored_bytes_of(rig.store.groups.get(GROUP)) == len("b0") + 26


def test_a_deleted_group_takes_all_along_and_its_name_begins_anew(rig: Rig) -> None:
    rig.make("a")
    rig.put("a", "x")
    rig.compactor.compact_all()
    rig.put("a", "y")
    rig.store.groups.delete(GROUP)
    rig.make("a")
    assert rig.messages() == [] and rig.store.read_from(1) == []
    rig.put("a", "z")
    rig.cleaner.step()
    assert (rows(rig, batches), rows(rig, chunks), rows(rig, graves)) == (1, 0, 0)
    assert rig.messages() == ["z"]


def test_what_was_deleted_stays_for_sinks_until_all_have_read_it(rig: Rig) -> None:
    rig.make("a", "b")
    rig.make("a", group=OTHER)
    rig.put("a", "1")
    rig.put("b", "2")
    rig.put("a", "3", group=OTHER)
    rig.store.streams.delete(GROUP, "a")
    rig.store.groups.delete(GROUP)
    rig.make("b")
    rig.put("b", "4")
    for passed, left in ((1, [1, 2, 3, 4]), (2, [2, 3, 4]), (3, [3, 4])):
        rig.passed = passed
        rig.cleaner.step()
        read = rig.store.read_from(1, deleted=True)
        assert [batch.seq for batch in read] == left
        assert [batch.seq for batch in rig.store.read_from(1)] == [3, 4]
        assert rows(rig, batches) == len(left)
    named = {batch.seq: (batch.group, batch.stream) for batch in read}
    assert named == {3: (OTHER, "a"), 4: (GROUP, "b")}
    assert rows(rig, graves) == 0 and rows(rig, groups) == 2
    assert rig.messages() == ["4"]


def test_a_deleted_group_is_not_seen_by_a_reading_under_way(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.cloudwatch.logs.reading.WINDOW_BYTES_FIRST", 1)
    rig.make("a")
    rig.put("a", "1", "2", "3")
    reading = rig.store.read(GROUP)
    assert next(reading).message == "1"
    rig.store.groups.delete(GROUP)
    assert list(reading) == []


def test_a_group_whose_row_is_needed_stays_and_is_not_shown(rig: Rig) -> None:
    rig.make("a")
    rig.put("a", "1")
    needed = {rig.store.groups.get(GROUP).row}
    cleaner = Cleaner(rig.store, lambda: rig.passed, [needed.__contains__])
    rig.store.groups.delete(GROUP)
    cleaner.step()
    assert (rows(rig, batches), rows(rig, groups), rows(rig, graves)) == (0, 1, 1)
    assert rig.store.groups.page(Wanted(account=GROUP.account, region=GROUP.region), limit=5) == []
    needed.clear()
    cleaner.step()
    assert (rows(rig, groups), rows(rig, streams), rows(rig, graves)) == (0, 0, 0)


def test_a_deletion_during_a_compaction_wins(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.make("a", "b")
    rig.put("a", "a0")
    rig.put("b", "b0")

    def interfere(_name: str) -> None:
        monkeypatch.undo()
        rig.store.streams.delete(GROUP, "a")
        rig.cleaner.step()

    monkeypatch.setattr("cairn.cloudwatch.logs.compaction.failpoint", interfere)
    rig.compactor.compact_all()
    assert rig.messages() == ["b0"]
    assert rig.store.stored_bytes_of(rig.store.groups.get(GROUP)) == len("b0") + 26


def test_reading_a_large_group_takes_flat_memory(rig: Rig) -> None:
    rig.make("a", "b", "c")
    start = rig.now_ms
    for number in range(48):
        for offset, stream in enumerate("abc"):
            rig.put(stream, *([f"{number:05d}" + "x" * 49_990] * 20), at=start + offset + 1000 * (number % 3))
        if number % 8 == 7:
            rig.compactor.compact_all()
    tracemalloc.start()
    count, last = 0, None
    for event in rig.store.read(GROUP):
        assert last is None or event.place > last
        count, last = count + 1, event.place
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 48 * 3 * 20
    assert peak < 70 << 20, f"{peak >> 20} MB for 144 MB of messages in chunks that all overlap"


@pytest.mark.parametrize("descending", [False, True])
def test_more_puts_of_one_moment_than_are_listed_at_once_are_all_read(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, descending: bool
) -> None:
    monkeypatch.setattr("cairn.cloudwatch.logs.reading.LISTED_MAX", 4)
    rig.make("a")
    sent = [rig.put("a", str(number), at=rig.now_ms) for number in range(15)]
    read = [event.place.seq for event in rig.read(descending=descending)]
    assert read == (sent[::-1] if descending else sent)
