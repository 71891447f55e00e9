"""Selectors: `$.userIdentity.arn`, which name parts of a JSON message (spec 8.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cairn.cloudwatch.patterns.scanner import Scanner

STEPS_MAX = 64
_NAME = re.compile(r"[A-Za-z0-9_\-]+")
_INDEX = re.compile(r"[0-9]{1,9}")


class Each:
    """A step to every member of an object, or to every element of an array."""

    def __init__(self, of: type) -> None:
        self.of = of

    def __repr__(self) -> str:
        return "[*]" if self.of is list else ".*"


MEMBERS = Each(dict)
ELEMENTS = Each(list)


@dataclass(frozen=True)
class Selector:
    """A parsed selector. Equal texts are equal."""

    text: str
    """As AWS writes it: `$.a[0].b`."""
    steps: tuple[str | int | Each, ...]

    @property
    def wildcards(self) -> int:
        return sum(isinstance(step, Each) for step in self.steps)

    def find(self, document: Any) -> tuple[Any, ...]:
        """What it names in a decoded message: nothing, one node, or many where it has a wildcard."""
        node = document
        for number, step in enumerate(self.steps):
            if type(step) is str:
                if type(node) is not dict or step not in node:
                    return ()
                node = node[step]
            elif type(step) is int:
                if type(node) is not list or step >= len(node):
                    return ()
                node = node[step]
            else:
                assert isinstance(step, Each)
                rest = Selector("", self.steps[number + 1 :])
                return tuple(found for child in _children(node, step) for found in rest.find(child))
        return (node,)


def _children(node: Any, step: Each) -> list[Any]:
    if step is MEMBERS and isinstance(node, dict):
        return list(node.values())
    return node if step is ELEMENTS and isinstance(node, list) else []


@lru_cache(4096)
def parse_selector(text: str) -> Selector:
    """The selector that `text` is, and nothing else.

    Raises:
        AwsError: InvalidParameterException.
    """
    scanner = Scanner(text)
    selector = read_selector(scanner)
    if not scanner.at_end:
        raise scanner.error("a selector ends here, and something follows it")
    return selector


def read_selector(scanner: Scanner) -> Selector:
    """The selector that begins here.

    Raises:
        AwsError: InvalidParameterException.
    """
    begin = scanner.position
    if not scanner.take("$"):
        raise scanner.error("a selector begins with '$'")
    steps: list[str | int | Each] = []
    while (step := _step(scanner)) is not None:
        steps.append(step)
    if not steps:
        raise scanner.error("a selector names a property")
    selector = Selector(scanner.text[begin : scanner.position], tuple(steps))
    if selector.wildcards > 1:
        raise scanner.error("a selector has one wildcard at the most", begin)
    if len(steps) > STEPS_MAX:
        raise scanner.error(f"a selector has {STEPS_MAX} steps at the most", begin)
    return selector


def _step(scanner: Scanner) -> str | int | Each | None:
    """The next step; None where the selector ends."""
    if scanner.take("."):
        if scanner.take("*"):
            return MEMBERS
        if scanner.peek() == "[":
            return _bracket(scanner)
        name = scanner.match(_NAME)
        if not name:
            if scanner.peek() == '"':
                raise scanner.invalid_characters('$."', scanner.position)
            raise scanner.error("a property's name is missing")
        return name
    return _bracket(scanner) if scanner.peek() == "[" else None


def _bracket(scanner: Scanner) -> str | int | Each:
    begin = scanner.position
    scanner.take("[")
    quote = scanner.peek()
    if quote in ("'", '"') and quote:
        scanner.take(quote)
        close = scanner.text.find(f"{quote}]", scanner.position, scanner.end)
        if close < 0:
            raise scanner.error("a bracket is not closed", begin)
        name = scanner.text[scanner.position : close]
        scanner.position = close + 2
        return name
    step: int | Each
    if scanner.take("*"):
        step = ELEMENTS
    else:
        index = scanner.match(_INDEX)
        if not index:
            raise scanner.error("an index, '*' or a name in quotation marks is missing")
        step = int(index)
    if not scanner.take("]"):
        raise scanner.error("a bracket is not closed", begin)
    return step
