"""Columns of segments: they count as going through the events does, and nothing depends on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cloudtrail.history.test_search import EVENTS, QUESTIONS

from cairn.cloudtrail.history import Search, column_counts, columns, parse_query, summary
from cairn.cloudtrail.history.columns import MAGIC, NAMES, Block, Columns, ColumnsDamaged, ColumnsFile, NoColumns
from cairn.cloudtrail.history.segment_reader import SegmentReader
from cairn.cloudtrail.history.summary import Summary

START = 1_700_000_000
FIELDS = ["name", "user", "key", "source", "ip", "account", "region", "readonly", "error"]


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns are worth it for few events too, and segments of few have many blocks."""
    monkeypatch.setattr(column_counts, "POSTINGS_MIN", 0)
    monkeypatch.setattr(columns, "BLOCK_EVENTS", 8)


def files(bench: Any) -> list[Path]:
    return sorted(bench.folder.glob("*.columns"))


def counted(bench: Any, question: Search) -> Summary:
    """A summary without the order of values that are equally frequent."""
    found: Summary = bench.reader.summarize(question, fields=FIELDS, buckets=9)
    assert not found.partial
    for values in found.counts.values():
        values.sort(key=lambda value: (-value[1], value[0]))
    return found


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drafts=EVENTS, questions=st.lists(QUESTIONS, min_size=4, max_size=4))
def test_they_count_as_the_events_do(
    make_bench: Any, make_event: Any, drafts: list[dict[str, Any]], questions: list[Search]
) -> None:
    bench = make_bench(segment_events=20)
    bench.keep(*(make_event(**draft) for draft in drafts))
    by_columns = [counted(bench, question) for question in questions]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "is_countable", lambda question, names: False)
        for question, found in zip(questions, by_columns, strict=True):
            event_by_event = counted(bench, question)
            assert (found.total, found.counts) == (event_by_event.total, event_by_event.counts)
            assert found.histogram == event_by_event.histogram
    bench.close()


def test_every_segment_has_columns_and_they_are_what_counts(
    bench: Any, make_event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.keep(*(make_event(START + number, user=f"user-{number % 3}") for number in range(150)))
    states = bench.states()
    assert (states.count("sealed"), len(files(bench))) == (len(states) - 1, len(states))
    kept = [ColumnsFile(path).events for path in files(bench)]
    grows = 150 - sum(kept[:-1])
    assert kept[-1] == grows - grows % 8, "whole blocks of the segment that grows"
    read: list[int] = []

    def count(self: Columns, names: Any) -> Any:
        found = original(self, names)
        read.append(len(found["time"]))
        return found

    monkeypatch.setattr(Columns, "read", count)
    monkeypatch.setattr(summary, "_count_events", None)
    assert counted(bench, Search(query=parse_query("user=user-1"))).total == 50
    assert sorted(read) == sorted(kept)


original = Columns.read


@pytest.mark.parametrize("damage", ["a number", "the beginning of a block"])
def test_damaged_columns_cost_nothing_but_time(
    bench: Any, make_event: Any, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench.keep(*(make_event(START + number) for number in range(100)))
    expected = counted(bench, Search())
    for path in files(bench):
        content = bytearray(path.read_bytes())
        if damage == "a number":
            content[-1] ^= 1
        else:
            content[content.index(MAGIC, 1)] ^= 1
        path.write_bytes(content)
        with pytest.raises(ColumnsDamaged):
            Columns(path).read(["source_ip"])
    assert counted(bench, Search()) == expected
    assert "is counted more slowly" in caplog.text


def test_what_is_missing_of_columns_is_counted_all_the_same_and_made_again(bench: Any, make_event: Any) -> None:
    bench.keep(*(make_event(START + number) for number in range(130)))
    expected = counted(bench, Search())
    before = {path.name: path.read_bytes() for path in files(bench)}
    for lost, path in enumerate(files(bench)):
        path.write_bytes(before[path.name][: -lost * 100 or None])
    files(bench)[0].unlink()
    assert counted(bench, Search()) == expected
    bench.reopen()
    bench.settle()
    assert {path.name: path.read_bytes() for path in files(bench)} == before


def test_far_too_many_events_without_columns_are_counted_one_by_one(
    bench: Any, make_event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.keep(*(make_event(START + number) for number in range(30)))
    expected = counted(bench, Search())
    monkeypatch.setattr(column_counts, "REST_MAX", 3)
    for path in files(bench):
        path.unlink()
    monkeypatch.setattr(SegmentReader, "facts", None)
    assert counted(bench, Search()) == expected


def test_a_disk_that_takes_no_columns_holds_nothing_up(
    bench: Any, make_event: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: ColumnsFile, block: Block) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(ColumnsFile, "append", full)
    bench.keep(*(make_event(START + number) for number in range(130)))
    assert counted(bench, Search()).total == 130
    assert "gets no columns until the next start: no space left" in caplog.text


def test_they_go_with_their_segments(bench: Any, make_event: Any) -> None:
    bench.keep(*(make_event(START + number) for number in range(130)))
    bench.clock.advance(bench.settings.retention + 86400)
    bench.settle()
    assert files(bench) == []


def test_what_does_not_fit_is_refused() -> None:
    row = [1, 2, 0, 3, 4, 5, None, None, 6]
    for rows in ([(7, *row), (9, *row)], [(7, -1, *row[1:])], [(7, 1 << 32, *row[1:])]):
        with pytest.raises(NoColumns):
            Block(7).add_all(rows)


def test_a_block_half_written_is_written_anew(tmp_path: Path) -> None:
    def block(first: int, events: int) -> Block:
        made = Block(first)
        made.add_all([(number, number, 1, 0, *[None] * 5, number) for number in range(first, first + events)])
        return made

    path = tmp_path / "columns"
    file = ColumnsFile(path)
    file.append(block(10, 8))
    whole = path.read_bytes()
    file.append(block(18, 8))
    path.write_bytes(path.read_bytes()[:-1])
    again = ColumnsFile(path)
    assert again.events == 8
    again.append(block(18, 3))
    assert ColumnsFile(path).events == 11
    found = Columns(path).read(NAMES)
    assert found["time"].tolist() == found["source_ip"].tolist() == list(range(10, 21))
    assert found["user"].tolist() == [0] * 11
    assert path.read_bytes().startswith(whole)
