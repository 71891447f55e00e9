"""Patterns of strangers, held against texts of strangers, of which a naive matcher tries every way that there is.
Each test has a minute, and ends at once; a matcher that goes back and forth would need longer than there is.

Also tried elsewhere: regular expressions and what a query holds (tests/cloudwatch/queries/test_language.py), filter
patterns (tests/cloudwatch/patterns/test_patterns.py), nesting of metric math (tests/cloudwatch/metrics/test_math.py),
long and deep arrays in events (tests/eventbridge/patterns/test_matching.py), how complex wildcards may be
(tests/eventbridge/patterns/test_parsing.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloudtrail.history.conftest import Bench

from cairn.cloudtrail.history.facts import facts_of
from cairn.cloudtrail.history.live import LiveMatcher
from cairn.cloudtrail.history.query import QueryError, parse_query
from cairn.cloudtrail.history.search import Search
from cairn.cloudwatch.alarms.rule import parse_rule
from cairn.cloudwatch.patterns import Message, compile_pattern
from cairn.cloudwatch.sns.filter_policy import PolicyError, parse_filter_policy
from cairn.core.clock import TestClock
from cairn.core.config import History as HistorySettings
from cairn.core.errors import AwsError
from cairn.core.policy import Kind, Principal, Request, evaluate, parse_policy
from cairn.core.records.event import Event
from cairn.core.records.parse import event_from_record
from cairn.core.wildcards import fits
from cairn.eventbridge.patterns import InvalidEventPattern, compile_rules, parse_pattern

pytestmark = pytest.mark.timeout(60, method="thread")

ACCOUNT = "111122223333"
LONG = "a" * 1_900
STARS = "*a" * 400 + "*b"
"""What fits nothing in `LONG`, as nobody knows who has not tried where each `a` may be."""


def event(number: int = 0) -> Event:
    """With values that are made to match nearly."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": LONG},
        "eventTime": "2023-11-14T22:13:20Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": LONG,
        "awsRegion": "us-east-1",
        "errorCode": LONG,
        "requestParameters": {"path": LONG},
        "resources": [{"type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{LONG}"}],
        "eventID": f"{number}-{LONG[:60]}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return event_from_record(record)


@pytest.fixture
def stored(tmp_path: Path, clock: TestClock) -> Iterator[Bench]:
    """A history of such events."""
    bench = Bench(tmp_path / "history", clock, HistorySettings(segment_events=40))
    bench.keep(*map(event, range(60)))
    yield bench
    bench.close()


@pytest.mark.parametrize("field", ["name", "user", "resource", "error", "id", "requestParameters.path"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_wildcards_of_the_search_line(stored: Bench, field: str, sign: str) -> None:
    question = Search(query=parse_query(f"{sign}{field}={STARS}"), accounts=(ACCOUNT,))
    assert len(stored.reader.search(question).events) == (0 if not sign else 50)
    stored.reader.summarize(question, fields=["name"])


@pytest.mark.parametrize("field", ["name", "user", "resource", "error", "id", "requestParameters.path"])
def test_wildcards_of_the_live_tail(field: str) -> None:
    matcher = LiveMatcher(parse_query(f"{field}={STARS}"))
    told = event()
    assert not matcher.fits(told.header, facts_of(told.header, told.parse()), told.record)


def test_the_search_line_has_limits() -> None:
    for text in ("name=" + "a," * 10_000, " ".join(["a=b"] * 1_000), "-" * 30_000, '"' * 9_999, "x." * 5_000 + "=y"):
        with pytest.raises(QueryError):
            parse_query(text)


@given(st.text("ab*", min_size=1).filter(lambda text: "*" in text), st.text("ab"))
@settings(deadline=None)
def test_a_star_stands_for_any_text(pattern: str, value: str) -> None:
    """As a matcher that tries everything has it."""

    def naive(rest: str, left: str) -> bool:
        if not rest:
            return not left
        if rest[0] == "*":
            return any(naive(rest[1:].lstrip("*"), left[at:]) for at in range(len(left) + 1))
        return left.startswith(rest[0]) and naive(rest[1:], left[1:])

    if pattern.count("*") < 8 and len(value) < 12:
        assert fits(pattern.split("*"), value) is naive(pattern, value)


def _may(*, resource: str = "*", condition: Any = None, **keys: Any) -> bool:
    statement = {"Effect": "Allow", "Action": "*", "Resource": resource}
    statement |= {"Condition": condition} if condition else {}
    policy = parse_policy({"Version": "2012-10-17", "Statement": [statement]}, Kind.IDENTITY)
    principal = Principal(account="111122223333", arn="arn:aws:iam::111122223333:user/a")
    asked = Request(principal, "s3:GetObject", f"arn:aws:s3:::bucket/{LONG}", keys)
    return evaluate(asked, identity_policies=[policy]).allowed


def test_wildcards_of_policies() -> None:
    assert not _may(resource=f"arn:aws:s3:::{STARS}")
    assert not _may(resource="arn:aws:s3:::" + "*?" * 900 + "b")
    assert not _may(resource="arn:aws:s3:::" + "?*" * 900 + "b")
    assert _may(resource="arn:aws:s3:::bucket/" + "*?" * 900)
    for operator in ("StringLike", "ArnLike", "StringNotLike"):
        condition = {operator: {"s3:prefix": f"arn:aws:s3:::{STARS}"}}
        assert _may(condition=condition, **{"s3:prefix": f"arn:aws:s3:::{LONG}"}) is (operator == "StringNotLike")
    likes = {"ForAnyValue:StringLike": {"aws:TagKeys": [STARS] * 50}}
    assert not _may(condition=likes, **{"aws:TagKeys": [LONG] * 50})
    variable = {"StringLike": {"s3:prefix": "${aws:username}" * 20 + "*b"}}
    assert not _may(condition=variable, **{"s3:prefix": LONG, "aws:username": "*" * 60})


def test_wildcards_of_event_patterns() -> None:
    for pattern in (
        {"a": [{"wildcard": "*a" * 30 + "*b"}]},
        {"a": [{"anything-but": {"wildcard": ["*a" * 30 + "*b"]}}]},
        {"a": [{"wildcard": f"*{'ab' * number}*"} for number in range(60)]},
        {"a": [{"anything-but": {"prefix": ["a" * number for number in range(1, 80)]}}]},
    ):
        text = json.dumps(pattern)
        try:
            matcher = compile_rules({"rule": parse_pattern(text)})
        except InvalidEventPattern:
            continue
        matcher.match_text(json.dumps({"a": [LONG * 100] * 5}))


@pytest.mark.parametrize(
    "pattern",
    [
        '{"a": [{"numeric": ["=", ' + "9" * 4_000 + "]}]}",
        '{"a": [1e999999999]}',
        '{"a": [-1e-999999999]}',
        '{"a":' * 700 + "[1]" + "}" * 700,
        '{"$or": [' + ", ".join('{"a": ["b"]}' for _ in range(280)) + "]}",
        '{"a": {"$or": [' + ",".join('{"$or": [{"b":[1]},{"c":[1]}]}' for _ in range(110)) + "]}}",
        "{" + ", ".join(f'"{name}": [{{"exists": false}}]' for name in range(160)) + "}",
        "{" + ",".join(f'"{name}":{{"$or":[{{"x":[1]}},{{"y":[1]}}]}}' for name in "abcdefghijklmnopqrstuvwxyz") + "}",
        '{"a": [{"cidr": "::/0"}, {"cidr": "0.0.0.0/0"}]}',
    ],
)
def test_large_event_patterns(pattern: str) -> None:
    """Those that are taken match within reason; the others are refused."""
    try:
        matcher = compile_rules({"rule": parse_pattern(pattern)})
    except InvalidEventPattern:
        return
    for event in ('{"a": "b"}', '{"a": 1}', '{"a": {"b": [1, 2, 3]}}', json.dumps({"a": ["10.0.0.1"] * 5_000})):
        matcher.match_text(event)


def test_a_thousand_rules_with_a_hundred_values_each() -> None:
    rules = {
        f"rule-{number}": parse_pattern(json.dumps({"detail": {"a": [f"{number}-{value}" for value in range(100)]}}))
        for number in range(1_000)
    }
    matcher = compile_rules(rules)
    for number in range(0, 1_000, 10):
        found = matcher.match_text(json.dumps({"detail": {"a": f"{number}-{number % 100}"}}))
        assert found == {f"rule-{number}"}


def test_numbers_of_events_that_are_written_long() -> None:
    matcher = compile_rules({"rule": parse_pattern('{"a": [{"numeric": [">", 1]}]}')})
    for number in ("9" * 300, "0." + "0" * 200_000 + "1", "1" * 100_000 + "e-99999"):
        matcher.match_text(f'{{"a": {number}}}')
    for number in ("9" * 200_000, "1e999999999"):
        with pytest.raises(msgspec.DecodeError):
            matcher.match_text(f'{{"a": {number}}}')


def test_wildcards_of_filter_patterns_and_of_filter_policies() -> None:
    pattern = compile_pattern('{ $.a = "' + "*a" * 400 + '*b" }')
    assert not pattern.matches(Message(json.dumps({"a": LONG * 50})))
    columns = compile_pattern("[" + ", ".join(f"c{number}=*a*a*b" for number in range(20)) + ", ...]")
    assert not columns.matches(Message(" ".join([LONG] * 30)))
    try:
        policy = parse_filter_policy(json.dumps({"a": [{"wildcard": "*a" * 400 + "*b"}]}), body=False)
    except PolicyError:
        policy = parse_filter_policy(json.dumps({"a": [{"wildcard": "*a*a*b"}]}), body=False)
    assert not policy.matches({"a": LONG * 50})


@pytest.mark.parametrize(
    "text",
    [
        "{ " + "(" * 480 + "$.a = 1" + ")" * 480 + " }",
        "{ " + " || ".join(["$.a = 1"] * 90) + " }",
        "{ $" + ".a" * 500 + " = 1 }",
        "{ $.a = %" + "(a{1,9}){1,9}" * 9 + "% }",
        "%" + "a{1000}" * 50 + "%",
        "[" + ", ".join(["..."] * 200) + "]",
        '"' * 1_000,
    ],
)
def test_large_filter_patterns(text: str) -> None:
    try:
        pattern = compile_pattern(text)
    except AwsError:
        return
    assert pattern.matches(Message(json.dumps({"a": LONG}))) in (True, False)


@pytest.mark.parametrize(
    "rule",
    [
        "(" * 5_000,
        "NOT " * 2_500 + "ALARM(a)",
        "(" * 2_000 + "ALARM(a)" + ")" * 2_000,
        "ALARM(a) AND " * 780,
        " " * 10_000,
    ],
)
def test_large_rules_of_alarms(rule: str) -> None:
    with pytest.raises(AwsError):
        parse_rule(rule)


def test_filter_policies_have_limits() -> None:
    for policy in (
        '{"a": ' * 1_000 + '["x"]' + "}" * 1_000,
        json.dumps({key: list(range(100)) for key in "abcde"}),
        json.dumps({"a": ["x" * (300 << 10)]}),
        '{"$or": ' * 300 + "[]" + "}" * 300,
        "[" * 100_000,
    ):
        with pytest.raises(PolicyError):
            parse_filter_policy(policy, body=True)
