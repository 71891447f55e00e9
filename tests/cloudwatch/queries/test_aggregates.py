from __future__ import annotations

import random

from cairn.cloudwatch.queries.language import aggregates
from cairn.cloudwatch.queries.language.aggregates import EXACT_MAX
from cairn.cloudwatch.queries.language.query import Query
from cairn.cloudwatch.queries.language.rows import Record


def test_many_values_are_estimated_in_bounded_memory() -> None:
    count = EXACT_MAX * 4
    values = [number - 500 for number in range(count)]
    random.Random(7).shuffle(values)
    records = [Record(0, f'{{"n": {value}}}') for value in values]
    text = "stats count_distinct(n) as u, pct(n, 50) as p, pct(n, 99.9) as q, pct(n, 0.1) as low, pct(n, 0) as least"
    row = dict(next(Query(text, now_ms=0).run(records)))
    assert abs(int(row["u"]) - count) < count * 0.04
    assert abs(float(row["p"]) - (count / 2 - 500)) < count / 2 * 0.011
    assert abs(float(row["q"]) - count) < count * 0.03
    assert abs(float(row["low"]) + 460) < 460 * 0.02
    assert abs(float(row["least"]) + 500) < 500 * 0.011


def test_few_values_are_exact() -> None:
    assert aggregates.EXACT_MAX >= 1000
    records = [Record(0, f'{{"n": {number}}}') for number in range(1, 1001)]
    row = dict(next(Query("stats count_distinct(n) as u, pct(n, 99) as p, median(n) as m", now_ms=0).run(records)))
    assert row == {"u": "1000", "p": "990", "m": "500"}
