"""Condition operators, one row a case."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.policy.conditions import parse_condition
from cairn.core.policy.keys import context_of
from cairn.core.policy.patterns import glob, parse_arn_pattern, parse_pattern

ARN = "arn:aws:iam::111122223333:role/path/Deploy"

CASES: list[tuple[str, str | list[str], dict[str, Any], bool]] = [
    ("StringEquals", "a", {"k": "a"}, True),
    ("StringEquals", "a", {"k": "A"}, False),
    ("StringEquals", "a*", {"k": "ab"}, False),
    ("StringEquals", ["x", "a"], {"k": "a"}, True),
    ("StringEquals", "a", {}, False),
    ("StringEqualsIfExists", "a", {}, True),
    ("StringEqualsIfExists", "a", {"k": "b"}, False),
    ("StringNotEquals", "a", {"k": "b"}, True),
    ("StringNotEquals", ["a", "b"], {"k": "b"}, False),
    ("StringNotEquals", "a", {}, True),
    ("StringEqualsIgnoreCase", "aB", {"k": "Ab"}, True),
    ("StringNotEqualsIgnoreCase", "aB", {"k": "Ab"}, False),
    ("StringLike", "a*c?", {"k": "abbcd"}, True),
    ("StringLike", "a*c?", {"k": "abbc"}, False),
    ("StringLike", "A*", {"k": "abc"}, False),
    ("StringNotLike", "a*", {"k": "abc"}, False),
    ("StringNotLike", "a*", {"k": "bc"}, True),
    ("StringEquals", "${*}", {"k": "*"}, True),
    ("StringLike", "a${*}c", {"k": "abc"}, False),
    ("StringEquals", "${aws:username}", {"k": "bob", "aws:username": "bob"}, True),
    ("StringLike", "${aws:username}/*", {"k": "bob/x", "AWS:UserName": "bob"}, True),
    ("StringLike", "${aws:username}", {"k": "abc", "aws:username": "*"}, False),
    ("StringEquals", "${aws:username}", {"k": "bob"}, False),
    ("StringNotEquals", "${aws:username}", {"k": "bob"}, False),
    ("StringEquals", "${aws:username, 'nobody'}", {"k": "nobody"}, True),
    ("StringEquals", "${tags}", {"k": "a", "tags": ["a", "b"]}, False),
    ("NumericEquals", "10", {"k": "10.0"}, True),
    ("NumericEquals", "10", {"k": "ten"}, False),
    ("NumericLessThan", "10", {"k": 9}, True),
    ("NumericLessThan", "10", {"k": 10}, False),
    ("NumericLessThanEquals", "10", {"k": 10}, True),
    ("NumericGreaterThan", "10", {"k": 10}, False),
    ("NumericGreaterThanEquals", "10", {"k": 10}, True),
    ("NumericNotEquals", "10", {"k": 11}, True),
    ("NumericGreaterThanIfExists", "10", {}, True),
    ("DateGreaterThan", "2023-11-14T00:00:00Z", {"k": "2023-11-14T00:00:01Z"}, True),
    ("DateLessThan", "2023-11-14T00:00:00Z", {"k": "2023-11-14T00:00:01Z"}, False),
    ("DateEquals", "2023-11-14T22:13:20Z", {"k": 1_700_000_000}, True),
    ("DateLessThanEquals", "1700000000", {"k": "2023-11-14T22:13:20Z"}, True),
    ("DateGreaterThanEquals", "2023-11-14", {"k": "2023-11-14T00:00:00Z"}, True),
    ("DateNotEquals", "2023-11-14", {"k": "2023-11-15"}, True),
    ("Bool", "true", {"k": True}, True),
    ("Bool", "false", {"k": True}, False),
    ("Bool", "TRUE", {"k": "true"}, True),
    ("Bool", "false", {}, False),
    ("BoolIfExists", "false", {}, True),
    ("BinaryEquals", "aGk=", {"k": "aGk="}, True),
    ("BinaryEquals", "aGk=", {"k": "aGo="}, False),
    ("IpAddress", "10.0.0.0/8", {"k": "10.255.0.1"}, True),
    ("IpAddress", "10.0.0.0/8", {"k": "11.0.0.1"}, False),
    ("IpAddress", "10.0.0.7", {"k": "10.0.0.7"}, True),
    ("IpAddress", ["2001:db8::/32", "10.0.0.0/8"], {"k": "2001:db8::1"}, True),
    ("IpAddress", "10.0.0.0/8", {"k": "nonsense"}, False),
    ("NotIpAddress", "10.0.0.0/8", {"k": "11.0.0.1"}, True),
    ("NotIpAddress", ["10.0.0.0/8", "11.0.0.0/8"], {"k": "11.0.0.1"}, False),
    ("ArnEquals", ARN, {"k": ARN}, True),
    ("ArnLike", "arn:aws:iam::*:role/*", {"k": ARN}, True),
    ("ArnLike", "arn:aws:iam:*:role/*", {"k": ARN}, False),
    ("ArnEquals", "arn:aws:iam::1111*:role/path/*", {"k": ARN}, True),
    ("ArnLike", "arn:aws:*", {"k": ARN}, True),
    ("ArnNotLike", "arn:aws:iam::*:user/*", {"k": ARN}, True),
    ("ArnNotEquals", ARN, {"k": ARN}, False),
    ("ArnLike", ARN, {"k": "no arn"}, False),
    ("Null", "true", {}, True),
    ("Null", "true", {"k": ""}, False),
    ("Null", "true", {"k": []}, True),
    ("Null", "false", {"k": "x"}, True),
    ("Null", "false", {}, False),
    ("ForAllValues:StringEquals", ["a", "b"], {"k": ["a", "b"]}, True),
    ("ForAllValues:StringEquals", ["a", "b"], {"k": ["a", "c"]}, False),
    ("ForAllValues:StringEquals", ["a"], {}, True),
    ("ForAllValues:StringNotEquals", ["a", "b"], {"k": ["c", "d"]}, True),
    ("ForAllValues:StringNotEquals", ["a", "b"], {"k": ["c", "a"]}, False),
    ("ForAnyValue:StringEquals", ["a", "b"], {"k": ["c", "b"]}, True),
    ("ForAnyValue:StringEquals", ["a"], {"k": ["c"]}, False),
    ("ForAnyValue:StringEquals", ["a"], {}, False),
    ("ForAnyValue:StringNotEquals", ["a"], {"k": ["a", "c"]}, True),
    ("ForAnyValue:StringNotEquals", ["a"], {"k": ["a"]}, False),
    ("ForAnyValue:StringNotEquals", ["a"], {}, False),
    ("ForAnyValue:StringLikeIfExists", ["a*"], {}, True),
]


@pytest.mark.parametrize(("operator", "wanted", "given_keys", "holds"), CASES)
def test_operators(operator: str, wanted: str | list[str], given_keys: dict[str, Any], holds: bool) -> None:
    values = wanted if isinstance(wanted, list) else [wanted]
    condition = parse_condition(operator, "K", values, variables=True)
    assert condition.holds(context_of(given_keys)) is holds


def test_variables_mean_nothing_before_2012() -> None:
    condition = parse_condition("StringEquals", "k", ["${aws:username}"], variables=False)
    assert condition.holds(context_of({"k": "${aws:username}"}))
    assert not condition.holds(context_of({"k": "bob", "aws:username": "bob"}))


@given(
    st.sampled_from(["StringEquals", "StringLike", "StringEqualsIgnoreCase", "NumericEquals", "IpAddress", "ArnLike"]),
    st.lists(st.sampled_from(["1", "2", "10.0.0.1", "10.0.0.2"]), min_size=1),
    st.sampled_from(["1", "2", "10.0.0.1", "a"]),
)
def test_a_negated_operator_is_the_opposite_where_the_key_is_there(
    operator: str, wanted: list[str], given_: str
) -> None:
    wanted = [value for value in wanted if ("." in value) == (operator == "IpAddress")] or [
        "10.0.0.1" if operator == "IpAddress" else "1"
    ]
    opposite = {"IpAddress": "NotIpAddress"}.get(operator) or re.sub("(Equals|Like)", r"Not\1", operator, count=1)
    context = context_of({"k": given_})
    assert parse_condition(operator, "k", wanted, variables=True).holds(context) is not parse_condition(
        opposite, "k", wanted, variables=True
    ).holds(context)


patterns = st.text(st.sampled_from("ab*?:"), max_size=8)
texts = st.text(st.sampled_from("ab:*"), max_size=10)


@given(patterns, texts)
def test_wildcards_are_those_of_a_regular_expression(pattern: str, text: str) -> None:
    expression = "".join({"*": "(?s:.*)", "?": "(?s:.)"}.get(character, re.escape(character)) for character in pattern)
    compiled = parse_pattern(pattern, variables=True)
    assert compiled.matches(text, {}) is (re.fullmatch(expression, text) is not None)


def test_wildcards_cost_no_more_than_their_length() -> None:
    resolved = parse_pattern("*a" * 200 + "b", variables=False).resolve({})
    assert resolved is not None
    assert glob(resolved, "a" * 3000) is False


def test_an_arn_s_parts_are_matched_each_by_itself() -> None:
    for pattern, arn, matches in (
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a:b", True),
        ("arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", False),
        ("arn:aws:sns:*:1:topic", "arn:aws:sns:eu:1:x:1:topic", False),
        ("arn:aws:sqs", "arn:aws:sqs:us-east-1:1:queue", True),
        ("*", "*", True),
        ("arn:aws:s3:::*", "*", False),
    ):
        assert parse_arn_pattern(pattern, variables=True).matches(arn, {}) is matches
