"""What an expression is made of. Every node knows where it began, from 1, for whoever has to be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


class MathError(Exception):
    """An expression that cannot be understood, or that has no meaning. `at` is the character, from 1."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(f"{message} at position {at}")
        self.message = message
        self.at = at


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Reference:
    """The id of a metric or of another expression."""

    id: str
    at: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word in capitals that says how a function works: `DESC`, `REPEAT`, `AVG`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Node
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator and what stands behind it."""

    operator: str
    operand: Node
    at: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one rank, applied from the left: however long it is, it is not nested."""

    first: Node
    rest: tuple[Operation, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Array:
    items: tuple[Node, ...]
    at: int


Node = Number | Text | Reference | Word | Negative | Chain | Call | Array


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    match node:
        case Negative():
            yield from walk(node.operand)
        case Chain():
            yield from walk(node.first)
            for operation in node.rest:
                yield from walk(operation.operand)
        case Call():
            for argument in node.arguments:
                yield from walk(argument)
        case Array():
            for item in node.items:
                yield from walk(item)


def references(node: Node) -> list[Reference]:
    """Where an expression names metrics and other expressions."""
    return [each for each in walk(node) if isinstance(each, Reference)]


def calls(node: Node, function: str) -> list[Call]:
    """Where an expression calls a function."""
    return [each for each in walk(node) if isinstance(each, Call) and each.function == function]
