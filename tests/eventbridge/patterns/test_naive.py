"""Rules compiled together against each evaluated by itself, naively."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.eventbridge.patterns import naive

from cairn.eventbridge.patterns import InvalidEventPattern, compile_rules, parse_pattern

TEXTS = st.text("abA", max_size=4) | st.sampled_from(["10.0.0.7", "10.0.1.7", "2001:db8::1", "2001:db8:1::", "*", "\\"])
NUMBERS = st.integers(-2, 3) | st.sampled_from([0.5, 1.0, 2.0, -1.25, 5e9, 5_000_000_001, 123456789012])
SCALARS = TEXTS | NUMBERS | st.booleans() | st.none()
NAMES = st.sampled_from(["a", "b", "c", "a.b", "b-c"])
WILDCARDS = (
    st.lists(st.sampled_from(["", "a", "b", "ab", "\\*"]), min_size=1, max_size=3)
    .map("*".join)
    .filter(lambda text: "**" not in text)
)
ENDS = st.text("abA", max_size=3)


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=1, max_size=3)


@st.composite
def _numeric(draw: st.DrawFn) -> list[Any]:
    bounds = st.integers(-2, 3) | st.sampled_from([0.5, 1.0, 5e9, -5e9])
    low, high = draw(bounds), draw(bounds)
    if low < high and draw(st.booleans()):
        return [draw(st.sampled_from([">", ">="])), low, draw(st.sampled_from(["<", "<="])), high]
    return [draw(st.sampled_from(["=", "<", "<=", ">", ">="])), low]


EXPRESSIONS = st.one_of(
    st.fixed_dictionaries({"prefix": ENDS | st.fixed_dictionaries({"equals-ignore-case": ENDS})}),
    st.fixed_dictionaries({"suffix": ENDS | st.fixed_dictionaries({"equals-ignore-case": ENDS})}),
    st.fixed_dictionaries({"equals-ignore-case": ENDS}),
    st.fixed_dictionaries({"wildcard": WILDCARDS}),
    st.fixed_dictionaries({"numeric": _numeric()}),
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.fixed_dictionaries({"cidr": st.sampled_from(["10.0.0.0/24", "10.0.0.9/8", "2001:db8::/32", "2001:db8::2/16"])}),
    st.fixed_dictionaries({"anything-but": _some(TEXTS) | _some(st.integers(-2, 3))}),
    st.fixed_dictionaries(
        {
            "anything-but": st.fixed_dictionaries({"prefix": _some(ENDS.filter(bool))})
            | st.fixed_dictionaries({"suffix": _some(ENDS.filter(bool))})
            | st.fixed_dictionaries({"equals-ignore-case": _some(ENDS)})
            | st.fixed_dictionaries({"wildcard": _some(WILDCARDS)})
        }
    ),
)
ALTERNATIVES = st.lists(SCALARS | EXPRESSIONS, min_size=1, max_size=3)


def _with_or(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(NAMES, inner | ALTERNATIVES, min_size=1, max_size=3)
    arms = st.lists(st.dictionaries(NAMES, ALTERNATIVES, min_size=1, max_size=2), min_size=2, max_size=3)
    return fields | st.builds(lambda one, two: {**one, "$or": two}, fields, arms)


PATTERNS = _with_or(st.recursive(st.dictionaries(NAMES, ALTERNATIVES, min_size=1, max_size=2), _with_or, max_leaves=3))
EVENTS = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)


@st.composite
def _cases(draw: st.DrawFn, rules_max: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Patterns, and an event that one of them matches rather often: it has what a branch of it wants."""
    patterns = draw(st.lists(PATTERNS, min_size=1, max_size=rules_max))
    event = draw(EVENTS)
    for path, alternatives in draw(st.sampled_from(naive.branches(draw(st.sampled_from(patterns)), "", [{}]))).items():
        if draw(st.integers(0, 7)):
            _put(draw, event, path.split("."), _witness(draw, draw(st.sampled_from(alternatives))))
    return patterns, event


def _put(draw: st.DrawFn, node: Any, parts: list[str], value: Any) -> None:
    """Put a value where a path leads, making objects, and arrays of objects, on the way."""
    if isinstance(node, list):
        if not node or not isinstance(node[0], dict | list) or not draw(st.integers(0, 3)):
            node.insert(draw(st.integers(0, len(node))), {})
        inside = [each for each in node if isinstance(each, dict | list)]
        return _put(draw, draw(st.sampled_from(inside)), parts, value)
    name, *rest = parts
    if not rest:
        old = node.get(name, [])
        node[name] = [*old, value] if isinstance(old, list) and draw(st.booleans()) else value
        return None
    if not isinstance(node.get(name), dict | list):
        node[name] = draw(st.sampled_from(({}, [], {}, [[]])))
        node[name] = json.loads(json.dumps(node[name]))
    return _put(draw, node[name], rest, value)


def _witness(draw: st.DrawFn, condition: Any) -> Any:
    """A value that meets a condition rather often."""
    if not isinstance(condition, dict):
        return condition
    ((operator, operand),) = condition.items()
    if operator == "numeric":
        return draw(st.sampled_from([operand[1], operand[-1], operand[1] + 0.25, operand[1] - 1]))
    if operator == "cidr":
        return draw(st.sampled_from(["10.0.0.7", "10.0.0.77", "2001:db8::1", "2001:db8::5"]))
    if operator in ("anything-but", "exists"):
        return draw(SCALARS)
    text = operand if isinstance(operand, str) else operand["equals-ignore-case"].swapcase()
    return {"prefix": text + "b", "suffix": "b" + text}.get(operator, text.replace("*", draw(ENDS)))


def _parsed(patterns: list[dict[str, Any]]) -> dict[int, Any]:
    """Those that are not too complex, by their places."""
    parsed = {}
    for number, pattern in enumerate(patterns):
        try:
            parsed[number] = parse_pattern(json.dumps(pattern))
        except InvalidEventPattern as error:
            assert "too complex" in error.reason
    return parsed


@settings(max_examples=120, deadline=None)
@given(case=_cases(4))
def test_many_rules_match_what_each_matches_by_itself(case: tuple[list[dict[str, Any]], dict[str, Any]]) -> None:
    patterns, event = case
    parsed = _parsed(patterns)
    matcher = compile_rules(parsed)
    expected = {number for number in parsed if naive.matches(patterns[number], event)}
    assert matcher.match(event) == expected
    assert matcher.match_text(json.dumps(event)) == expected


@settings(max_examples=40, deadline=None)
@given(case=_cases(5), changes=st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=6))
def test_rules_that_come_and_go_leave_nothing_behind(
    case: tuple[list[dict[str, Any]], dict[str, Any]], changes: list[tuple[bool, int]]
) -> None:
    patterns, event = case
    parsed = _parsed(patterns)
    matcher, left = compile_rules(parsed), dict(parsed)
    for comes, number in changes:
        if comes and number in parsed:
            matcher.add(number, parsed[number])
            left[number] = parsed[number]
        else:
            matcher.remove(number)
            left.pop(number, None)
        assert matcher.match(event) == {each for each in left if naive.matches(patterns[each], event)}
    for number in list(left):
        matcher.remove(number)
    assert (len(matcher), matcher.match(event)) == (0, set())
    assert not matcher._root.steps and not matcher._root.absent and not matcher._paths


_NARROW = st.sampled_from([[0], [1], [0, {"exists": False}], [{"exists": False}], [{"exists": True}]])
_IN_ARRAYS = st.dictionaries(
    st.sampled_from(["a.x", "a.y", "a.b.x", "a.b.y", "a.b.z", "a-x", "a", "z"]), _NARROW, min_size=2, max_size=4
)
_LEAVES = st.dictionaries(st.sampled_from("xyz"), st.sampled_from([0, 1, [0, 1]]), max_size=2)
_INNER = st.builds(lambda leaves, inner: leaves | {"b": inner}, _LEAVES, st.lists(_LEAVES, max_size=3)) | _LEAVES
_OUTER = st.lists(_INNER | st.lists(_INNER, max_size=2) | st.just(1), max_size=3) | _INNER
_ARRAYS = st.builds(
    lambda outer, more: {"a": outer} | more,
    _OUTER,
    st.dictionaries(
        st.sampled_from(["a.x", "a.b.y", "a.b", "a-x", "z"]), st.sampled_from([0, 1, [{"x": 1}]]), max_size=2
    ),
)


@settings(max_examples=400, deadline=None)
@given(patterns=st.lists(_IN_ARRAYS, min_size=2, max_size=8), event=_ARRAYS)
def test_fields_in_arrays_of_arrays(patterns: list[dict[str, Any]], event: dict[str, Any]) -> None:
    matcher = compile_rules(_parsed(patterns))
    assert matcher.match(event) == {number for number, each in enumerate(patterns) if naive.matches(each, event)}
