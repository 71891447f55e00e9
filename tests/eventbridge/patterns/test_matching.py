"""Rules of how patterns match that AWS documents, one by one; and arrays that are long."""

from __future__ import annotations

import json
import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.core.wildcards import fits
from cairn.eventbridge.patterns import compile_rules, parse_pattern
from cairn.eventbridge.patterns.intervals import Intervals


def _matches(pattern: dict[str, Any] | str, event: str | dict[str, Any]) -> bool:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    matcher = compile_rules({"rule": parse_pattern(text)})
    return bool(matcher.match_text(event if isinstance(event, str) else json.dumps(event)))


def _nested(value: Any, depth: int) -> Any:
    """The value in so many arrays of two elements."""
    for _ in range(depth):
        value = [value, 0]
    return value


@pytest.mark.parametrize("written", ["300", "300.0", "3.0e2", "3e+2"])
@pytest.mark.parametrize("sent", ["300", "300.0", "3.0e2"])
def test_numbers_are_equal_however_they_are_written(written: str, sent: str) -> None:
    event = f'{{"a": {sent}}}'
    assert _matches(f'{{"a": [{written}]}}', event)
    assert _matches(f'{{"a": [{{"numeric": ["=", {written}]}}]}}', event)
    assert not _matches(f'{{"a": [{{"anything-but": {written}}}]}}', event)
    assert not _matches(f'{{"a": [{written}]}}', f'{{"a": "{sent}"}}')


def test_numbers_beyond_what_is_compared_by_size() -> None:
    assert _matches('{"a": [123456789012]}', '{"a": 123456789012}')
    assert not _matches('{"a": [{"numeric": [">", 0]}]}', '{"a": 5000000001}')
    assert _matches('{"a": [{"numeric": [">", 0]}]}', '{"a": 5000000000}')
    assert _matches('{"a": [{"anything-but": 1}]}', '{"a": 5000000001}')
    assert not _matches('{"a": [{"numeric": ["<", -5e9]}]}', '{"a": -5e9}')


def test_literals_are_none_of_the_numbers_and_strings_that_look_so() -> None:
    for literal, others in (("true", '1 "true"'), ("false", '0 "false"'), ("null", '"" "null"')):
        assert _matches(f'{{"a": [{literal}]}}', f'{{"a": {literal}}}')
        for other in others.split():
            assert not _matches(f'{{"a": [{literal}]}}', f'{{"a": {other}}}')
            assert not _matches(f'{{"a": [{other}]}}', f'{{"a": {literal}}}')


def test_of_two_arrays_for_a_field_the_last_counts() -> None:
    assert _matches('{"a": ["x"], "a": ["y"]}', {"a": "y"})
    assert not _matches('{"a": ["x"], "a": ["y"]}', {"a": "x"})
    assert _matches('{"a": {"b": ["x"]}, "a": {"c": ["y"]}}', {"a": {"b": "x", "c": "y"}})
    assert not _matches('{"a": {"b": ["x"]}, "a.b": ["y"]}', {"a": {"b": "x"}})


def test_only_what_has_a_value_exists() -> None:
    there, absent = ({"a": [{"exists": exists}]} for exists in (True, False))
    for value in (None, "", 0, False, [1], [None]):
        assert _matches(there, {"a": value}) and not _matches(absent, {"a": value})
    for value in ({}, [], {"b": 1}, [{"b": 1}]):
        assert _matches(absent, {"a": value}) and not _matches(there, {"a": value})


def test_a_field_of_an_array_is_met_by_any_of_its_values() -> None:
    assert _matches({"a": [{"prefix": "x"}]}, {"a": ["w", "xy"]})
    assert _matches({"a": [{"anything-but": "w"}]}, {"a": ["w", "xy"]})
    assert not _matches({"a": [{"anything-but": "w"}]}, {"a": ["w"]})
    assert _matches({"a": ["x"]}, {"a": [["w"], [["x"]]]})


STAFF = {
    "staff": [{"first": "John", "last": "Doe"}, {"first": "Anna", "last": "Smith"}, {"first": "Peter", "last": "Jones"}]
}


def test_fields_are_met_in_the_same_element_of_an_array() -> None:
    assert _matches({"staff": {"first": ["Anna"], "last": ["Smith"]}}, STAFF)
    assert not _matches({"staff": {"first": ["Anna"], "last": ["Jones"]}}, STAFF)
    assert not _matches({"staff": {"first": ["Anna"], "last": [{"exists": False}]}}, STAFF)
    nested = {"teams": [STAFF, {"staff": [{"first": "Anna", "last": "Jones"}]}]}
    assert _matches({"teams": {"staff": {"first": ["Anna"], "last": ["Jones"]}}}, nested)
    assert not _matches({"teams": {"staff": {"first": ["Peter"], "last": ["Smith"]}}}, nested)


def test_a_field_of_an_element_goes_with_those_of_arrays_inside_of_it() -> None:
    pattern = {"teams": {"name": ["red"], "staff": {"first": ["Anna"]}}}
    red = {"name": "red", "staff": [{"first": "Anna"}, {"first": "Peter"}]}
    blue = {"name": "blue", "staff": [{"first": "Eve"}]}
    assert _matches(pattern, {"teams": [red]})
    assert _matches(pattern, {"teams": [blue, red]})
    assert not _matches(pattern, {"teams": [{**red, "name": "blue"}, {**blue, "name": "red"}]})
    deep = {"teams": {"name": ["red"], "staff": {"roles": {"role": ["lead"]}}}}
    assert _matches(deep, {"teams": [blue, {"name": "red", "staff": [{"roles": [{"role": "lead"}]}]}]})


def test_what_is_absent_is_absent_from_the_element_that_the_fields_before_it_are_in() -> None:
    event = {"staff": [{"first": "Anna"}, {"first": "Peter", "last": "Jones"}]}
    assert _matches({"staff": {"first": ["Anna"], "last": [{"exists": False}]}}, event)
    assert not _matches({"staff": {"first": ["Peter"], "last": [{"exists": False}]}}, event)
    assert not _matches({"staff": {"first": [{"exists": False}], "last": ["Jones"]}}, event)
    teams = {"teams": [{"staff": [{"first": "Anna"}]}, {"staff": [{"last": "Jones"}]}]}
    assert not _matches({"teams": {"staff": {"first": ["Anna"], "last": ["Jones"]}}}, teams)
    assert _matches({"teams": {"staff": {"first": ["Anna"], "last": [{"exists": False}]}}}, teams)


def test_a_name_with_dots_is_in_no_array() -> None:
    event = {"staff": [{"first": "Anna"}], "staff.last": "Jones"}
    assert _matches({"staff": {"first": ["Anna"], "last": ["Jones"]}}, event)


def test_different_arrays_are_met_by_themselves() -> None:
    event = {"a": [{"x": 1}, {"x": 2}], "b": [{"y": 1}, {"y": 2}]}
    assert _matches({"a": {"x": [1]}, "b": {"y": [2]}}, event)


@pytest.mark.parametrize(
    "event",
    [
        {"a": [{"b": [{"x": 1, "y": 1}] * 50, "c": [{"x": 1}] * 50}] * 250},
        {"a": _nested([{"x": 1, "b": {"x": 1, "y": 1}}] * 20_000, 250)},
        {"a": _nested([{}, []] * 150_000, 250)},
        {"a": {"b": [{"x": 1}] * 20_000}, "a.b.y": [1] * 20_000},
        {"a": {"b": [{"x": 1}] * 20_000}, "a.b": [{"y": 1}] * 20_000},
    ],
    ids=["arrays in arrays", "deep", "deep and empty", "beside an array", "two arrays of one name"],
)
def test_arrays_of_any_form_cost_what_is_in_them(event: dict[str, Any]) -> None:
    """An event of a megabyte takes a moment and little memory: squares of its length would take minutes."""
    pattern = {"a": {"b": {"x": [1], "y": [1], "z": ["none"]}, "x": [{"exists": True}]}}
    matcher = compile_rules({"rule": parse_pattern(json.dumps(pattern))})
    assert matcher.match(event) == set()
    pattern = {"a": {"b": {"x": [1], "y": [{"exists": False}]}, "c": {"x": [2]}}}
    matcher = compile_rules({"rule": parse_pattern(json.dumps(pattern))})
    tracemalloc.start()
    assert matcher.match(event) == set()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 64 << 20


def test_long_arrays_take_no_product_of_their_lengths() -> None:
    """Two arrays of 10,000 elements, of which all match: 10^8 ways, were they all gone."""
    size = 10_000
    event = {name: [{"x": 1, "y": 1, "z": number} for number in range(size)] for name in ("a", "b")}
    wanted = {"x": [1], "y": [1], "z": [{"numeric": [">", -1]}]}
    patterns = [
        {"a": wanted, "b": wanted},
        {"a": wanted, "b": {**wanted, "z": [size]}},
        {"a": {"x": [1]}, "b": {"z": [{"exists": False}]}},
    ]
    matcher = compile_rules({number: parse_pattern(json.dumps(each)) for number, each in enumerate(patterns)})
    assert matcher.match(event) == {0}


def test_names_are_joined_with_dots() -> None:
    for pattern in ({"a": {"b": {"c": ["x"]}}}, {"a.b": {"c": ["x"]}}, {"a": {"b.c": ["x"]}}):
        for event in ({"a": {"b": {"c": "x"}}}, {"a.b": {"c": "x"}}, {"a.b.c": "x"}, {"a": {"b.c": "x"}}):
            assert _matches(pattern, event)


def test_addresses() -> None:
    block = {"a": [{"cidr": "10.0.0.5/24"}]}
    assert [_matches(block, {"a": f"10.0.0.{number}"}) for number in (4, 5, 255)] == [False, True, True]
    assert not _matches(block, {"a": "10.0.0.05"})
    assert _matches({"a": ["2001:DB8::1"]}, {"a": "2001:db8:0:0::1"})
    assert not _matches({"a": [{"cidr": "2001:db8::/33"}]}, {"a": "2001:db8:8000::"})


def test_what_follows_a_pattern_is_not_looked_at() -> None:
    assert _matches('{"a": ["b"]} and more', {"a": "b"})


def test_a_key_that_is_added_again_is_replaced() -> None:
    matcher = compile_rules({1: parse_pattern('{"a": ["b"]}')})
    matcher.add(1, parse_pattern('{"a": ["c"]}'))
    assert (matcher.match({"a": "b"}), matcher.match({"a": "c"}), len(matcher)) == (set(), {1}, 1)
    matcher.add(2, parse_pattern('{"d": [1]}'))
    assert matcher.match({"a": "c", "d": 1}) == {1, 2}


@given(
    ranges=st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 6)), min_size=1, max_size=12),
    value=st.integers(-6, 12),
)
def test_intervals_against_each(ranges: list[tuple[int, int]], value: int) -> None:
    tree = Intervals([(low, low + size, number) for number, (low, size) in enumerate(ranges)])
    found: set[int] = set()
    tree.look_up(value, found)
    assert found == {number for number, (low, size) in enumerate(ranges) if low <= value <= low + size}


@settings(max_examples=300)
@given(pieces=st.lists(st.text("ab", max_size=2), min_size=1, max_size=4), value=st.text("ab", max_size=8))
def test_wildcards_against_regular_expressions(pieces: list[str], value: str) -> None:
    assert fits(tuple(pieces), value) == bool(re.fullmatch(".*".join(map(re.escape, pieces)), value))


def test_many_wildcards_are_found_by_whatever_they_hang_on() -> None:
    texts = ["*", "head*", "*tail", "*middle*", "he*ddl*il", "*mid*ta*"] + [
        f"*nothing {number}*" for number in range(50)
    ]
    matcher = compile_rules({text: parse_pattern(json.dumps({"a": [{"wildcard": text}]})) for text in texts})
    assert matcher.match({"a": "head middle tail"}) == set(texts[:6])
    assert matcher.match({"a": "a tail of nothing 7"}) == {"*", "*nothing 7*"}
    assert matcher.match({"a": "mid"}) == {"*"}
    assert matcher.match({"a": 1}) == set()
