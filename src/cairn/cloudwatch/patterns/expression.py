"""JSON patterns: `{ ($.errorCode = "AccessDenied*") && ($.userIdentity.type = Root) }` (spec 8.2).

Of each expression we also know anchors: texts of which a message must have one at its place for the expression to
hold. They spare `PatternSet` from asking patterns that cannot match.
"""

from __future__ import annotations

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

Anchor = tuple[Selector, str]


@dataclass(frozen=True)
class Expression:
    """A compiled expression."""

    holds: Callable[[Message], bool]
    selectors: tuple[Selector, ...]
    """All that it names, in order."""
    anchors: tuple[Anchor, ...] | None = None
    """It holds only for messages with one of them; None where that is not known."""
    regexes: int = 0
    anchored: bool = False
    """Whether it holds for every message with one of them."""


def read_expression(scanner: Scanner, absent_differs: bool) -> Expression:
    """The expression between the braces, to the scanner's end.

    Args:
        absent_differs: whether `!=` holds where the property is missing.

    Raises:
        AwsError: InvalidParameterException.
    """
    expression = _Reader(scanner, absent_differs).any_of(0)
    if not scanner.at_end:
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
        anchors: tuple[Anchor, ...] | None = ()
        for part in parts:
            anchors = None if anchors is None or part.anchors is None else anchors + part.anchors
        holds = _any_of(tuple(part.holds for part in parts))
        return _joined(holds, parts, anchors, anchored=all(part.anchored for part in parts))

    def all_of(self, depth: int) -> Expression:
        parts = [self.one(depth)]
        while not self._scanner.at_end and self._scanner.take("&&"):
            parts.append(self.one(depth))
        if len(parts) == 1:
            return parts[0]
        known = [part.anchors for part in parts if part.anchors is not None]
        holds = _all_of(tuple(part.holds for part in parts))
        return _joined(holds, parts, min(known, key=len, default=None))

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
        anchors = ((selector, exact),) if exact is not None else None
        return Expression(holds, (selector,), anchors, comparison.regexes, anchored=anchors is not None)


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


def _any_of(tests: tuple[Callable[[Message], bool], ...]) -> Callable[[Message], bool]:
    def holds(message: Message) -> bool:
        for test in tests:  # noqa: SIM110 - `any` of a generator takes twice as long
            if test(message):
                return True
        return False

    return holds


def _all_of(tests: tuple[Callable[[Message], bool], ...]) -> Callable[[Message], bool]:
    def holds(message: Message) -> bool:
        for test in tests:  # noqa: SIM110
            if not test(message):
                return False
        return True

    return holds


def _joined(
    holds: Callable[[Message], bool],
    parts: list[Expression],
    anchors: tuple[Anchor, ...] | None,
    *,
    anchored: bool = False,
) -> Expression:
    selectors = tuple(selector for part in parts for selector in part.selectors)
    return Expression(holds, selectors, anchors, sum(part.regexes for part in parts), anchored)


def _tested(selector: Selector, test: Callable[[Any], bool]) -> Callable[[Message], bool]:
    def holds(message: Message) -> bool:
        nodes = message.nodes(selector)
        return bool(nodes) and test(nodes[0])

    def any_holds(message: Message) -> bool:
        return any(map(test, message.nodes(selector)))

    return any_holds if selector.wildcards else holds


def _tested_or_missing(selector: Selector, test: Callable[[Any], bool]) -> Callable[[Message], bool]:
    def holds(message: Message) -> bool:
        nodes = message.nodes(selector)
        return (not nodes and message.document is not None) or any(map(test, nodes))

    return holds


def _missing(selector: Selector) -> Callable[[Message], bool]:
    def holds(message: Message) -> bool:
        return message.document is not None and not message.nodes(selector)

    return holds
