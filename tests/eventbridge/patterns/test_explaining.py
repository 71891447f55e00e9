"""Why a pattern does not match: which fields are in the way."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import assume, given, settings
from tests.eventbridge.patterns.test_naive import EVENTS, PATTERNS

from cairn.eventbridge.patterns import InvalidEventPattern, compile_rules, explain, parse_pattern
from cairn.eventbridge.patterns.explaining import FOUND_MAX, Explanation


def explained(pattern: dict[str, Any] | str, event: dict[str, Any]) -> Explanation:
    return explain(parse_pattern(pattern if isinstance(pattern, str) else json.dumps(pattern)), event)


def test_the_field_that_is_in_the_way_is_told_with_what_the_event_has() -> None:
    pattern = {"source": ["aws.iam"], "detail": {"eventName": ["CreateUser", {"prefix": "Put"}], "n": [1]}}
    found = explained(pattern, {"source": "aws.iam", "detail": {"eventName": "DeleteUser"}})
    assert [(each.field, each.wanted, each.found) for each in found.unmet] == [
        ("detail.eventName", ["CreateUser", {"prefix": "Put"}], ["DeleteUser"]),
        ("detail.n", [1], []),
    ]
    assert (found.matches, found.apart) == (False, False)
    assert explained(pattern, {"source": "aws.iam", "detail": {"eventName": "CreateUser", "n": 1.0}}).matches


def test_of_the_arms_of_or_the_one_that_lacks_least_is_told() -> None:
    pattern = {"$or": [{"a": [1], "b": [1]}, {"c": [1], "a": [2]}], "d.e": [3]}
    found = explained(pattern, {"c": 1, "a": 5, "d": {"e": 3}})
    assert [(each.field, each.wanted, each.found) for each in found.unmet] == [("a", [1, 2], [5])]


def test_fields_that_are_met_by_different_elements_are_apart() -> None:
    pattern = {"list": {"type": ["x"], "name": ["y"]}}
    found = explained(pattern, {"list": [{"type": "x", "name": "-"}, {"type": "-", "name": "y"}]})
    assert (found.matches, found.unmet, found.apart) == (False, (), True)


def test_what_follows_a_pattern_is_no_part_of_it_and_values_are_cut() -> None:
    found = explained(' {"a": [1]} }}}', {"a": list(range(2, 100))})
    assert (found.unmet[0].wanted, len(found.unmet[0].found)) == ([1], FOUND_MAX)


def test_what_is_told_can_be_answered() -> None:
    found = explained('{"a": ["\\ud800", 1e400]}', {"a": 1})
    assert msgspec.json.decode(msgspec.json.encode(found))["unmet"][0]["wanted"] == ["?", None]


@settings(max_examples=300, deadline=None)
@given(PATTERNS, EVENTS)
def test_it_agrees_with_the_matcher_and_tells_why(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    try:
        parsed = parse_pattern(json.dumps(pattern))
    except InvalidEventPattern:
        assume(False)
    found = explain(parsed, event)
    assert found.matches == bool(compile_rules({"": parsed}).match(event))
    assert sum((found.matches, bool(found.unmet), found.apart)) == 1
    assert all(each.wanted for each in found.unmet)
