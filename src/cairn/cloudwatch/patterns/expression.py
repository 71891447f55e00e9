"""JSON patterns: `{ ($.errorCode = "AccessDenied*") && ($.userIdentity.type = Root) }` (spec 8.2).

Of each expression we also know anchors: texts of which a message must have one at its place for the expression to
hold. They spare `PatternSet` from asking patterns that cannot match. An expression may have several sets of anchors,
such as a source and some names of events: any one of them does, and `PatternSet` takes the rarest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.patterns.scanner import Scanner
from cairn.cloudwatch.patterns.selector import Selector, read_selector
from cairn.cloudwatch.patterns.values import read_comparison

DEPTH_MAX = 50
"""Parentheses in each other."""
WILDCARDS_MAX = 3
REGEXES_MAX = 2

_SIGN = re.compile(r"[\w{}()\[\]$.'\"%=!<>&|*:/@+\-]")
"""What the language has a use for."""

Anchor = tuple[Selector, str]
Anchors = tuple[Anchor, ...]
Holds = Callable[[Message], bool]


@dataclass(frozen=True)
class Expression:
    """A compiled expression."""

    holds: Holds
    selectors: tuple[Selector, ...]
    """All that it names, in order."""
    anchors: tuple[Anchors, ...] = ()
    """Of each of these it holds only for messages with one of them."""
    regexes: int = 0
    anchored: bool = False
    """Whether it holds for every message with an anchor, of which there is one set then."""


def read_expression(scanner: Scanner, absent_differs: bool) -> Expression:
    """The expression between the braces, to the scanner's end.

    Args:
        absent_differs: whether `!=` holds where the property is missing.

    Raises:
        AwsError: InvalidParameterException.
    """
    expression = _Reader(scanner, absent_differs).any_of(0)
    if not scanner.at_end:
        if not _SIGN.match(scanner.peek()):
            raise scanner.invalid_characters(scanner.peek(), scanner.position)
        raise scanner.error("'&&' or '||' is missing")
    if sum(selector.wildcards for selector in expression.selectors) > WILDCARDS_MAX:
        raise scanner.error(f"a pattern has {WILDCARDS_MAX} selectors with wildcards at the most", 0)
    if expression.regexes > REGEXES_MAX:
        raise scanner.error(f"a pattern has {REGEXES_MAX} regular expressions at the most", 0)
    return expression


class _Reader:
    """Recursive descent: any_of := all_of ("||" all_of)*; all_of := one ("&&" one)*."""

    def __init__(self, scanner: Scanner, absent_differs: bool) -> None:
        self._scanner = scanner
        self._absent_differs = absent_differs

    def any_of(self, depth: int) -> Expression:
        parts = [self.all_of(depth)]
        while not self._scanner.at_end and self._scanner.take("||"):
            parts.append(self.all_of(depth))
        if len(parts) == 1:
            return parts[0]
        # Each part has to contribute. Parts of one shape name the same places in the same order, so that the sets of
        # one place come together, without every combination being tried.
        anchors: list[Anchors] = []
        if all(part.anchors for part in parts):
            for number in range(max(len(part.anchors) for part in parts)):
                chosen = (part.anchors[min(number, len(part.anchors) - 1)] for part in parts)
                anchors.append(tuple(anchor for each in chosen for anchor in each))
        return _joined(_any_of, parts, tuple(anchors), anchored=all(part.anchored for part in parts))

    def all_of(self, depth: int) -> Expression:
        parts = [self.one(depth)]
        while not self._scanner.at_end and self._scanner.take("&&"):
            parts.append(self.one(depth))
        if len(parts) == 1:
            return parts[0]
        return _joined(_all_of, parts, tuple(anchors for part in parts for anchors in part.anchors))

    def one(self, depth: int) -> Expression:
        scanner = self._scanner
        if scanner.at_end:
            raise scanner.error("a condition is missing")
        if not scanner.take("("):
            return self._condition()
        if depth == DEPTH_MAX:
            raise scanner.error(f"more than {DEPTH_MAX} parentheses are open")
        inside = self.any_of(depth + 1)
        scanner.expect(")")
        return inside

    def _condition(self) -> Expression:
        scanner = self._scanner
        selector = read_selector(scanner)
        scanner.skip_spaces()
        for words, test in _WORDS.items():
            if _take_words(scanner, words):
                return Expression(_tested(selector, test), (selector,))
        if _take_words(scanner, ("NOT", "EXISTS")):
            return Expression(_missing(selector), (selector,))
        comparison = read_comparison(scanner, selector.text)
        holds = _tested(selector, comparison.test)
        if comparison.differs and self._absent_differs:
            holds = _tested_or_missing(selector, comparison.test)
        exact = comparison.exact if not selector.wildcards else None
        anchors = (((selector, exact),),) if exact is not None else ()
        return Expression(holds, (selector,), anchors, comparison.regexes, anchored=bool(anchors))


def _take_words(scanner: Scanner, words: tuple[str, ...]) -> bool:
    """Step over these words, if they are next, each to its end."""
    begin = scanner.position
    for word in words:
        scanner.skip_spaces()
        if not scanner.take(word) or (scanner.peek().isalnum() or scanner.peek() == "_"):
            scanner.position = begin
            return False
    return True


_WORDS: dict[tuple[str, ...], Callable[[Any], bool]] = {
    ("IS", "NULL"): lambda node: node is None,
    ("IS", "TRUE"): lambda node: node is True,
    ("IS", "FALSE"): lambda node: node is False,
}


def _joined(
    how: Callable[[list[Holds]], Holds],
    parts: list[Expression],
    anchors: tuple[Anchors, ...],
    *,
    anchored: bool = False,
) -> Expression:
    selectors = tuple(selector for part in parts for selector in part.selectors)
    regexes = sum(part.regexes for part in parts)
    return Expression(how([part.holds for part in parts]), selectors, anchors, regexes, anchored)


def _any_of(parts: list[Holds]) -> Holds:
    def holds(message: Message) -> bool:
        for part in parts:  # noqa: SIM110 (a generator takes twice as long, and this is asked of every event)
            if part(message):
                return True
        return False

    return holds


def _all_of(parts: list[Holds]) -> Holds:
    def holds(message: Message) -> bool:
        for part in parts:  # noqa: SIM110
            if not part(message):
                return False
        return True

    return holds


def _tested(selector: Selector, test: Callable[[Any], bool]) -> Holds:
    def holds(message: Message) -> bool:
        nodes = message.nodes(selector)
        return bool(nodes) and test(nodes[0])

    def any_holds(message: Message) -> bool:
        return any(map(test, message.nodes(selector)))

    return any_holds if selector.wildcards else holds


def _tested_or_missing(selector: Selector, test: Callable[[Any], bool]) -> Holds:
    def holds(message: Message) -> bool:
        nodes = message.nodes(selector)
        return (not nodes and message.document is not None) or any(map(test, nodes))

    return holds


def _missing(selector: Selector) -> Holds:
    def holds(message: Message) -> bool:
        return message.document is not None and not message.nodes(selector)

    return holds
