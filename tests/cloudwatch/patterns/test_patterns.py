"""Filter patterns by example: the guide's, and those that people write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudwatch.patterns import Message, compile_pattern, parse_selector
from cairn.core.errors import AwsError

RECORD: dict[str, Any] = {
    "eventName": "UpdateTrail",
    "eventSource": "cloudtrail.amazonaws.com",
    "sourceIPAddress": "111.111.111.111",
    "errorCode": "AccessDeniedException",
    "readOnly": False,
    "bytes": 42,
    "ratio": 2.5,
    "count": "7",
    "nothing": None,
    "user": {"id": 1, "email": "John.Stiles@example.com", "a-b": "dash"},
    "users": [{"id": 1, "name": "ann"}, {"id": 2, "name": "bob"}],
    "tags": ["red", "green"],
    "odd name": "x",
}


def matches(pattern: str, message: Any, **options: bool) -> bool:
    text = message if isinstance(message, str) else json.dumps(message)
    return compile_pattern(pattern, **options).matches(Message(text))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventName = "UpdateTrail" }', True),
        ("{$.eventName=UpdateTrail}", True),
        ("  {  $.eventName  =  UpdateTrail  }  ", True),
        ("{ $.eventName = updatetrail }", False),
        ("{ $.eventName = Update* }", True),
        ("{ $.eventName = *Tra* }", True),
        ('{ $.eventName = "*Trail" }', True),
        ("{ $.eventName = U*d*l }", True),
        ("{ $.eventName = U*x*l }", False),
        ("{ $.eventName = UpdateTrail* }", True),
        ("{ $.eventName = *UpdateTrailUpdateTrail }", False),
        (r'{ $.eventName = "Update\*" }', False),
        ("{ $.sourceIPAddress = 111.* }", True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress != 111.* }", False),
        ("{ $.missing = x }", False),
        ("{ $.missing != x }", False),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.eventName NOT EXISTS }", False),
        ("{ $.nothing NOT EXISTS }", False),
        ("{ $.nothing IS NULL }", True),
        ("{ $.missing IS NULL }", False),
        ("{ $.eventName IS NULL }", False),
        ("{ $.readOnly IS FALSE }", True),
        ("{ $.readOnly IS TRUE }", False),
        ("{ $.readOnly = false }", True),
        ('{ $.readOnly = "false" }', True),
        ("{ $.readOnly != true }", True),
        ("{ $.bytes = 42 }", True),
        ("{ $.bytes = 42.0 }", True),
        ('{ $.bytes = "42" }', True),
        ("{ $.bytes = 4.2e1 }", True),
        ("{ $.bytes > 41 && $.bytes < 43 }", True),
        ("{ $.bytes >= 42 && $.bytes <= 42 }", True),
        ("{ $.bytes > 42 }", False),
        ("{ $.bytes > -1e3 }", True),
        ("{ $.ratio > 2 }", True),
        ("{ $.count > 6 }", True),
        ("{ $.count = 7 }", True),
        ("{ $.eventName > 1 }", False),
        ("{ $.readOnly < 1 }", False),
        ("{ $.user = * }", False),
        ("{ $.user != x }", False),
        ("{ $.tags = red }", False),
        ("{ $.tags[0] = red }", True),
        ("{ $.tags[2] = red }", False),
        ("{ $.tags[*] = green }", True),
        ("{ $.tags[*] = blue }", False),
        ("{ $.users[*].name = bob }", True),
        ("{ $.users[1].id = 2 }", True),
        ("{ $.user.* = dash }", True),
        ("{ $.user.a-b = dash }", True),
        ("{ $['odd name'] = x }", True),
        ("{ $.['odd name'] = x }", True),
        ('{ $.["user"].id = 1 }', True),
        ("{ $.eventName.inner = x }", False),
        ("{ $.eventSource = %^cloud[a-z]+\\.amazon% }", True),
        ("{ $.eventSource = %^amazon% }", False),
        ("{ $.eventSource != %^amazon% }", True),
        ("{ ($.eventName = A) || ($.eventName = UpdateTrail) }", True),
        ("{ $.eventName = A || $.eventName = UpdateTrail && $.bytes = 1 }", False),
        ("{ ($.eventName = A || $.eventName = UpdateTrail) && $.bytes = 42 }", True),
        ("{ $.eventName = UpdateTrail || $.eventName = A && $.bytes = 1 }", True),
    ],
)
def test_json_patterns(pattern: str, expected: bool) -> None:
    assert matches(pattern, RECORD) is expected


def test_a_missing_property_differs_where_that_is_wanted() -> None:
    assert matches("{ $.missing != x }", RECORD, absent_differs=True)
    assert not matches("{ $.eventName != UpdateTrail }", RECORD, absent_differs=True)
    assert not matches("{ $.missing != x }", "no json", absent_differs=True)


@pytest.mark.parametrize("message", ["no json", "", '{"a":', "[" * 100_000, "\ud800", "nan"])
def test_what_is_no_json_matches_no_json_pattern(message: str) -> None:
    assert not matches("{ $.a = * }", message)
    assert not matches("{ $.a NOT EXISTS }", message)


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        (" ", "", True),
        ("ERROR", "[ERROR 401] UNAUTHORIZED", True),
        ("error", "[ERROR 401] UNAUTHORIZED", False),
        ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
        ("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED", False),
        ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
        ('"INTERNAL ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", False),
        ("?ERROR ?WARN", "WARN: slow", True),
        ("?ERROR ?WARN", "INFO: fine", False),
        ("?ERROR ?WARN 401", "401 fine", True),
        ("?ERROR ?WARN -401", "402 fine", True),
        ("?ERROR ?WARN -401", "ERROR 401", False),
        ("ERROR -EXITING", "ERROR: EXITING", False),
        ("ERROR -EXITING", "ERROR: going on", True),
        ("-EXITING", "going on", True),
        ('ERROR -"timed out"', "ERROR: it timed out", False),
        (r'"a \"b\" c"', 'x a "b" c', True),
        (r"%AUTHORIZED|40[13]%", "code 403", True),
        (r"%^40[13]%", "code 403", False),
        (r"-%\d{3}%", "code 403", False),
        (r"%\x28x\x29%", "f(x)", True),
    ],
)
def test_unstructured_patterns(pattern: str, message: str, expected: bool) -> None:
    assert matches(pattern, message) is expected


ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ip, identity, user_id, timestamp, request, status_code, bytes]", True),
        ("[ip, identity, user_id, timestamp, request, status_code]", True),
        ("[ip, identity, user_id, timestamp, request, status_code = 404]", False),
        ('[ip, identity, user_id, timestamp, request, status_code = "404 1534"]', True),
        ("[1st, 2nd = -, ...]", True),
        ("[ip, identity, user_id, timestamp, request, status_code, bytes, more]", False),
        ("[ip=%127\\.0\\.0\\.[1-9]%, ...]", True),
        ("[..., status_code=404, bytes]", True),
        ("[..., status_code=4*, bytes>1000]", True),
        ("[..., status_code=4* && status_code!=404, bytes]", False),
        ("[..., status_code=200 || status_code=404, bytes]", True),
        ('[..., request="GET *", status_code, bytes]', True),
        ("[..., request=*.html*, status_code, bytes]", False),
        ("[ip, ..., bytes>2000]", False),
        ("[...]", True),
        ("[ip, ..., user_id=frank, ..., bytes=1534]", True),
        ("[ip, , user_id, ...]", True),
    ],
)
def test_delimited_patterns(pattern: str, expected: bool) -> None:
    assert matches(pattern, ACCESS) is expected


def test_what_a_test_of_a_filter_tells() -> None:
    pattern = compile_pattern("[ip, identity, user_id, timestamp, request, status_code, bytes > 1000]")
    assert pattern.extracted(Message(ACCESS)) == {
        "$ip": "127.0.0.1",
        "$identity": "-",
        "$user_id": "frank",
        "$timestamp": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /apache_pb.gif HTTP/1.0",
        "$status_code": "404",
        "$bytes": "1534",
    }
    assert pattern.value(Message(ACCESS), "$bytes") == "1534"
    assert "$bytes" in pattern.selectors
    found = compile_pattern('{ $.eventName = "Update*" && $.readOnly IS FALSE && $.user NOT EXISTS }')
    assert found.selectors == {"$.eventName", "$.readOnly", "$.user"}
    assert found.extracted(Message(json.dumps(RECORD))) == {"$.eventName": "UpdateTrail", "$.readOnly": "false"}
    assert found.value(Message(json.dumps(RECORD)), "$.bytes") == 42


@pytest.mark.parametrize(
    ("pattern", "why", "character"),
    [
        ("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'", 9),
        ("[a, b", "If a filter pattern starts with '[' it must end with ']'", 5),
        ("{", "must end with", 1),
        ("{}", "a condition is missing", 2),
        ("{ $.a }", "an operator is missing after $.a", 7),
        ("{ $.a = }", "a value is missing after =", 9),
        ("{ $.a EXISTS }", "an operator is missing", 7),
        ("{ $.a IS NOT NULL }", "an operator is missing", 7),
        ("{ $.a IS NULLABLE }", "an operator is missing", 7),
        ("{ $.a == 1 }", "a value is missing", 8),
        ("{ a = 1 }", "a selector begins with '$'", 3),
        ("{ $ = 1 }", "a selector names a property", 4),
        ("{ $. = 1 }", "a property's name is missing", 5),
        ("{ $.a[x] = 1 }", "an index", 7),
        ("{ $.a[1 = 1 }", "a bracket is not closed", 6),
        ("{ $.a > abc }", "> compares with numbers", 9),
        ('{ $.a > "1" }', "Invalid character(s) in term '\"1\"'", 9),
        ('{ $.a = "x", $.b = 1 }', "Invalid character(s) in term ','", 12),
        ('{ $."a-b" = 5* }', "Invalid character(s) in term '$.\"'", 5),
        ("?Status: timeout", "Invalid character(s) in term ':'", 8),
        ("\u0663[", "Invalid character(s) in term '['", 2),
        ("{ $.a > \u0663 }", "> compares with numbers", 9),
        ("{ $.a = %a{500}b{500}c% }", "repeats too much", 9),
        ("{ $.a = %\\\u00e9% }", "Invalid character(s) in term", 10),
        ("{ $.a > %1% }", "> compares with numbers", 9),
        ('{ $.a = "x }', "a quotation mark is not closed", 9),
        ("{ ($.a = 1 }", "')' is missing", 12),
        ("{ $.a = 1) }", "'&&' or '||' is missing", 10),
        ("{ $.a = 1 & $.b = 1 }", "'&&' or '||' is missing", 11),
        ("{ $.a = 1 && }", "a condition is missing", 14),
        ("{ $.a[*].b[*] = 1 }", "one wildcard", 3),
        ("{ $.a.* = 1 && $.b.* = 1 && $.c.* = 1 && $.d.* = 1 }", "3 selectors with wildcards", 1),
        ("{ $.a = %x% && $.b = %y% && $.c = %z% }", "2 regular expressions", 1),
        ("{ $.a = %x }", "a regular expression is not closed", 9),
        ("{ $.a = %% }", "a regular expression is empty", 9),
        ("{ $.a = %(x)% }", "Invalid character(s) in term '(x)'", 10),
        ("{ $.a = %x!% }", "Invalid character(s) in term 'x!'", 11),
        ("{ $.a = %[% }", "is no regular expression", 9),
        ("{ $.a = %a**% }", "is no regular expression", 9),
        ("my.term", "Invalid character(s) in term '.'", 3),
        ("ERROR 4*", "Invalid character(s) in term '*'", 8),
        ('"open', "a quotation mark is not closed", 1),
        ('"a""b"', "a space is missing", 4),
        ("-", "a term is missing", 2),
        ("[a b]", "an operator is missing after a", 4),
        ("[a, a]", "two fields have the same name", 1),
        ("[a = 1 && b = 2]", "a condition of another field than a", 11),
        ("[=404]", "a field's name is missing", 2),
        ("x" * 1025, "too long", 1025),
        ("{ " + "(" * 51 + "$.a = 1" + ")" * 51 + " }", "more than 50 parentheses", 54),
    ],
)
def test_what_is_no_pattern_is_refused_with_the_place(pattern: str, why: str, character: int) -> None:
    with pytest.raises(AwsError) as refused:
        compile_pattern(pattern)
    assert refused.value.code == "InvalidParameterException"
    assert why in refused.value.message
    assert refused.value.message.endswith(f"(at character {character})")


@pytest.mark.parametrize("text", ["$.a", "$.a.b[0]['c d'].*", "$['x']"])
def test_a_selector_stands_alone(text: str) -> None:
    assert parse_selector(text).text == text


@pytest.mark.parametrize("text", ["", "$", "1", "$.a b", "$.a = 1", "$name"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(AwsError):
        parse_selector(text)


@settings(deadline=None, max_examples=600)
@given(
    st.text(alphabet='{}[]()$.*"%=!<>&|?-\\ abN0,', max_size=40) | st.text(max_size=60),
    st.text(max_size=40),
)
def test_any_text_is_a_pattern_or_refused_as_one(text: str, message: str) -> None:
    try:
        pattern = compile_pattern(text)
    except AwsError as error:
        assert error.code == "InvalidParameterException"
        return
    pattern.matches(Message(message))
    pattern.extracted(Message(message))


FUNCTION = "2015-01-13T02:28:53.213Z c342155b-1ec0-11e5-b0e2-f317438eb2f6 "


@pytest.mark.parametrize(
    "event", ["Hello World", '{ "key1": 100, "key2": [1, 2] }', "[x] y", '"quoted" and more', "one"]
)
def test_the_last_field_has_what_is_left(event: str) -> None:
    """As in AWS's own example of what a function logs, sent on by a subscription."""
    pattern = compile_pattern('[timestamp=*Z, request_id="*-*", event]')
    assert pattern.extracted(Message(FUNCTION + event + "\n")) == {
        "$timestamp": "2015-01-13T02:28:53.213Z",
        "$request_id": "c342155b-1ec0-11e5-b0e2-f317438eb2f6",
        "$event": event,
    }
    assert not pattern.matches(Message(FUNCTION))
    assert not pattern.matches(Message(f"START RequestId: {event}"))


def test_the_first_word_of_a_line() -> None:
    """The guide's lines and patterns."""
    line = "ERROR 09/25/2014 12:00:02 Failed to process request"
    assert matches("[w1=ERROR, w2]", line)
    assert matches("[w1=ERROR || w1=WARNING, w2]", line)
    assert not matches("[w1!=ERROR && w1!=WARNING, w2]", line)
    assert not matches("[w1=ERROR]", line)


@pytest.mark.parametrize(
    "message",
    [
        '{"agent": "\\ud800", "name": "DeleteTrail"}',
        '{"size": 1e999, "name": "DeleteTrail"}',
        '{"name": "DeleteTrail", "agent": "\ud800"}',
    ],
)
def test_no_record_escapes_by_what_a_strict_reader_refuses(message: str) -> None:
    pattern = compile_pattern("{ $.name = %^Delete% }")
    assert pattern.matches(Message(message))
    shown = compile_pattern("{ $.agent = * }").extracted(Message(message))
    assert all(value.encode() for value in shown.values())


def test_half_a_character_is_sought_in_vain() -> None:
    assert matches("%x$%", "\ud800x")
    assert not matches("%y%", "\ud800x")


def test_a_pattern_that_would_take_ages_with_backtracking_does_not() -> None:
    pattern = compile_pattern("%" + "a*" * 200 + "b%")
    assert not pattern.matches(Message("a" * 200_000))
    stars = compile_pattern("{ $.a = " + "*a" * 200 + "*b }")
    assert not stars.matches(Message(json.dumps({"a": "a" * 200_000})))
    rests = compile_pattern("[" + "..., x = 1, ".replace("x", "x0") + "..., y = 2, ..., z = 3]")
    assert not rests.matches(Message("1 2 " * 2_000))
    nearly = compile_pattern("[..., " + "".join(f"f{number} = x, " for number in range(80)) + "y = 1, ...]")
    assert not nearly.matches(Message("x " * 100_000))
    for opened in "[", '"':
        assert matches("[a, ..., b = z]", f"{opened} " * 100_000 + "z")
