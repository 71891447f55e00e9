"""Expressions and conditions as text, each with what it comes to, worked out in plain Python: a second opinion."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Event = dict[str, Any]
Naive = tuple[str, Callable[[Event], Any]]
"""Text, and the value in an event."""

EVENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "a": st.integers(-5, 5),
            "b": st.one_of(st.integers(-3, 3), st.floats(-2, 2, width=16), st.sampled_from(["2", "-1.5", "x"])),
            "s": st.sampled_from(["red", "green", "blue", "Red", "", "7"]),
        },
    ),
    max_size=12,
)


def _get(name: str) -> Naive:
    return name, lambda event: event.get(name)


def _literal(value: int | str) -> Naive:
    return (repr(value) if isinstance(value, int) else f'"{value}"'), lambda event: value


def as_number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value


def _arithmetic(left: Naive, operator: str, right: Naive) -> Naive:
    def value(event: Event) -> Any:
        first, second = as_number(left[1](event)), as_number(right[1](event))
        if first is None or second is None:
            return None
        try:
            return {
                "+": lambda: first + second,
                "-": lambda: first - second,
                "*": lambda: first * second,
                "/": lambda: first / second,
                "%": lambda: math.fmod(first, second),
            }[operator]()
        except (ZeroDivisionError, ValueError):
            return None

    return f"({left[0]} {operator} {right[0]})", value


def _compare(left: Naive, operator: str, right: Naive) -> Naive:
    def value(event: Event) -> bool:
        first, second = left[1](event), right[1](event)
        if first is None or second is None:
            return operator == "!="
        numbers = as_number(first), as_number(second)
        if None not in numbers:
            first, second = numbers
        else:
            first, second = shown(first), shown(second)
        return {
            "=": first == second,
            "!=": first != second,
            "<": first < second,
            ">": first > second,
            "<=": first <= second,
            ">=": first >= second,
        }[operator]

    return f"{left[0]} {operator} {right[0]}", value


def shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _among(operand: Naive, items: list[str], negated: bool) -> Naive:
    text = f"{operand[0]} {'not ' if negated else ''}in [{', '.join(f'{item!r}' for item in items)}]"
    return text, lambda event: (any(_compare(operand, "=", _literal(i))[1](event) for i in items)) != negated


def _like(operand: Naive, part: str, negated: bool) -> Naive:
    def value(event: Event) -> bool:
        found = operand[1](event)
        return (found is not None and part in shown(found)) != negated

    return f"{operand[0]} {'not ' if negated else ''}like '{part}'", value


FIELDS = st.sampled_from("abs").map(_get)
VALUES = st.recursive(
    FIELDS | st.integers(0, 4).map(_literal),
    lambda inner: st.builds(_arithmetic, inner, st.sampled_from("+-*/%"), inner),
    max_leaves=4,
)
COMPARED = VALUES | st.sampled_from(["red", "blue", "2", ""]).map(_literal)
CONDITIONS = st.recursive(
    st.builds(_compare, VALUES, st.sampled_from(["=", "!=", "<", ">", "<=", ">="]), COMPARED)
    | st.builds(_among, FIELDS, st.lists(st.sampled_from(["red", "x", "2"]), max_size=3), st.booleans())
    | st.builds(_like, FIELDS, st.sampled_from(["re", "e", "2", "x"]), st.booleans())
    | FIELDS.map(lambda field: (f"ispresent({field[0]})", lambda event: field[1](event) is not None)),
    lambda inner: (
        st.builds(lambda x, y: (f"({x[0]} and {y[0]})", lambda e: x[1](e) and y[1](e)), inner, inner)
        | st.builds(lambda x, y: (f"({x[0]} or {y[0]})", lambda e: x[1](e) or y[1](e)), inner, inner)
        | inner.map(lambda x: (f"not ({x[0]})", lambda e: not x[1](e)))
    ),
    max_leaves=5,
)
