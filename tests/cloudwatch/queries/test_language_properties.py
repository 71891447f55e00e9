from __future__ import annotations

import json
import statistics

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudwatch.queries.evaluated import CONDITIONS, EVENTS, VALUES, Event, Naive, as_number, shown

from cairn.cloudwatch.queries.language.query import Query
from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.language.rows import Record


def run(text: str, events: list[Event]) -> list[dict[str, str]]:
    """What a query shows of events, of which the last is the youngest."""
    records = [Record(number * 1000, json.dumps(event)) for number, event in enumerate(events)]
    rows = Query(text, now_ms=0).run(reversed(records))
    return [{name: value for name, value in row if name != "@ptr"} for row in rows]


@settings(deadline=None)
@given(EVENTS, CONDITIONS)
def test_a_filter_lets_through_what_holds(events: list[Event], condition: Naive) -> None:
    found = run(f"filter {condition[0]} | fields @timestamp", events)
    wanted = [number for number, event in enumerate(events) if condition[1](event)]
    assert [row["@timestamp"][-6:-4] for row in found] == [f"{number:02d}" for number in reversed(wanted)]


@settings(deadline=None)
@given(EVENTS, VALUES)
def test_fields_computes(events: list[Event], value: Naive) -> None:
    found = run(f"fields {value[0]} as v", events)
    wanted = [value[1](event) for event in reversed(events)]
    for row, expected in zip(found, wanted, strict=True):
        assert row.get("v") == (None if expected is None else shown(expected)) or float(row["v"]) == float(expected)


@settings(deadline=None)
@given(EVENTS, st.sampled_from("ab"), st.sampled_from("sb"))
def test_stats_of_groups(events: list[Event], field: str, key: str) -> None:
    asked = "count(*) as n, count({0}) as c, sum({0}) as s, avg({0}) as m, min({0}) as l, stddev({0}) as d"
    asked += ", count_distinct({0}) as u, pct({0}, 50) as p, latest({0}) as y"
    found = run(f"stats {asked.format(field)} by {key} as k", events)
    groups: dict[str | None, list[Event]] = {}
    for event in reversed(events):
        value = event.get(key)
        groups.setdefault(None if value is None else shown(value), []).append(event)
    assert [row.get("k") for row in found] == list(groups)
    for row, group in zip(found, groups.values(), strict=True):
        present = [event[field] for event in group if field in event]
        numbers = [number for number in map(as_number, present) if number is not None]
        assert row["n"] == str(len(group))
        assert row["c"] == str(len(present))
        assert row["u"] == str(len({shown(value) for value in present}))
        assert row.get("y") == (shown(present[0]) if present else None) or float(row["y"]) == float(present[0])
        if not numbers:
            assert not {"s", "m", "d", "p"} & row.keys()
            continue
        assert float(row["s"]) == sum(numbers)
        assert abs(float(row["m"]) - statistics.fmean(numbers)) <= 0.0001
        assert abs(float(row["d"]) - statistics.pstdev(numbers)) <= 0.0001
        assert abs(float(row["p"]) - sorted(numbers)[(len(numbers) + 1) // 2 - 1]) <= 0.0001
        if len(numbers) == len(present):
            assert float(row["l"]) == min(numbers)


@settings(deadline=None)
@given(EVENTS, st.integers(1, 5), st.booleans(), st.booleans())
def test_sort_and_limit(events: list[Event], most: int, down: bool, twice: bool) -> None:
    events = [{**event, "i": number} for number, event in enumerate(events)]
    second = ", a" if twice else ""
    found = run(f"fields i | sort s {'desc' if down else 'asc'}{second} | fields s | limit {most}", events)

    def order(event: Event) -> tuple[int, str]:
        value = event.get("s")
        return (0, "") if value is None else (2 if value == "7" else 1, value)

    wanted = events[::-1]
    if twice:
        wanted.sort(key=lambda event: ("a" in event, event.get("a", 0)))
    wanted.sort(key=order, reverse=down)
    assert [row["i"] for row in found] == [str(event["i"]) for event in wanted[:most]]


@settings(deadline=None)
@given(EVENTS)
def test_dedup_keeps_the_youngest_of_each(events: list[Event]) -> None:
    events = [{**event, "i": number} for number, event in enumerate(events)]
    wanted, seen = [], set()
    for event in reversed(events):
        if "s" in event and "a" in event:
            if (event["s"], event["a"]) in seen:
                continue
            seen.add((event["s"], event["a"]))
        wanted.append(str(event["i"]))
    assert [row["i"] for row in run("dedup s, a | fields i", events)] == wanted


_WORDS = """fields filter stats sort limit parse dedup unnest into like in and or not as by desc asc count pct bin | , (
) [ ] + - * / % ^ = != =~ a @message `q` 5m 7 1e9 'x' /x*/ " ' ` # . é"""
_PIECES = st.sampled_from([*_WORDS.split(), "\\", "\n"])


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=14).map(" ".join) | st.text(max_size=40))
def test_any_text_is_a_query_or_malformed(text: str) -> None:
    try:
        query = Query(text, now_ms=0)
    except MalformedQuery as error:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.message
    else:
        list(query.run([Record(1, '{"a": 1, "q": [1, 2]}'), Record(0, "x 7 x")]))
