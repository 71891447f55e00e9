"""Targets' inputs, beside what was recorded of AWS."""

from __future__ import annotations

import json
import re
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.eventbridge.event import BusEvent, envelope
from cairn.eventbridge.inputs import InputTooLarge, check, is_sound, payload
from cairn.eventbridge.inputs.paths import Document, InvalidPath, parse_path
from cairn.eventbridge.inputs.template import RESERVED, bare, read_template
from cairn.eventbridge.rules.target import Target

GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/events/all"
RULE = {"rule_arn": "arn:aws:events:us-east-1:111122223333:rule/r", "rule_name": "r", "ingested": 1_700_000_000.0}


def event(detail: str) -> BusEvent:
    fields = {"id": "e", "source": "shop", "account": "111122223333", "region": "us-east-1"}
    text = envelope(detail_type="kind", time="2026-11-28T12:00:00Z", resources=[], detail=detail.encode(), **fields)
    return BusEvent(detail_type="kind", envelope=text, **fields)


def target(settings: dict[str, Any]) -> Target:
    return Target(id="t", arn="arn:aws:sqs:us-east-1:111122223333:q", settings=settings)


def template(text: str, **paths: str) -> dict[str, Any]:
    return {"InputTransformer": {"InputPathsMap": paths, "InputTemplate": text}}


def sent(settings: dict[str, Any], detail: str = "{}") -> str:
    return payload(target(settings), event(detail), **RULE).decode()


def test_a_constant_is_sent_as_it_was_put() -> None:
    assert sent({"Input": ' {"a": 1} '}) == ' {"a": 1} '


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.detail.n", "1.10"),
        ("$.detail.big", "123456789012345678901234567890"),
        ("$.detail.list[1].a", '"y"'),
        ("$.detail.list[*].a", '["x","y"]'),
        ("$.detail.list[*].b", "{}"),
        ("$.detail.list[2]", "{}"),
        ("$.detail.*", '[1.10,123456789012345678901234567890,[{"a":"x"},{"a":"y"}],null]'),
        ("$.detail.none", "null"),
        ("$.detail.n.deeper", "{}"),
        ("$.detail.aws:tag/x-1", "{}"),
        ("$.region", '"us-east-1"'),
    ],
)
def test_paths(path: str, found: str) -> None:
    detail = '{"n": 1.10, "big": 123456789012345678901234567890, "list": [{"a": "x"}, {"a": "y"}], "none": null}'
    assert check("t", {"InputPath": path}) == []
    assert sent({"InputPath": path}, detail) == found


@pytest.mark.parametrize(
    "path",
    [
        "",
        "detail",
        "$detail",
        "$.",
        "$..a",
        "$.detail['a']",
        '$["a"]',
        "$.a[",
        "$.a[x]",
        "$.a[?(@.b)]",
        "$.a b",
        "$.a[-1]",
    ],
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(InvalidPath):
        parse_path(path)
    assert check("t", {"InputPath": path}) == ["InputPath for target t is invalid."]
    assert check("t", template('"<v>"', v=path)) == ["InputPath for target t is invalid."]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("env:dev", "line: 1, column: 4"),
        ("{'db_name':1}", "line: 1, column: 3"),
        ('{"a":1} x', "line: 1, column: 10"),
        ('{"a":\n nul1}', "line: 2, column: 6"),
        ("", "line: 1, column: 2"),
    ],
)
def test_constants_that_are_no_json(text: str, place: str) -> None:
    assert check("t", {"Input": text}) == [
        f'JSON syntax error in input for target t: [Source: (String)"{text}"; {place}]'
    ]


@pytest.mark.parametrize("text", ["NaN", "[" * 8000, "1" * 8000, '{"a":-Infinity}'])
def test_constants_that_python_alone_would_take(text: str) -> None:
    [problem] = check("t", {"Input": text})
    assert problem.startswith("JSON syntax error in input for target t: ")


def test_templates_that_are_refused() -> None:
    said = 'Invalid InputTemplate for target t : [Source: (String)"instance null is up"; line: 1, column: 9].'
    assert check("t", template("instance <i> is up", i="$.id")) == [said]
    assert check("t", template("{<i>: 1}", i="$.id"))[0].startswith("Invalid InputTemplate for target t : ")
    only = "InputTemplate for target t contains placeholder aws.events.event.json valid only for JSON template."
    assert check("t", template('"<aws.events.event.json>"')) == [only]
    assert check("t", template("[<aws.events.event.json>]")) == [only]
    assert check("t", template(' {"e": <aws.events.event.json>}')) == []
    assert check("t", template('"<AWS>"', AWS="$.id")) == []


def test_log_groups_take_one_form() -> None:
    good = template('{"timestamp": <t>, "message": "<m> of <aws.events.rule-name>"}', t="$.time", m="$.source")
    assert check("t", good, arn=GROUP) == []
    assert check("t", {}, arn=GROUP) == []
    bad = template('"<m>"', m="$.source")
    assert check("t", bad, arn=GROUP) == ["Input for target t is not a valid JSON text."]
    for text in ('{"message": <m>}', '{"timestamp": <m>, "message": <m>, "more": 1}'):
        assert "must be of the form" in check("t", template(text, m="$.source"), arn=GROUP)[0]
    for name, value in (("Input", "{}"), ("InputPath", "$.detail")):
        assert check("t", {name: value}, arn=GROUP) == [f"Parameter(s) {name} not supported for target: t."]


def test_a_template_makes_a_bounded_text_of_a_large_event() -> None:
    """Half a megabyte two thousand times would be a gigabyte."""
    settings = template('"' + "<a>" * 2000 + '"', a="$.detail.a")
    large = json.dumps({"a": "x" * (1 << 19)})
    tracemalloc.start()
    with pytest.raises(InputTooLarge):
        sent(settings, large)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 << 20


def test_paths_to_every_element_of_a_large_event_end_somewhere() -> None:
    paths = {f"v{number}": f"$.detail.a[*].b[*].c{number}" for number in range(100)}
    settings = template('"' + "".join(f"<{name}>" for name in paths) + '"', **paths)
    assert sent(settings, '{"a":[{"b":[{"c1":"x"}]}]}') == '"[x]"'
    large = '{"a":[' + ",".join(['{"b":[1]}'] * 50_000) + "]}"
    with pytest.raises(InputTooLarge):
        sent(settings, large)


def test_quotes_in_quotes_are_unsound() -> None:
    settings = template('{"said": "<v>"}', v="$.detail.v")
    made = payload(target(settings), event('{"v": "a \\"b\\""}'), **RULE)
    assert made == b'{"said": "a "b""}'
    assert not is_sound(target(settings), made)


def test_a_backslash_hides_a_quote() -> None:
    settings = template('{"said": "\\"<v>\\" \\\\", "v": <v>}', v="$.detail.v")
    assert sent(settings, '{"v": "x"}') == '{"said":"\\"x\\" \\\\","v":"x"}'


# -- against a second, naive implementation ------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text('ab"\\<> é\n', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
steps = st.lists(st.sampled_from([".a", ".b", ".c", "[0]", "[1]", "[*]", ".*"]), max_size=4)


def naive_find(value: Any, path: list[str]) -> list[Any]:
    if not path:
        return [value]
    step, rest = path[0], path[1:]
    if step in ("[*]", ".*"):
        inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    elif step[0] == ".":
        inside = [value[step[1:]]] if isinstance(value, dict) and step[1:] in value else []
    else:
        index = int(step[1:-1])
        inside = [value[index]] if isinstance(value, list) and index < len(value) else []
    return [found for each in inside for found in naive_find(each, rest)]


@given(json_values, steps)
@settings(deadline=None)
def test_paths_find_what_a_naive_search_finds(value: Any, path: list[str]) -> None:
    found = naive_find(value, path)
    many = "[*]" in path or ".*" in path
    wanted = (found or None) if many else (found[0] if found else "nothing")
    got = Document(json.dumps(value).encode()).find(parse_path("$" + "".join(path)))
    assert (json.loads(got) if got is not None else None if many else "nothing") == wanted


def naive_fill(text: str, values: dict[str, Any]) -> str:
    """By regular expression: a variable is quoted unless only whole strings are before it."""

    def one(match: re.Match[str]) -> str:
        outside = re.fullmatch(r'(?:[^"]|"(?:\\.|[^"\\])*")*', text[: match.start()], flags=re.DOTALL)
        if outside:
            return json.dumps(values[match[1]], ensure_ascii=False, separators=(",", ":"))
        value = values[match[1]]
        if isinstance(value, str):
            return value
        if text.lstrip().startswith("{") or not isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return bare(json.dumps(value).encode()).decode()

    return re.sub(r"<([vw])>", one, text)


@given(
    st.lists(
        st.sampled_from(['"', '\\"', "\\\\", "<v>", "<w>", "<", ">", "x", " ", "\n", "{", "}", ":", ","]), max_size=12
    ).map("".join),
    json_values,
    json_values,
)
@settings(deadline=None)
def test_templates_fill_in_as_a_naive_one_does(text: str, v: Any, w: Any) -> None:
    values = {"v": v, "w": w}
    texts = {
        name: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() for name, value in values.items()
    }
    assert read_template(text).fill(texts.get).decode() == naive_fill(text, values)


@given(st.text(max_size=40) | st.text('{}[]":,<>vaws.ent01 \\', max_size=40), json_values)
@settings(max_examples=300, deadline=None)
def test_anything_is_refused_or_filled_in(text: str, value: Any) -> None:
    if not text:
        return
    settings = template(text, v="$.detail.v", **dict.fromkeys(("a", "w"), "$"))
    if check("t", settings) or check("t", settings, arn=GROUP):
        return
    made = payload(target(settings), event(json.dumps({"v": value})), **RULE)
    if is_sound(target(settings), made) and read_template(text).is_object:
        msgspec.json.decode(made)


@given(st.text(max_size=30))
@settings(deadline=None)
def test_paths_of_strangers(text: str) -> None:
    try:
        path = parse_path("$" + text)
    except InvalidPath:
        return
    assert Document(b'{"a":[{"b":1}],"c":"\\ud83d\\ude00"}').find(path) is None or "$" + text


def test_every_reserved_name_has_a_value() -> None:
    text = "{" + ",".join(f'"{name}": <{name}>' for name in sorted(RESERVED)) + "}"
    assert '""' not in sent(template(text))
