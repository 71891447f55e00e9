"""`numeric`: a number of some size (spec 9.1)."""

from __future__ import annotations

import math

from cairn.eventbridge.patterns.conditions import Number, Range
from cairn.eventbridge.patterns.numbers import NUMBER_MAX, comparable
from cairn.eventbridge.patterns.tokens import Token, Tokens

TOO_MANY = "Too many elements in numeric expression"
"""AWS says so of `anything-but` too."""


def numeric(tokens: Tokens) -> Number | Range:
    """The value of `numeric`, and the brace after it."""
    if tokens.next() is not Token.ARRAY:
        raise tokens.error("Value of numeric must be an array.")
    token = tokens.next()
    if token is not Token.STRING:
        raise tokens.error(f"Invalid member in numeric match: {_shown(tokens, token)}")
    operator = tokens.string()
    if operator not in ("=", "<", "<=", ">", ">="):
        tokens.next()
        raise tokens.error(f"Unrecognized numeric range operator: {operator}")
    condition = _numeric_range(tokens, operator)
    tokens.close(TOO_MANY)
    return condition


def _numeric_range(tokens: Tokens, operator: str) -> Number | Range:
    """What follows the first operator, to the end of the array."""
    text = _operand(tokens, "equals" if operator == "=" else operator)
    token = tokens.next()
    if operator in (">", ">=") and token is not Token.ARRAY_END:
        return _second_bound(tokens, token, operator, text)
    if token is not Token.ARRAY_END:
        raise tokens.error(TOO_MANY)
    value = compared(tokens, text)
    if operator == "=":
        return Number(value)
    if operator in ("<", "<="):
        return Range(-NUMBER_MAX, value if operator == "<=" else math.nextafter(value, -math.inf))
    return Range(value if operator == ">=" else math.nextafter(value, math.inf), NUMBER_MAX)


def _second_bound(tokens: Tokens, token: Token, first: str, bottom: str) -> Number | Range:
    """The upper end of a range, whose first token is `token`."""
    if token is not Token.STRING:
        raise tokens.error(f"Bad value in numeric range: {_shown(tokens, token)}")
    operator = tokens.string()
    if operator not in ("<", "<="):
        raise tokens.error(f"Bad numeric range operator: {operator}")
    top = _operand(tokens, operator)
    if tokens.next() is not Token.ARRAY_END:
        raise tokens.error("Too many terms in numeric range expression")
    low, high = compared(tokens, bottom), compared(tokens, top)
    if low >= high:
        raise tokens.error("Bottom must be less than top")
    return Range(
        low if first == ">=" else math.nextafter(low, math.inf),
        high if operator == "<=" else math.nextafter(high, -math.inf),
    )


def _operand(tokens: Tokens, operator: str) -> str:
    if tokens.next() is not Token.NUMBER:
        raise tokens.error(f"Value of {operator} must be numeric")
    return tokens.number()


def compared(tokens: Tokens, text: str) -> float:
    """The value of a number that is compared by size.

    Raises:
        InvalidEventPattern: it cannot be.
    """
    try:
        return comparable(text)
    except ValueError as error:
        raise tokens.error(str(error)) from error


def _shown(tokens: Tokens, token: Token) -> str:
    if token is Token.STRING:
        return tokens.string()
    return tokens.number() if token is Token.NUMBER else token.value
