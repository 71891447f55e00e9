"""Patterns that are none, in the words of AWS's engine; limits; and any text at all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cairn.eventbridge.patterns import (
    PATTERN_CHARACTERS_MAX,
    InvalidEventPattern,
    compile_rules,
    complexity,
    event_patterns,
    parse_pattern,
)
from cairn.eventbridge.patterns.complexity import too_complex
from cairn.eventbridge.patterns.conditions import Condition, Wildcard
from cairn.eventbridge.patterns.tokens import NESTING_MAX


def _reason(text: str) -> str:
    with pytest.raises(InvalidEventPattern) as refused:
        parse_pattern(text)
    assert refused.value.message == f"Event pattern is not valid. Reason: {refused.value.reason}"
    return refused.value.reason


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "Empty objects are not allowed"),
        ('{"a": {}}', "Empty objects are not allowed"),
        ("", "Filter is not an object"),
        ('{"a": null}', '"a" must be an object or an array'),
        ('{"a": [["b"]]}', "Match value must be String, number, true, false, or null"),
        ('{"a": [{}]}', "Match expression name not found"),
        ('{"a": [{"contains": "b"}]}', "Unrecognized match type contains"),
        ('{"a": [{"prefix": "b", "suffix": "c"}]}', "Only one key allowed in match expression"),
        ('{"a": [{"prefix": {"suffix": "b"}}]}', "Unsupported prefix pattern: suffix"),
        ('{"a": [{"suffix": {}}]}', "Suffix expression name not found"),
        ('{"a": [{"exists": "true"}]}', "exists match pattern must be either true or false."),
        ('{"a": [{"numeric": []}]}', "Invalid member in numeric match: ]"),
        ('{"a": [{"numeric": [5]}]}', "Invalid member in numeric match: 5"),
        ('{"a": [{"numeric": ["!=", 5]}]}', "Unrecognized numeric range operator: !="),
        ('{"a": [{"numeric": ["=", "5"]}]}', "Value of equals must be numeric"),
        ('{"a": [{"numeric": ["<", 5, ">", 2]}]}', "Too many elements in numeric expression"),
        ('{"a": [{"numeric": [">", 5, 6]}]}', "Bad value in numeric range: 6"),
        ('{"a": [{"numeric": [">", 5, "<", 6, 7]}]}', "Too many terms in numeric range expression"),
        ('{"a": [{"numeric": [">", 6, "<", 6]}]}', "Bottom must be less than top"),
        ('{"a": [{"numeric": ["=", 5000000001]}]}', "Value must be between -5.0E9 and 5.0E9, inclusive"),
        ('{"a": [{"numeric": ["<", -5e99999]}]}', "Value must be between -5.0E9 and 5.0E9, inclusive"),
        ('{"a": [{"numeric": ["=", 1e99999999999999999999]}]}', "Value must be between -5.0E9 and 5.0E9, inclusive"),
        ('{"a": [{"numeric": ["=", 1e-99999999999999999999]}]}', "Value must be between -5.0E9 and 5.0E9, inclusive"),
        ('{"a": [{"numeric": ["=", 0.1234567]}]}', "Only values upto 6 decimals are supported"),
        ('{"a": [{"anything-but": {"exists": true}}]}', "Unsupported anything-but pattern: exists"),
        ('{"a": [{"anything-but": {}}]}', "Anything-But expression name not found"),
        ('{"a": [{"anything-but": true}]}', "Value of anything-but must be an array or single string/number value."),
        (
            '{"a": [{"anything-but": ["b", 1]}]}',
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (
            '{"a": [{"anything-but": []}]}',
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        ('{"a": [{"wildcard": "b\\\\c"}]}', "Invalid escape character at pos 2"),
        ('{"a": [{"wildcard": "é**"}]}', "Consecutive wildcard characters at pos 3"),
        ('{"a": [{"anything-but": {"wildcard": "b**"}}]}', "Consecutive wildcard characters at pos 2"),
        (
            '{"a": [{"anything-but": {"wildcard": ["b**", "c"]}}]}',
            'Consecutive wildcard characters at pos 2\n at [Source: (String)"'
            '{"a": [{"anything-but": {"wildcard": ["b**", "c"]}}]}"; line: 1, column: 50]',
        ),
        ('{"$or": 1}', "It must be an Array followed with $or."),
        ('{"$or": [1, {"a": ["b"]}]}', "Only JSON object is allowed in array of $or relationship."),
        ('{"$or": [{"a": ["b"]}]}', "There must have at least 2 Objects in $or relationship."),
        (
            '{"$or": [{"numeric": ["b"]}, {"a": ["b"]}]}',
            "numeric is Ruler reserved fieldName which cannot be used inside $or.",
        ),
        (
            '{"a": ["b"]',
            'Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)"',
        ),
        ('{"a": ["b', "Unexpected end-of-input: was expecting closing quote for a string value"),
        ('{"a', "Unexpected end-of-input in field name"),
        ('{"a": ["b"],}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name"),
        ('{"a" ["b"]}', "Unexpected character ('[' (code 91)): was expecting a colon to separate field name and value"),
        ('{"a": ["b" "c"]}', "Unexpected character ('\"' (code 34)): was expecting comma to separate Array entries"),
        ('{"a": ["b"}', "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\""),
        ('{"a": ["\\x"]}', "Unrecognized character escape 'x' (code 120)"),
        ('{"a": ["\n"]}', "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash"),
        ('{"a": [01]}', "Invalid numeric value: Leading zeroes not allowed"),
        ('{"a": [1.]}', "Unexpected character (']' (code 93)) in numeric value: Decimal point not followed by a digit"),
        ('{"a": [truth]}', "Unrecognized token 'truth': was expecting (JSON String, Number, Array, Object or token"),
    ],
)
def test_refusals(text: str, why: str) -> None:
    assert _reason(text).startswith(why)


@pytest.mark.parametrize(
    ("cidr", "why"),
    [
        ("10.0.0.0", "Malformed CIDR, one '/' required"),
        ("10.0.0.0/8/8", "Malformed CIDR, one '/' required"),
        ("10.0.0.0/x", "Malformed CIDR, mask bits must be an integer"),
        ("10.0.0.0/-1", "Malformed CIDR, mask bits must not be negative"),
        ("10.0.0.0/32", "IPv4 mask bits must be < 32"),
        ("2001:db8::/128", "IPv6 mask bits must be < 128"),
        ("10.0.0/8", "Nonstandard IP address: 10.0.0"),
        ("10.0.0.256/8", "Invalid IP address: 10.0.0.256"),
    ],
)
def test_blocks_are_refused_without_a_place(cidr: str, why: str) -> None:
    assert _reason(json.dumps({"a": [{"cidr": cidr}]})) == why


def test_places_count_lines_and_utf_16_units() -> None:
    assert _reason('{\n "🚀": \r\n\t5}').endswith("; line: 3, column: 3]")
    assert _reason('{"🚀": 5}').endswith("; line: 1, column: 9]")


def test_an_error_repeats_no_more_than_500_characters() -> None:
    text = '{"a": ["' + "b" * 600 + '"], "c": 1}'
    assert f'(String)"{text[:500]}"[truncated {len(text) - 500} chars]; line: 1' in _reason(text)


def test_a_field_may_be_named_or_where_that_is_no_alternative() -> None:
    matcher = compile_rules(
        {
            "object": parse_pattern('{"$or": {"a": ["b"]}}'),
            "array": parse_pattern('{"$or": ["b", {"prefix": "c"}]}'),
            "one": parse_pattern('{"$or": [{"prefix": "c"}]}'),
        }
    )
    assert matcher.match({"$or": {"a": "b"}}) == {"object"}
    assert matcher.match({"$or": "cc"}) == {"array", "one"}


def test_combinations_of_alternatives_are_limited() -> None:
    arms = json.dumps([{"a": [str(number)]} for number in range(10)])
    nested = f'{{"$or": {arms}, "b": {{"$or": {arms}}}, "c": {{"$or": {arms}}}'
    assert len(parse_pattern(nested + "}").branches) == 1000
    two = '[{"a": [1]}, {"a": [2]}]'
    assert "1000 combinations" in _reason(nested + f', "d": {{"$or": {two}}}}}')


def test_a_pattern_is_limited_in_length_and_depth() -> None:
    frame = len('{"a": [""]}')
    assert parse_pattern('{"a": ["' + "b" * (PATTERN_CHARACTERS_MAX - frame) + '"]}')
    assert "longer than" in _reason('{"a": ["' + "b" * (PATTERN_CHARACTERS_MAX - frame + 1) + '"]}')
    deep = NESTING_MAX - 1
    assert parse_pattern('{"a":' * deep + "[1]" + "}" * deep)
    assert "nesting depth" in _reason('{"a":' * (deep + 1) + "[1]" + "}" * (deep + 1))


@pytest.mark.parametrize(
    ("wildcards", "refused"),
    [
        (["*:*:*:*:*:event-bus/*"], True),  # as AWS was recorded
        (["/Users/*/dir/dir/dir/dir/dir/doc.txt"], False),  # as AWS was recorded
        (["*:stack/network/*", "*:stack/database/*", "*:stack/service/*"], False),  # as users report, and the next
        (["*:stack/network/*", "*:stack/database/*", "*:stack/service/*", "*:stack/monitoring/*"], True),
        (["*.bif", "*.tiff", "*.tif", "*.svs"], False),  # so too, with the next two
        (["*/datasync/*.bif", "*/datasync/*.tif"], False),
        (["*/datasync/*.bif", "*/datasync/*.tiff", "*/datasync/*.tif", "*/datasync/*.svs"], True),
        (["*aaaaaaaa"], False),  # 9: the star, and 8 beginnings
        (["*aaaaaaaaa"], True),
        (["*:*:*:*:x*"], False),
    ],
)
def test_wildcards_are_refused_where_too_many_beginnings_fit(wildcards: list[str], refused: bool) -> None:
    text = json.dumps({"a": [{"wildcard": each} for each in wildcards]})
    if refused:
        assert "too complex" in _reason(text)
    else:
        parse_pattern(text)


def test_complexity_is_known_for_wildcards_as_long_as_a_pattern_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["".join(chr(0x4E00 + 1300 * which + place) for place in range(1300)) for which in range(3)]
    conditions: list[Condition] = [Wildcard(("", text, "")) for text in texts]
    assert not too_complex(conditions)
    monkeypatch.setattr(complexity, "PLACES_MAX", 1_000)
    assert too_complex(conditions)


_BITS = st.sampled_from(
    ['{', '}', '[', ']', ':', ',', '"', '"a"', '"$or"', '"prefix"', '"anything-but"', '"numeric"', '">"', '"wildcard"',
     '"exists"', '"cidr"', "true", "null", "1", "-", ".5", "e9", "\\", "*", " ", "\n", "\u00e9", "🚀", "10.0.0.0/8"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60) | st.lists(_BITS, max_size=30).map("".join))
@example(text="[" * 4000)
@example(text='{"a":' * 800)
@example(text='{"a": ["\\ud800"]}')
@example(text='{"a": [' + "9" * 4000 + "]}")
@example(text='{"a": [1e9999, -1e-9999]}')
def test_any_text_is_a_pattern_or_is_refused(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except InvalidEventPattern as refused:
        assert refused.reason
    else:
        assert pattern.branches
        compile_rules({"": pattern}).match({"a": "b"})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=80, deadline=None)
@given(value=_JSON, spaced=st.booleans())
def test_what_is_json_is_never_refused_for_not_being_it(value: object, spaced: bool) -> None:
    text = json.dumps(value, ensure_ascii=spaced, indent=1 if spaced else None)
    try:
        parse_pattern(text)
    except InvalidEventPattern as refused:
        assert "Unexpected" not in refused.reason.partition("\n")[0] or "Unexpected" in text
        assert not refused.reason.startswith(("Unrecognized token", "Illegal", "Invalid numeric"))


def test_combinations_have_so_many_fields() -> None:
    """A pattern of 4,000 characters would otherwise be a quarter of a million fields, and 200 MB."""
    arms = json.dumps([{f"a{number}": ["x"]} for number in range(31)])
    fields = ",".join(f'"k{number}":["x"]' for number in range(150))
    assert len(parse_pattern(f'{{"$or":{arms},"b":{{"$or":{arms}}}}}').branches) == 961
    reason = _reason(f'{{{fields},"$or":{arms},"b":{{"$or":{arms}}}}}')
    assert reason == "Rule has more than 10000 fields in its combinations of $or conditions"


@pytest.mark.parametrize("text", ['{"a": [1\u0661]}', '{"a": [1.\u0661]}', '{"a": [1e\u0661]}'])
def test_digits_are_those_of_json(text: str) -> None:
    assert _reason(text).startswith("Unexpected character")


def test_the_patterns_of_the_guide_are_some() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "event-patterns.md").read_text()
    event, *patterns = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    matched = [event_patterns.test(pattern, event) for pattern in patterns]
    assert len(matched) == 5 and matched.count(True) == 1
