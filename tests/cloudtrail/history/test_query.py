"""The query language: what it says, and what it says when it cannot understand."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudtrail.history import Query, QueryError, parse_query
from cairn.cloudtrail.history.matching import RecordMatcher, values_at
from cairn.cloudtrail.history.query import Condition, Pattern, Words
from cairn.core.wildcards import fits


def condition(field: str, *values: str, exclude: bool = False, wild: bool = False) -> Condition:
    return Condition(field, tuple(Pattern(value, wild) for value in values), exclude)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", Query()),
        ("  ", Query()),
        ("name=CreateUser", Query((condition("name", "CreateUser"),))),
        ("eventName=A,B user=alice", Query((condition("name", "A", "B"), condition("user", "alice")))),
        ("-source=kms.amazonaws.com", Query((condition("source", "kms.amazonaws.com", exclude=True),))),
        ("source!=kms", Query((condition("source", "kms.amazonaws.com", exclude=True),))),
        ("-user!=alice", Query((condition("user", "alice"),))),
        ("error=*", Query((condition("error", "*", wild=True),))),
        ("name=Create*", Query((condition("name", "Create*", wild=True),))),
        ('name="Create*"', Query((condition("name", "Create*"),))),
        ('user="a b",c', Query((condition("user", "a b", "c"),))),
        ('user="say \\"hi\\" \\\\ \\x"', Query((condition("user", 'say "hi" \\ \\x'),))),
        ('user=""', Query((condition("user", ""),))),
        ("requestParameters.bucketName=logs", Query((condition("requestParameters.bucketName", "logs"),))),
        ("requestparameters.bucketName=x", Query((condition("requestParameters.bucketName", "x"),))),
        ("additionalEventData.x-amz-id-2=a=b", Query((condition("additionalEventData.x-amz-id-2", "a=b"),))),
        ("denied", Query((), (Words("denied"),))),
        ('"no such key" -secret', Query((), (Words("no such key"), Words("secret", True)))),
        ("-", Query((), (Words("-"),))),
        ("https://x/?a=b a,b", Query((), (Words("https://x/?a=b"), Words("a,b")))),
        ("readonly=FALSE", Query((condition("readonly", "false"),))),
    ],
)
def test_lines_that_are_understood(line: str, expected: Query) -> None:
    assert parse_query(line) == expected


@pytest.mark.parametrize(
    ("line", "column", "says", "advice"),
    [
        ("nmae=x", 1, "no field 'nmae'", "Did you mean name?"),
        ("user=alice requestParametres.x=y", 12, "no field 'requestParametres'", "Did you mean requestParameters?"),
        ("zzz=1", 1, "no field", "Fields are id, account"),
        ("user=", 6, "needs a value", "user=* finds"),
        ("user=a,", 8, "needs a value", ""),
        ('user="alice', 6, "not closed", 'End it with a "'),
        ('"a"b', 4, "space is missing", ""),
        ("readonly=maybe", 10, "true or false", ""),
        ("requestParameters..x=1", 1, "no path", ""),
        ('""', 3, "empty text", ""),
        (" ".join(["a"] * 51), 101, "50 terms", ""),
        ("user=" + ",".join("a" * 101), 206, "100 values", ""),
        ("x" * 2001, 1, "2000 characters", ""),
        ("x" * 20_001, 20_000, "longer than 20000", ""),
    ],
)
def test_lines_that_are_not(line: str, column: int, says: str, advice: str) -> None:
    with pytest.raises(QueryError) as error:
        parse_query(line)
    assert says in error.value.message
    assert error.value.column == column
    assert advice in error.value.advice
    assert error.value.exit_code == 2


@given(st.text(alphabet=st.sampled_from('ab=*,-!." \\\t'), max_size=40) | st.text(max_size=40))
def test_no_line_does_more_than_be_refused(line: str) -> None:
    try:
        parse_query(line)
    except QueryError as error:
        assert 1 <= error.column <= len(line) + 1


@given(st.text(min_size=1, max_size=30), st.booleans())
def test_a_quoted_value_is_itself(text: str, exclude: bool) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse_query(f"{'-' if exclude else ''}user={quoted}").conditions == (
        condition("user", text, exclude=exclude),
    )


def test_values_at_a_path() -> None:
    record = {"a": [{"b": 1}, {"b": [True, None, "x", [2.5]]}, {"c": 0}], "d": {"e": {}}, "n": None}
    assert list(values_at(record, ["a", "b"])) == ["1", "true", "x", "2.5"]
    assert list(values_at(record, ["d", "e"])) == ["{}"]
    assert list(values_at(record, ["n"])) == list(values_at(record, ["a", "b", "c"])) == []


def test_a_star_stands_for_any_text_and_nothing_else_is_special() -> None:
    assert fits(["a", "[b]?", ""], "a\nxx[b]?")
    assert not fits(["a", "[b]?"], "a b?")


@settings(max_examples=300, deadline=None)
@given(st.text("ab*", min_size=1, max_size=8), st.text("ab", max_size=10))
def test_a_star_means_what_it_means_in_an_expression(pattern: str, value: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    assert fits(f"{pattern}*".split("*"), value) == (re.fullmatch(f"{expression}.*", value) is not None)
    assert fits(f"*{pattern}".split("*"), value) == (re.fullmatch(f".*{expression}", value) is not None)


def test_many_stars_are_no_way_to_keep_a_gateway_busy() -> None:
    line = "requestParameters.key=" + "*a" * 100 + "*b"
    record = b'{"requestParameters": {"key": "%s"}}' % (b"a" * 10_000)
    assert not RecordMatcher(parse_query(line)).fits(record)
    assert RecordMatcher(parse_query(line)).fits(record.replace(b'"}}', b'b"}}'))


@pytest.mark.parametrize(
    ("line", "record", "expected"),
    [
        ("requestParameters.a=x-1", b'{"requestParameters":{"a":"x-1"}}', True),
        ("requestParameters.a=x-1", b'{"requestParameters":{"b":"x-1"}}', False),
        ("requestParameters.a=x,y", b'{"requestParameters":{"a":["z","y"]}}', True),
        ("requestParameters.a=1000.0", b'{"requestParameters":{"a":1e3}}', True),
        ("requestParameters.a=true", b'{"requestParameters":{"a":true}}', True),
        ("requestParameters.a=a=b", b'{"requestParameters":{"a":"a\\u003db"}}', True),
        ("requestParameters.a!=x", b'{"requestParameters":{"b":"x"}}', True),
        ("requestParameters.a!=x", b'{"requestParameters":{"a":"x"}}', False),
        ('"say \\"hi"', b'{"requestParameters":{"a":"I say \\"Hi\\""}}', True),
    ],
)
def test_what_only_the_record_tells(line: str, record: bytes, expected: bool) -> None:
    assert RecordMatcher(parse_query(line)).fits(record) is expected
