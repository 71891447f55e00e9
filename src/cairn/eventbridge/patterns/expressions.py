"""Match expressions: an object that stands among a field's alternatives, as `{"prefix": "Delete"}` (spec 9.1).

Rules, their order and the words of refusals are those of AWS's open-source engine (aws/event-ruler), which agree with
what its service was seen to answer.
"""

from __future__ import annotations

from collections.abc import Callable

from cairn.eventbridge.patterns.addresses import address, network
from cairn.eventbridge.patterns.anything_but import anything_but
from cairn.eventbridge.patterns.conditions import (
    Absent,
    Addresses,
    AnyCase,
    Condition,
    Exists,
    Prefix,
    Suffix,
    Text,
)
from cairn.eventbridge.patterns.numeric import numeric
from cairn.eventbridge.patterns.tokens import Token, Tokens
from cairn.eventbridge.patterns.wildcards import wildcard

_ONE_KEY = "Only one key allowed in match expression"


def text_or_address(text: str) -> Text | Addresses:
    """A string that must be equal. An IPv6 address is equal to itself written otherwise."""
    found = address(text) if ":" in text else None
    return Text(text) if found is None else Addresses(found[0], found[1], found[1])


def expression(tokens: Tokens) -> Condition:
    """The condition of the object whose brace was just read; reads it to its end.

    Raises:
        InvalidEventPattern: it is none.
    """
    if tokens.next() is not Token.NAME:
        raise tokens.error("Match expression name not found")
    operator = tokens.name
    if operator == "anything-but":
        return anything_but(tokens)
    if operator == "numeric":
        return numeric(tokens)
    if operator in ("prefix", "suffix"):
        return _affix(tokens, operator)
    if operator == "exists":
        return _exists(tokens)
    read = _OF_STRINGS.get(operator)
    if read is None:
        raise tokens.error(f"Unrecognized match type {operator}")
    named, made = read
    if tokens.next() is not Token.STRING:
        raise tokens.error(f"{named} match pattern must be a string")
    condition = made(tokens, tokens.string())
    tokens.close(_ONE_KEY)
    return condition


_OF_STRINGS: dict[str, tuple[str, Callable[[Tokens, str], Condition]]] = {
    "exactly": ("exact", lambda _, text: Text(text)),
    "equals-ignore-case": ("equals-ignore-case", lambda _, text: AnyCase(text.lower())),
    "wildcard": ("wildcard", wildcard),
    "cidr": ("prefix", lambda _, text: network(text)),
}
"""What takes a single string: how its refusal names it, and what it makes of it."""


def _affix(tokens: Tokens, operator: str) -> Condition:
    """A prefix or suffix: a string, or one in `equals-ignore-case`."""
    made = Prefix if operator == "prefix" else Suffix
    token = tokens.next()
    if token is Token.OBJECT:
        if tokens.next() is not Token.NAME:
            raise tokens.error(f"{operator.capitalize()} expression name not found")
        if tokens.name != "equals-ignore-case":
            raise tokens.error(f"Unsupported {operator} pattern: {tokens.name}")
        if tokens.next() is not Token.STRING:
            raise tokens.error("equals-ignore-case match pattern must be a string")
        text = tokens.string().lower()
        tokens.close(_ONE_KEY)
        tokens.close(_ONE_KEY)
        return made(text, any_case=True)
    if token is not Token.STRING:
        raise tokens.error(f"{operator} match pattern must be a string")
    text = tokens.string()
    tokens.close(_ONE_KEY)
    return made(text)


def _exists(tokens: Tokens) -> Condition:
    token = tokens.next()
    if token not in (Token.TRUE, Token.FALSE):
        raise tokens.error("exists match pattern must be either true or false.")
    tokens.close(_ONE_KEY)
    return Exists() if token is Token.TRUE else Absent()
