"""The parser of metric math: recursive descent, its grammar in the package's door."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from cairn.cloudwatch.metrics.math.syntax import (
    Array,
    Call,
    Chain,
    MathError,
    Negative,
    Node,
    Number,
    Operation,
    Reference,
    Text,
    Word,
)

CHARACTERS_MAX = 2_048
"""Of an expression."""
DEPTH_MAX = 40
"""Of parentheses, brackets, calls and signs within each other."""

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],])""",
    re.VERBOSE,
)
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_LOGICAL = {"&&": "AND", "||": "OR"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=1_024)
def parse(expression: str) -> Node:
    """The tree of an expression.

    Raises:
        MathError: it is none; the error says where.
    """
    if len(expression) > CHARACTERS_MAX:
        raise MathError(f"The expression is longer than {CHARACTERS_MAX} characters", CHARACTERS_MAX)
    return _Parser(_tokens(expression)).whole()


def _tokens(expression: str) -> list[Token]:
    found = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise MathError(f"Unexpected symbol '{expression[at]}'", at + 1)
        if match.lastgroup != "space":
            text = _LOGICAL.get(match[0], match[0])
            found.append(Token(str(match.lastgroup) if text not in ("AND", "OR") else "sign", text, at + 1))
        at = match.end()
    return [*found, Token("end", "", len(expression) + 1)]


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._expression()
        if self._token.kind != "end":
            raise self._unexpected()
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self, *texts: str) -> Token | None:
        """The next token, if it is one of these signs."""
        token = self._token
        if token.kind != "sign" or token.text not in texts:
            return None
        self._next += 1
        return token

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            raise self._unexpected(f", expected '{text}'")

    def _unexpected(self, more: str = "") -> MathError:
        token = self._token
        what = f"Unexpected symbol '{token.text}'" if token.text else "Unexpected end of the expression"
        return MathError(what + more, token.at)

    def _expression(self) -> Node:
        with self._nested():
            return self._chain(self._and, "OR")

    def _and(self) -> Node:
        return self._chain(self._comparison, "AND")

    def _comparison(self) -> Node:
        node = self._sum()
        if sign := self._take(*_COMPARISONS):
            return Chain(node, (Operation(sign.text, self._sum(), sign.at),), node.at)
        return node

    def _sum(self) -> Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Node:
        return self._chain(self._unary, "*", "/")

    def _chain(self, operand: Callable[[], Node], *operators: str) -> Node:
        first = operand()
        rest = []
        while sign := self._take(*operators):
            rest.append(Operation(sign.text, operand(), sign.at))
        return Chain(first, tuple(rest), first.at) if rest else first

    def _unary(self) -> Node:
        if sign := self._take("-"):
            with self._nested():
                return Negative(self._unary(), sign.at)
        return self._power()

    def _power(self) -> Node:
        node = self._atom()
        if sign := self._take("^"):
            with self._nested():
                return Chain(node, (Operation("^", self._unary(), sign.at),), node.at)
        return node

    @contextmanager
    def _nested(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise MathError(f"The expression is nested deeper than {DEPTH_MAX} levels", self._token.at)
        yield
        self._depth -= 1

    def _atom(self) -> Node:
        token = self._token
        if self._take("("):
            inside = self._expression()
            self._expect(")")
            return inside
        if self._take("["):
            return Array(self._items("]"), token.at)
        if token.kind not in ("number", "text", "name"):
            raise self._unexpected()
        self._next += 1
        match token.kind:
            case "number":
                return Number(_finite(token), token.at)
            case "text":
                return Text(token.text[1:-1], token.at)
        if self._take("("):
            arguments = () if self._take(")") else self._items(")")
            return Call(token.text, arguments, token.at)
        return Reference(token.text, token.at) if token.text[0].islower() else Word(token.text, token.at)

    def _items(self, end: str) -> tuple[Node, ...]:
        items = [self._expression()]
        while self._take(","):
            items.append(self._expression())
        self._expect(end)
        return tuple(items)


def _finite(token: Token) -> float:
    value = float(token.text)
    if not math.isfinite(value):
        raise MathError("The number is too large", token.at)
    return value
