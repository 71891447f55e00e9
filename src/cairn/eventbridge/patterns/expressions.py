"""Match expressions: an object that stands among a field's alternatives, as `{"prefix": "Delete"}` (spec 9.1).

Rules, their order and the words of refusals are those of AWS's open-source engine (aws/event-ruler), which agree with
what its service was seen to answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cairn.eventbridge.patterns.addresses import address, network
from cairn.eventbridge.patterns.conditions import (
    Absent,
    Addresses,
    AnyCase,
    AnythingBut,
    Condition,
    Exists,
    Number,
    Positive,
    Prefix,
    Range,
    Suffix,
    Text,
    Wildcard,
)
from cairn.eventbridge.patterns.invalid import InvalidEventPattern
from cairn.eventbridge.patterns.numbers import NUMBER_MAX, comparable
from cairn.eventbridge.patterns.tokens import Token, Tokens

_ONE_KEY = "Only one key allowed in match expression"
_TOO_MANY = "Too many elements in numeric expression"
_NOT_CASELESS = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."


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
        return _anything_but(tokens)
    if operator == "numeric":
        return _numeric(tokens)
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
    _end(tokens)
    return condition


def _caseless(text: str) -> str:
    return text.lower()


_OF_STRINGS: dict[str, tuple[str, Callable[[Tokens, str], Condition]]] = {
    "exactly": ("exact", lambda _, text: Text(text)),
    "equals-ignore-case": ("equals-ignore-case", lambda _, text: AnyCase(_caseless(text))),
    "wildcard": ("wildcard", lambda tokens, text: _wildcard(tokens, text)),
    "cidr": ("prefix", lambda _, text: network(text)),
}
"""What takes a single string: how its refusal names it, and what it makes of it."""


def _end(tokens: Tokens, why: str = _ONE_KEY) -> None:
    """Read the brace that closes an expression."""
    if tokens.next() is not Token.OBJECT_END:
        raise tokens.error(why)


def _wildcard(tokens: Tokens, text: str) -> Wildcard:
    """Places count from the quotation mark before the text, in bytes."""
    pieces = [""]
    position, previous = 0, ""
    while position < len(text):
        character = text[position]
        if character == "*":
            if text[position + 1 : position + 2] == "*":
                raise tokens.error(f"Consecutive wildcard characters at pos {_place(text, position)}")
            pieces.append("")
        elif character == "\\":
            position += 1
            previous = text[position : position + 1]
            if previous not in ("*", "\\"):
                raise tokens.error(f"Invalid escape character at pos {_place(text, position - 1)}")
            pieces[-1] += previous
        else:
            pieces[-1] += character
        position += 1
    return Wildcard(tuple(pieces))


def _place(text: str, position: int) -> int:
    return 1 + len(text[:position].encode("utf-8", "surrogatepass"))


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
        text = _caseless(tokens.string())
        _end(tokens)
        _end(tokens)
        return made(text, any_case=True)
    if token is not Token.STRING:
        raise tokens.error(f"{operator} match pattern must be a string")
    text = tokens.string()
    _end(tokens)
    return made(text)


def _exists(tokens: Tokens) -> Condition:
    token = tokens.next()
    if token not in (Token.TRUE, Token.FALSE):
        raise tokens.error("exists match pattern must be either true or false.")
    _end(tokens)
    return Exists() if token is Token.TRUE else Absent()


def _numeric(tokens: Tokens) -> Condition:
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
    _end(tokens, _TOO_MANY)
    return condition


def _numeric_range(tokens: Tokens, operator: str) -> Condition:
    """What follows the first operator, to the end of the array."""
    text = _operand(tokens, "equals" if operator == "=" else operator)
    token = tokens.next()
    if operator in (">", ">=") and token is not Token.ARRAY_END:
        return _second_bound(tokens, token, operator, text)
    if token is not Token.ARRAY_END:
        raise tokens.error(_TOO_MANY)
    value = _comparable(tokens, text)
    if operator == "=":
        return Number(value)
    if operator in ("<", "<="):
        return Range(-NUMBER_MAX, value if operator == "<=" else math.nextafter(value, -math.inf))
    return Range(value if operator == ">=" else math.nextafter(value, math.inf), NUMBER_MAX)


def _second_bound(tokens: Tokens, token: Token, first: str, bottom: str) -> Condition:
    """The upper end of a range, whose first token is `token`."""
    if token is not Token.STRING:
        raise tokens.error(f"Bad value in numeric range: {_shown(tokens, token)}")
    operator = tokens.string()
    if operator not in ("<", "<="):
        raise tokens.error(f"Bad numeric range operator: {operator}")
    top = _operand(tokens, operator)
    if tokens.next() is not Token.ARRAY_END:
        raise tokens.error("Too many terms in numeric range expression")
    low, high = _comparable(tokens, bottom), _comparable(tokens, top)
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


def _comparable(tokens: Tokens, text: str) -> float:
    try:
        return comparable(text)
    except ValueError as error:
        raise tokens.error(str(error)) from error


def _shown(tokens: Tokens, token: Token) -> str:
    if token is Token.STRING:
        return tokens.string()
    return tokens.number() if token is Token.NUMBER else token.value


def _anything_but(tokens: Tokens) -> Condition:
    operator, token = "", tokens.next()
    if token is Token.OBJECT:
        if tokens.next() is not Token.NAME:
            raise tokens.error("Anything-But expression name not found")
        operator = tokens.name
        if operator not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise tokens.error(f"Unsupported anything-but pattern: {operator}")
        token = tokens.next()
    if token not in (Token.ARRAY, Token.STRING, Token.NUMBER):
        raise tokens.error("Value of anything-but must be an array or single string/number value.")
    excluded = _listed(tokens, operator) if token is Token.ARRAY else [_excluded(tokens, operator, token)]
    _end(tokens, _TOO_MANY)
    if operator:
        _end(tokens, _TOO_MANY)
    return AnythingBut(tuple(dict.fromkeys(excluded)))


def _listed(tokens: Tokens, operator: str) -> list[Positive]:
    """A list of what is excluded. AWS says the place of an error in it twice."""
    excluded: list[Positive] = []
    try:
        while (token := tokens.next()) is not Token.ARRAY_END:
            excluded.append(_excluded(tokens, operator, token))
    except InvalidEventPattern as error:
        raise tokens.error(error.reason) from error
    numbers = sum(isinstance(each, Number) for each in excluded)
    if (not operator and numbers not in (0, len(excluded))) or not excluded:
        raise tokens.error(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    return excluded


def _excluded(tokens: Tokens, operator: str, token: Token) -> Positive:
    """One value that is excluded."""
    if not operator and token is Token.NUMBER:
        return Number(_comparable(tokens, tokens.number()))
    if token is not Token.STRING:
        raise tokens.error(_NOT_STRINGS[operator])
    text = tokens.string()
    if operator == "equals-ignore-case":
        return AnyCase(_caseless(text))
    if operator == "wildcard":
        return _wildcard(tokens, text)
    if not operator:
        return Text(text)
    if not text:
        raise tokens.error("Null prefix/suffix not allowed")
    return Prefix(text) if operator == "prefix" else Suffix(text)


_NOT_STRINGS = {
    "": "Inside anything but list, start|null|boolean is not supported.",
    "equals-ignore-case": _NOT_CASELESS,
    "wildcard": "wildcard match pattern must be a string",
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
}
