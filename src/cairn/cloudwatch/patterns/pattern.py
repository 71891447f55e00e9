"""The filter pattern: one of three languages, by how it begins, compiled once (spec 8.2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

from cairn.cloudwatch.patterns.expression import Anchor, read_expression
from cairn.cloudwatch.patterns.fields import Fields, read_fields
from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.patterns.scanner import Scanner, invalid
from cairn.cloudwatch.patterns.selector import Selector, parse_selector
from cairn.cloudwatch.patterns.terms import read_terms
from cairn.cloudwatch.patterns.values import text_of

PATTERN_CHARACTERS_MAX = 1024
COMPILED_KEPT = 2048

Kind = Literal["all", "text", "json", "delimited"]


class Pattern:
    """A compiled pattern. Any thread may ask it."""

    def __init__(
        self,
        text: str,
        kind: Kind,
        matches: Callable[[Message], bool],
        *,
        selectors: tuple[Selector, ...] = (),
        fields: Fields | None = None,
        regexes: int = 0,
        anchors: tuple[Anchor, ...] | None = None,
        anchored: bool = False,
    ) -> None:
        self.text = text
        self.kind = kind
        self.matches = matches
        """Whether a message is meant."""
        self.regexes = regexes
        """How many regular expressions it has."""
        self.anchors = anchors
        """Of which a message that matches has one: see `expression`."""
        self.anchored = anchored
        """Whether every message that has one of them matches."""
        self._selectors = selectors
        self._fields = fields

    @property
    def selectors(self) -> frozenset[str]:
        """What a metric's dimension may name: its selectors, or its named fields as `$name`."""
        if self._fields is not None:
            return frozenset(f"${name}" for name in self._fields.names)
        return frozenset(selector.text for selector in self._selectors)

    def value(self, message: Message, named: str) -> str | int | float | bool | None:
        """What a selector, or a field as `$name`, has in a message that matches; None where that is no scalar.

        Raises:
            AwsError: InvalidParameterException: `named` is neither.
        """
        if self._fields is not None:
            return (self._fields.match(message.tokens) or {}).get(named.removeprefix("$"))
        nodes = message.nodes(parse_selector(named))
        return nodes[0] if nodes and text_of(nodes[0]) is not None else None

    def extracted(self, message: Message) -> dict[str, str]:
        """What TestMetricFilter tells of a message that matches."""
        if self._fields is not None:
            return {f"${name}": token for name, token in (self._fields.match(message.tokens) or {}).items()}
        found: dict[str, Any] = {selector.text: self.value(message, selector.text) for selector in self._selectors}
        return {name: text for name, value in found.items() if (text := text_of(value)) is not None}


@lru_cache(COMPILED_KEPT)
def compile_pattern(text: str, *, absent_differs: bool = False) -> Pattern:
    """The pattern that `text` is.

    Args:
        absent_differs: whether `!=` of a JSON pattern holds where the property is missing. AWS's guide does not say;
            people report that it does not.

    Raises:
        AwsError: InvalidParameterException, which says what is wrong at which character.
    """
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise invalid("Invalid filter pattern: it is too long", PATTERN_CHARACTERS_MAX)
    begin = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    if begin >= end:
        return Pattern(text, "all", lambda message: True)
    opened = text[begin]
    if opened not in "{[":
        terms = read_terms(Scanner(text))
        return Pattern(text, "text", lambda message: terms.match(message.text), regexes=terms.regexes)
    closing = {"{": "}", "[": "]"}[opened]
    if text[end - 1] != closing or end - begin < 2:
        raise invalid(f"If a filter pattern starts with '{opened}' it must end with '{closing}'", end - 1)
    inside = Scanner(text, begin + 1, end - 1)
    if opened == "[":
        fields = read_fields(inside)
        matches: Callable[[Message], bool] = lambda message: fields.match(message.tokens) is not None  # noqa: E731
        return Pattern(text, "delimited", matches, fields=fields, regexes=fields.regexes)
    expression = read_expression(inside, absent_differs)
    return Pattern(
        text,
        "json",
        expression.holds,
        selectors=tuple(dict.fromkeys(expression.selectors)),
        regexes=expression.regexes,
        anchors=expression.anchors,
        anchored=expression.anchored,
    )
