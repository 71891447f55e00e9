"""Flipped bits in a segment: SQLite gives out what they make of a value, a number as a text too. Whatever is asked of
the history is answered from what is whole, and a rebuild finds what is not."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cairn.cloudtrail.history import History, HistoryReader, Search, parse_query
from cairn.cloudtrail.history.sink import HistorySink
from cairn.wire.operation import Context

START = 1_700_000_000
EVENTS, FLIPS = 130, 24
HERE = Context("111122223333", "us-east-1")

Ask = Callable[[HistoryReader], object]


def looked_up(reader: HistoryReader, attribute: dict[str, str] | None) -> None:
    asked: dict[str, Any] = {"LookupAttributes": [attribute]} if attribute else {}
    for _ in range(3):
        answer = reader.operations()["LookupEvents"](HERE, asked)
        if "NextToken" not in answer:
            return
        asked = {**asked, "NextToken": answer["NextToken"]}


def by(key: str, value: str) -> Ask:
    return lambda reader: looked_up(reader, {"AttributeKey": key, "AttributeValue": value})


def found(line: str) -> Ask:
    return lambda reader: reader.search(Search(query=parse_query(line), limit=1000))


def counted(line: str) -> Ask:
    fields = ["name", "user", "ip", "region", "readonly", "resource"]
    return lambda reader: (
        reader.summarize(Search(query=parse_query(line)), fields=fields, buckets=9),
        reader.summarize(Search(query=parse_query(line)), fields=fields[:5], buckets=9),
    )


QUESTIONS: dict[str, Ask] = {
    "all": lambda reader: looked_up(reader, None),
    "a name": by("EventName", "GetUser"),
    "an id": by("EventId", "00000000-0000-0000-0000-000000000007"),
    "two fields": found("name=* user=user-1*"),
    "a text": found('"user-2"'),
    "counts": counted(""),
    "some counts": counted("user=user-*"),
    "set aside": lambda reader: reader.set_aside(10),
    "known": lambda reader: reader.known(["00000000-0000-0000-0000-000000000007"]),
}


@pytest.fixture(scope="module")
def dice() -> random.Random:
    return random.Random(20)


def test_whatever_is_garbled_is_damage(bench: Any, make_event: Any, dice: random.Random, tmp_path: Path) -> None:
    bench.keep(*(make_event(START + number, user=f"user-{number % 9}") for number in range(EVENTS)))
    bench.sink.close()
    for number in range(150):
        folder = tmp_path / f"garbled-{number}"
        shutil.copytree(bench.folder, folder)
        segment = dice.choice(sorted(folder.glob("*.db")))
        content = bytearray(segment.read_bytes())
        for _ in range(FLIPS):
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        segment.write_bytes(content)
        reader = History(folder, bench.settings, bench.clock).reader()
        for name, ask in QUESTIONS.items():
            try:
                ask(reader)
            except Exception as error:
                raise AssertionError(f"{name}, flips {number}: {error!r}") from error
        sink = HistorySink(folder, bench.settings, bench.clock, bench.journal, wait_s=0.0)
        sink.rebuild()
        while sink.behind:
            sink.step()
        assert reader.summarize(Search()).total == EVENTS, f"flips {number}: not all is there after a rebuild"
        sink.close()
        reader.close()
        shutil.rmtree(folder)
