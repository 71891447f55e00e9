"""`anything-but`: a value that is none of these (spec 9.1)."""

from __future__ import annotations

from cairn.eventbridge.patterns.conditions import AnyCase, AnythingBut, Number, Positive, Prefix, Suffix, Text
from cairn.eventbridge.patterns.invalid import InvalidEventPattern
from cairn.eventbridge.patterns.numeric import TOO_MANY, compared
from cairn.eventbridge.patterns.tokens import Token, Tokens
from cairn.eventbridge.patterns.wildcards import wildcard


def anything_but(tokens: Tokens) -> AnythingBut:
    """The value of `anything-but`, and the braces after it."""
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
    values = _listed(tokens, operator) if token is Token.ARRAY else [_excluded(tokens, operator, token)]
    excluded = tuple(_made(tokens, operator, value) for value in dict.fromkeys(values))
    tokens.close(TOO_MANY)
    if operator:
        tokens.close(TOO_MANY)
    return AnythingBut(excluded)


def _listed(tokens: Tokens, operator: str) -> list[str | float]:
    """A list of what is excluded. AWS says the place of an error in it twice."""
    values: list[str | float] = []
    try:
        while (token := tokens.next()) is not Token.ARRAY_END:
            values.append(_excluded(tokens, operator, token))
    except InvalidEventPattern as error:
        raise tokens.error(error.reason) from error
    if len({type(value) for value in values}) != 1:
        raise tokens.error(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    return values


def _excluded(tokens: Tokens, operator: str, token: Token) -> str | float:
    """One value that is excluded."""
    if not operator and token is Token.NUMBER:
        return compared(tokens, tokens.number())
    if token is not Token.STRING:
        raise tokens.error(_NOT_STRINGS[operator])
    text = tokens.string()
    if not text and operator in ("prefix", "suffix"):
        raise tokens.error("Null prefix/suffix not allowed")
    return text


def _made(tokens: Tokens, operator: str, value: str | float) -> Positive:
    if isinstance(value, float):
        return Number(value)
    if operator == "equals-ignore-case":
        return AnyCase(value.lower())
    if operator == "wildcard":
        return wildcard(tokens, value)
    if operator == "prefix":
        return Prefix(value)
    return Suffix(value) if operator == "suffix" else Text(value)


_NOT_STRINGS = {
    "": "Inside anything but list, start|null|boolean is not supported.",
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    "wildcard": "wildcard match pattern must be a string",
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
}
