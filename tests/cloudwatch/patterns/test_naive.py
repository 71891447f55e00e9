"""Compiled patterns against a naive evaluation of what was meant, made from the same trees."""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.cloudwatch.patterns import Message, Pattern, PatternSet, compile_pattern

NAMES = ("a", "b", "c")
WORDS = ("x", "xy", "yx", "true", "7", "1.5")
MISSING = object()


@dataclass(frozen=True)
class Condition:
    """`path operator value`, or `path IS NULL` and its like."""

    path: tuple[str | int, ...]
    operator: str
    value: str
    quoted: bool

    def __str__(self) -> str:
        selector = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        if self.operator.isupper():
            return f"{selector} {self.operator}"
        return f"{selector} {self.operator} " + (f'"{self.value}"' if self.quoted else self.value)

    def holds(self, document: Any) -> bool:
        node = document
        for step in self.path:
            try:
                node = node[step] if isinstance(node, (list if isinstance(step, int) else dict)) else MISSING
            except (KeyError, IndexError):
                node = MISSING
        if self.operator == "NOT EXISTS":
            return node is MISSING
        if node is MISSING:
            return False
        if self.operator.startswith("IS"):
            return node is {"IS NULL": None, "IS TRUE": True, "IS FALSE": False}[self.operator]
        if isinstance(node, dict | list):
            return False
        if self.operator in ("=", "!="):
            return self._equal(node) == (self.operator == "=")
        number = as_number(node)
        value = float(self.value)
        return (
            number is not None
            and {
                "<": number < value,
                ">": number > value,
                "<=": number <= value,
                ">=": number >= value,
            }[self.operator]
        )

    def _equal(self, node: Any) -> bool:
        if node is None:
            return False
        if not self.quoted and as_number(self.value) is not None:
            return as_number(node) == as_number(self.value)
        text = node if isinstance(node, str) else json.dumps(node)
        return bool(re.fullmatch(fnmatch.translate(self.value), text))


def as_number(node: Any) -> float | None:
    if isinstance(node, bool) or node is None:
        return None
    if isinstance(node, str) and not re.fullmatch(r"-?\d+(\.\d+)?", node):
        return None
    return float(node)


@dataclass(frozen=True)
class Joined:
    operator: str
    parts: tuple[Any, ...]

    def __str__(self) -> str:
        return f" {self.operator} ".join(f"({part})" for part in self.parts)

    def holds(self, document: Any) -> bool:
        how = all if self.operator == "&&" else any
        return how(part.holds(document) for part in self.parts)


paths = st.lists(st.sampled_from(NAMES) | st.integers(0, 1), min_size=1, max_size=3).map(tuple)
conditions = st.one_of(
    st.builds(
        Condition,
        paths,
        st.sampled_from(["=", "!="]),
        st.sampled_from([*WORDS, "x*", "*y", "*x*", "x*y", "*"]),
        st.booleans(),
    ),
    st.builds(
        Condition, paths, st.sampled_from(["<", ">", "<=", ">="]), st.sampled_from(["7", "-2", "1.5"]), st.just(False)
    ),
    st.builds(
        Condition, paths, st.sampled_from(["IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS"]), st.just(""), st.just(False)
    ),
)
expressions = st.recursive(
    conditions,
    lambda parts: st.builds(Joined, st.sampled_from(["&&", "||"]), st.lists(parts, min_size=2, max_size=3).map(tuple)),
    max_leaves=6,
)
scalars = st.sampled_from([*WORDS, "xxy", "", None, True, False, 7, 1.5, -2, 0])
documents = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), scalars, max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(NAMES), scalars | inner | st.lists(inner | scalars, max_size=2), max_size=3
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=800)
@given(expressions, documents)
def test_json_patterns_hold_where_their_parts_do(expression: Any, document: Any) -> None:
    pattern = compile_pattern(f"{{ {expression} }}")
    assert pattern.matches(Message(json.dumps(document))) == expression.holds(document)


@settings(deadline=None, max_examples=300)
@given(st.lists(expressions, max_size=8), documents)
def test_many_patterns_together_match_as_each_by_itself(together: list[Any], document: Any) -> None:
    patterns = {number: compile_pattern(f"{{ {expression} }}") for number, expression in enumerate(together)}
    message = json.dumps(document)
    expected = [number for number, pattern in patterns.items() if pattern.matches(Message(message))]
    assert PatternSet(patterns).matching(Message(message)) == expected


def test_a_set_asks_only_patterns_that_can_match() -> None:
    """Of a hundred patterns of one service that has all the events, those with this event's name."""
    asked: list[int] = []

    def watched(number: int) -> Pattern:
        pattern = compile_pattern(
            f"{{ ($.eventSource = ec2.amazonaws.com) && (($.eventName = Do{number}) || ($.eventName = Undo{number})) }}"
        )

        def matches(message: Message) -> bool:
            asked.append(number)
            return pattern.matches(message)

        return Pattern(pattern.text, "json", matches, anchors=pattern.anchors)

    patterns = PatternSet({number: watched(number) for number in range(100)})
    event = json.dumps({"eventSource": "ec2.amazonaws.com", "eventName": "Undo7"})
    assert patterns.matching(Message(event)) == [7]
    assert asked == [7]


def test_a_set_does_not_ask_where_an_anchor_decides() -> None:
    text = "{ $.eventName = A || ($.eventName = B) || $.eventSource = s }"
    anchors, anchored = compile_pattern(text).anchors, compile_pattern(text).anchored
    unasked = Pattern(text, "json", lambda message: pytest.fail("asked"), anchors=anchors, anchored=anchored)
    patterns = PatternSet({"it": unasked})
    assert patterns.matching(Message('{"eventName": "B"}')) == ["it"]
    assert patterns.matching(Message('{"eventName": "C", "eventSource": "s"}')) == ["it"]
    assert patterns.matching(Message('{"eventName": "C"}')) == []
    assert not compile_pattern("{ $.eventName = A && $.eventSource = s }").anchored
    assert not compile_pattern("{ $.eventName = A || $.eventSource != s }").anchored


@pytest.mark.parametrize(
    "text",
    [
        "{ ($.s = a && $.n = x) || ($.s = a && $.n = y) }",
        "{ ($.s = a && $.n = x) || ($.n = y && $.s = a) || $.n = z }",
        "{ $.n = x || $.n != y }",
        "{ ($.n = x || $.s = a) && ($.n = y || $.s = b) }",
    ],
)
def test_anchors_of_alternatives_lose_no_match(text: str) -> None:
    pattern = compile_pattern(text)
    crowd = {number: compile_pattern(f"{{ $.s = a && $.n = other{number} }}") for number in range(5)}
    for source in "abc":
        for name in "xyz":
            event = json.dumps({"s": source, "n": name})
            found = PatternSet({"it": pattern, **crowd}).matching(Message(event))
            assert found == (["it"] if pattern.matches(Message(event)) else [])


fields = st.lists(st.sampled_from(["...", "1", "2", "any"]), min_size=1, max_size=5)


@settings(deadline=None, max_examples=500)
@given(fields, st.lists(st.sampled_from("123"), max_size=6))
def test_fields_are_placed_wherever_they_can_be(wanted: list[str], tokens: list[str]) -> None:
    named = [
        "..." if each == "..." else f"f{number}" if each == "any" else f"f{number} = {each}"
        for number, each in enumerate(wanted)
    ]
    pattern = compile_pattern(f"[{', '.join(named)}]")
    found = pattern.matches(Message(" ".join(tokens)))
    assert found == any(fits(wanted, tokens))
    if found:
        assert len(pattern.extracted(Message(" ".join(tokens)))) == len([each for each in wanted if each != "..."])


def fits(wanted: list[str], tokens: list[str]) -> Any:
    """Every way to spread the fields over the tokens, and whether it is one."""
    if "..." not in wanted:  # the last field has what is left
        last = len(wanted) - 1
        tokens = [*tokens[:last], " ".join(tokens[last:])] if len(tokens) > last else []
    single = [each for each in wanted if each != "..."]
    for chosen in combinations(range(len(tokens)), len(single)):
        text = "".join("r" if each == "..." else "f" for each in wanted)
        marks = "".join("f" if number in chosen else "s" for number in range(len(tokens)))
        shape = re.fullmatch(text.replace("r", "s*"), marks)
        values = all(each in ("any", tokens[at]) for each, at in zip(single, chosen, strict=True))
        yield bool(shape) and values
