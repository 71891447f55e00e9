"""Logs Insights queries."""

from __future__ import annotations

from cairn.cloudwatch.queries.language.budget import Budget
from cairn.cloudwatch.queries.language.query import Query
from cairn.cloudwatch.queries.language.refusals import MalformedQuery, QueryTooLarge
from cairn.cloudwatch.queries.language.rows import Record
from fuzz.samples import records
from fuzz.target import Target, parts, text


def query(data: bytes) -> None:
    """A query and a message; genuine records follow it."""
    line, message = parts(data, 2)
    found = Query(
        text(line), now_ms=1_700_000_000_000, limit=100, budget=Budget(cells_max=10_000, held_bytes_max=1 << 20)
    )
    rows = [text(message), *(record.decode() for record in records())]
    shown = list(found.run(Record(1_700_000_000_000 + number, row) for number, row in enumerate(rows)))
    assert len(shown) <= 10_000
    names = set(found.columns)
    for row in shown:
        assert {name for name, _ in row} <= names
        for name, value in row:
            assert isinstance(name, str) and isinstance(value, str)


TARGETS = (
    Target("log-query", "Queries run over genuine records or are refused.", query, (MalformedQuery, QueryTooLarge)),
)
