"""Filter policies: SNS's own examples, its errors, and a second reading of the rules to compare with."""

from __future__ import annotations

import fnmatch
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudwatch.sns.filter_policy import NestedPolicy, PolicyError, parse_filter_policy
from cairn.cloudwatch.sns.filter_policy.matching import PRESENT


def matches(policy: dict[str, Any], found: dict[str, Any], *, body: bool = False) -> bool:
    return parse_filter_policy(json.dumps(policy), body=body).matches(found)


@pytest.mark.parametrize(
    ("policy", "found", "expected"),
    [
        ({"interest": ["rugby"]}, {"interest": "rugby"}, True),
        ({"interest": ["rugby"]}, {"interest": "Rugby"}, False),
        ({"interest": ["rugby"]}, {}, False),
        ({"interest": ["rugby", "tennis"]}, {"interest": ["golf", "tennis"]}, True),
        ({"interest": [{"anything-but": ["rugby", "tennis"]}]}, {"interest": "baseball"}, True),
        ({"interest": [{"anything-but": ["rugby", "tennis"]}]}, {"interest": ["rugby", "baseball"]}, True),
        ({"interest": [{"anything-but": ["rugby", "tennis"]}]}, {"interest": "rugby"}, False),
        ({"interest": [{"anything-but": "rugby"}]}, {}, False),
        ({"event": [{"anything-but": {"prefix": "order-"}}]}, {"event": "data-entry"}, True),
        ({"event": [{"anything-but": {"prefix": "order-"}}]}, {"event": "order-number"}, False),
        ({"event": [{"anything-but": {"suffix": ["ball", "cket"]}}]}, {"event": "cricket"}, False),
        ({"event": [{"anything-but": {"wildcard": "*ball*"}}]}, {"event": "footballs"}, False),
        ({"interest": [{"equals-ignore-case": "tennis"}]}, {"interest": "TENNIS"}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.0.0.255"}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "10.1.1.0"}, False),
        ({"ip": [{"cidr": "2001:db8::/32"}]}, {"ip": "2001:db8::1"}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, {"ip": "nowhere"}, False),
        ({"interest": [{"prefix": "bas"}]}, {"interest": "baseball"}, True),
        ({"interest": [{"suffix": "ball"}]}, {"interest": "basket"}, False),
        ({"interest": [{"wildcard": "*ball"}]}, {"interest": "football"}, True),
        ({"interest": [{"wildcard": "a*b*c"}]}, {"interest": "axxbxxbyyc"}, True),
        ({"interest": [{"wildcard": "ab*ba"}]}, {"interest": "aba"}, False),
        ({"interest": [{"wildcard": "50\\*"}]}, {"interest": "50*"}, True),
        ({"interest": [{"wildcard": "50\\*"}]}, {"interest": "500"}, False),
        ({"price": [301.5]}, {"price": 301.50}, True),
        ({"price": [{"anything-but": [100, 500]}]}, {"price": 101}, True),
        ({"price": [{"anything-but": [100, 500]}]}, {"price": 500.0}, False),
        ({"price": [{"numeric": ["=", 3]}]}, {"price": 3.0}, True),
        ({"price": [{"numeric": [">", 0, "<=", 150]}]}, {"price": 150}, True),
        ({"price": [{"numeric": [">", 0, "<=", 150]}]}, {"price": 0}, False),
        ({"price": [{"numeric": ["<", 0]}]}, {"price": "-1"}, False),
        ({"store": [{"exists": True}]}, {"store": PRESENT}, True),
        ({"store": [{"exists": True}]}, {"other": "x"}, False),
        ({"store": [{"exists": False}]}, {"other": "x"}, True),
        ({"store": ["x"]}, {"store": PRESENT}, False),
        ({"paid": [True]}, {"paid": [True]}, True),
        ({"paid": [True]}, {"paid": 1}, False),
        ({"paid": [1]}, {"paid": True}, False),
        ({"paid": [None]}, {"paid": None}, True),
        ({"paid": [None]}, {}, False),
        ({"a": ["x"], "b": ["y"]}, {"a": "x"}, False),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": "y"}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}], "c": ["z"]}, {"b": "y"}, False),
        ({"$or": ["x"]}, {"$or": "x"}, True),
        ({"$or": [{"prefix": "x"}, {"suffix": "y"}]}, {"$or": "xa"}, True),
    ],
)
def test_attributes_match(policy: dict[str, Any], found: dict[str, Any], expected: bool) -> None:
    assert matches(policy, found) is expected
    assert matches(policy, found, body=True) is expected


@pytest.mark.parametrize(
    ("policy", "found", "expected"),
    [
        ({"a": {"b": ["x"]}}, {"a": {"b": "x"}}, True),
        ({"a": {"b": ["x"]}}, {"a": "x"}, False),
        ({"a": {"b": [{"exists": False}]}}, {"c": 1}, True),
        ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1, "c": 3}, {"b": 1, "c": 2}]}, True),
        ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1, "c": 3}, {"b": 4, "c": 2}]}, False),
        ({"a": ["x"]}, {"a": ["y", ["x"]]}, True),
        ({"a": ["x"]}, {"a": {"x": 1}}, False),
        ({"a": {"$or": [{"b": ["x"]}, {"c": ["y"]}]}}, {"a": {"c": "y"}}, True),
    ],
)
def test_bodies_match(policy: dict[str, Any], found: dict[str, Any], expected: bool) -> None:
    assert matches(policy, found, body=True) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"key":[["value"]]}', "Match value must be String, number, true, false, or null"),
        ('{"key":[{"wrong-operator":true}]}', "Unrecognized match type wrong-operator"),
        ('{"key":[{"suffix":"value","prefix":"value2"}]}', "Only one key allowed in match expression"),
        ('{"key":[{"suffix":100}]}', "suffix match pattern must be a string"),
        ('{"key":[{"suffix":[]}]}', "suffix match pattern must be a string"),
        ('{"key":{"suffix":"value"}}', '"suffix" must be an object or an array'),
        ('{"key_a":"value_one"}', '"key_a" must be an object or an array'),
        ('{"key":[{"numeric":[]}]}', "Invalid member in numeric match: ]"),
        ('{"key":[{"numeric":["operator"]}]}', "Unrecognized numeric range operator: operator"),
        ('{"key":[{"numeric":[1,"<="]}]}', "Invalid member in numeric match: 1"),
        ('{"key":[{"numeric":["=","000"]}]}', "Value of equals must be numeric"),
        ('{"key":[{"numeric":[">="]}]}', "Value of >= must be numeric"),
        ('{"key":[{"numeric":["<",100,">",10]}]}', "Too many elements in numeric expression"),
        ('{"key":[{"numeric":[">=",1,">",2]}]}', "Bad numeric range operator: >"),
        ('{"key":[{"numeric":[">",3,"<",1]}]}', "Bottom must be less than top"),
        ('{"key":[{"numeric":[">",20,"<="]}]}', "Value of <= must be numeric"),
        ('{"key":[{"numeric":[">",20,30]}]}', "Bad value in numeric range: 30"),
        ('{"key":[{"numeric":[">",20,"<",30,"<",50]}]}', "Too many terms in numeric range expression"),
        ('{"key":[{"exists":"no"}]}', "exists match pattern must be either true or false."),
        (
            '{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}',
            "Filter policy can not have more than 5 keys",
        ),
        ("invalid", "failed to parse JSON"),
        ('{"key":[]}', "Empty arrays are not allowed"),
        ('{"key":[NaN]}', "failed to parse JSON"),
        ("[1]", "Filter policy must be an object"),
    ],
)
def test_what_is_no_policy_is_refused_in_sns_s_words(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_filter_policy(text, body=True)
    assert str(refused.value).startswith(message)


def test_attributes_have_no_inside() -> None:
    with pytest.raises(NestedPolicy):
        parse_filter_policy('{"object":{"key":[{"prefix":"auto-"}]}}', body=False)


def test_complexity_counts_values_by_their_depth() -> None:
    values = ["1", "2", "3", "4"]
    policy = {"a": {"b": {"c": values}}, "d": {"e": values[:3]}, "f": values[:3]}  # 3 x 4 x 2 x 3 x 3 = 216
    with pytest.raises(PolicyError, match="too complex"):
        parse_filter_policy(json.dumps(policy), body=True)
    parse_filter_policy(json.dumps({**policy, "f": ["1"]}), body=True)  # 72
    halves = [{"a": [str(n) for n in range(76)]}, {"b": [str(n) for n in range(75)]}]
    with pytest.raises(PolicyError, match="too complex"):
        parse_filter_policy(json.dumps({"$or": halves}), body=False)


KEYS = st.sampled_from(["a", "b", "c"])
TEXTS = st.text("ab", max_size=4)
SCALARS = TEXTS | st.integers(-3, 3) | st.booleans() | st.none()
CONDITIONS = (
    SCALARS
    | st.fixed_dictionaries({"prefix": TEXTS})
    | st.fixed_dictionaries({"suffix": TEXTS})
    | st.fixed_dictionaries({"wildcard": st.text("ab*", max_size=6)})
    | st.fixed_dictionaries({"exists": st.booleans()})
    | st.fixed_dictionaries({"anything-but": TEXTS | st.lists(TEXTS, min_size=1, max_size=2)})
    | st.fixed_dictionaries({"anything-but": st.fixed_dictionaries({"prefix": TEXTS})})
    | st.builds(lambda n, op: {"numeric": [op, n]}, st.integers(-3, 3), st.sampled_from(["=", "<", "<=", ">", ">="]))
)
LEAVES = st.lists(CONDITIONS, min_size=1, max_size=2)
FLAT = st.dictionaries(KEYS, LEAVES, min_size=1, max_size=2)
POLICIES = st.dictionaries(KEYS, LEAVES | FLAT, min_size=1, max_size=2) | st.builds(
    lambda left, right, more: {"$or": [left, right], **more}, FLAT, FLAT, st.just({}) | FLAT
)
BODIES = st.dictionaries(
    KEYS, SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(KEYS, SCALARS, max_size=2), max_size=3
)


def naive(policy: dict[str, Any], body: dict[str, Any]) -> bool:
    """The rules once more, by flattening what is found under each key."""
    return all(_naive_key(key, value, body) for key, value in policy.items())


def _naive_key(key: str, value: Any, body: dict[str, Any]) -> bool:
    if key == "$or":
        return any(naive(each, body) for each in value)
    found = body.get(key)
    if isinstance(value, dict):
        return naive(value, found if isinstance(found, dict) else {})
    there = [] if key not in body or isinstance(found, dict) else found if isinstance(found, list) else [found]
    for condition in value:
        if isinstance(condition, dict) and "exists" in condition:
            if condition["exists"] == (len(there) > 0):
                return True
        elif any(_naive_holds(condition, each) for each in there):
            return True
    return False


def _naive_holds(condition: Any, value: Any) -> bool:
    if not isinstance(condition, dict):
        return json.dumps(condition) == json.dumps(value)
    ((operator, operand),) = condition.items()
    if operator == "anything-but":
        if isinstance(operand, dict):
            return not (isinstance(value, str) and value.startswith(operand["prefix"]))
        return value not in (operand if isinstance(operand, list) else [operand])
    if operator == "numeric":
        number = value if isinstance(value, int) and not isinstance(value, bool) else math.nan
        signs = {"=": number == operand[1], "<": number < operand[1], "<=": number <= operand[1]}
        return (signs | {">": number > operand[1], ">=": number >= operand[1]})[operand[0]]
    if not isinstance(value, str):
        return False
    pattern = {"prefix": f"{operand}*", "suffix": f"*{operand}", "wildcard": operand}[operator]
    return fnmatch.fnmatchcase(value, pattern)


@settings(max_examples=400, deadline=None)
@given(POLICIES, BODIES)
def test_the_compiled_policy_agrees_with_the_naive_one(policy: dict[str, Any], body: dict[str, Any]) -> None:
    try:
        read = parse_filter_policy(json.dumps(policy), body=True)
    except PolicyError as error:
        assert "too complex" in str(error)
        return
    assert read.matches(body) is naive(policy, body)


@settings(max_examples=200, deadline=None)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_whatever_it_is_it_is_read_or_refused(document: Any) -> None:
    for body in (True, False):
        try:
            parse_filter_policy(json.dumps(document), body=body).matches({"a": "b"})
        except PolicyError:
            continue
