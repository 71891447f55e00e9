"""Expressions compiled: a tree becomes one function from a row to a value, once a query."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cairn.cloudwatch.queries.language.functions import FUNCTIONS
from cairn.cloudwatch.queries.language.periods import Bounds, bounds_of
from cairn.cloudwatch.queries.language.refusals import MalformedQuery
from cairn.cloudwatch.queries.language.regexes import Regex
from cairn.cloudwatch.queries.language.rows import Read, Row, field_reader
from cairn.cloudwatch.queries.language.syntax import (
    Binary,
    Call,
    Expression,
    Field,
    In,
    Like,
    Literal,
    Period,
    Star,
    Unary,
)
from cairn.cloudwatch.queries.language.values import (
    COMPARISONS,
    Timestamp,
    Value,
    equal,
    number,
    tame,
    text,
    truth,
)

Shape = tuple[object, ...]


@dataclass(frozen=True)
class Compiler:
    """Compiles expressions."""

    now_ms: int
    slots: Mapping[Call, str] = field(default_factory=dict)
    """Where the values of calls stand that are worked out elsewhere: of aggregates."""
    columns: Mapping[Shape, str] = field(default_factory=dict)
    """Expressions that are columns by now, as `bin(5m)` is behind a `stats` by it."""

    def compile(self, node: Expression) -> Read:
        """
        Raises:
            MalformedQuery: it makes no sense here, such as a function that there is not.
        """
        if self.columns and not isinstance(node, Field | Literal) and (column := self.columns.get(shape_of(node))):
            return field_reader(column)
        match node:
            case Field():
                return field_reader(node.name)
            case Literal():
                value = node.value
                return lambda row: value
            case Call():
                return self._call(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Like():
                return self._like(node)
            case In():
                return self._in(node)
            case Period() | Star():
                raise MalformedQuery("This cannot stand here", node.start, node.end)

    def condition(self, node: Expression) -> Callable[[Row], bool]:
        """Compiled to what says whether it holds in a row."""
        read = self.compile(node)
        return lambda row: truth(read(row))

    def _unary(self, node: Unary) -> Read:
        operand = self.compile(node.operand)
        if node.operator == "not":
            return lambda row: not truth(operand(row))

        def negative(row: Row) -> Value:
            found = number(operand(row))
            return -found if found is not None else None

        return negative

    def _binary(self, node: Binary) -> Read:
        left, right = self.compile(node.left), self.compile(node.right)
        match node.operator:
            case "and":
                return lambda row: truth(left(row)) and truth(right(row))
            case "or":
                return lambda row: truth(left(row)) or truth(right(row))
            case "+" | "-" | "*" | "/" | "%" | "^":
                return _arithmetic(_ARITHMETIC[node.operator], left, right)
        fixed = node.right.value if isinstance(node.right, Literal) else None
        if node.operator in ("=", "!=") and type(fixed) is str and number(fixed) is None:
            return _same_text(left, fixed, positive=node.operator == "=")
        compare = COMPARISONS[node.operator]
        return lambda row: compare(left(row), right(row))

    def _like(self, node: Like) -> Read:
        operand, wanted = self.compile(node.operand), node.wanted
        matches = Regex(wanted, node.start, node.end).found_in if node.regex else (lambda shown: wanted in shown)
        positive = not node.negated

        def like(row: Row) -> bool:
            shown = text(operand(row))
            return (shown is not None and matches(shown)) is positive

        return like

    def _in(self, node: In) -> Read:
        operand = self.compile(node.operand)
        positive = not node.negated
        if all(isinstance(item, Literal) and number(item.value) is None for item in node.items):
            texts = frozenset(str(item.value) for item in node.items if isinstance(item, Literal))
            return lambda row: (text(operand(row)) in texts) is positive
        items = [self.compile(item) for item in node.items]

        def among(row: Row) -> bool:
            value = operand(row)
            return any(equal(value, item(row)) for item in items) is positive

        return among

    def _call(self, node: Call) -> Read:
        if node in self.slots:
            slot = self.slots[node]
            return lambda row: row.values[slot]
        if node.name == "now":
            _check_count(node, 0, 0)
            seconds = self.now_ms // 1000
            return lambda row: seconds
        if node.name in ("bin", "datefloor", "dateceil"):
            return self._period(node)
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise MalformedQuery(f"There is no function {node.name} that can stand here", node.start, node.end)
        _check_count(node, function.least, function.most)
        apply = function.apply
        arguments = [self.compile(each) for each in node.arguments]
        if len(arguments) == 1:
            only = arguments[0]
            return lambda row: apply(only(row))
        return lambda row: apply(*[each(row) for each in arguments])

    def _period(self, node: Call) -> Read:
        """`bin(5m)`, which is of the event's time, and `datefloor(time, 5m)`."""
        given = list(node.arguments)
        period = given.pop() if given else None
        if not isinstance(period, Period) or len(given) > 1 or (not given and node.name != "bin"):
            raise MalformedQuery(f"{node.name} takes a time and a period, such as 5m", node.start, node.end)
        moment = self.compile(given[0]) if given else field_reader("@timestamp")
        return _rounded(moment, bounds_of(period), up=node.name == "dateceil")


def shape_of(node: Expression) -> Shape:
    """What an expression says, wherever in the text it says it."""
    return type(node).__name__, *(_shape(value) for value in _members(node))


def _members(node: Expression) -> list[object]:
    return [getattr(node, name) for name in node.__slots__ if name not in ("start", "end")]


def _shape(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(map(_shape, value))
    return shape_of(value) if isinstance(value, Expression) else value


def _check_count(node: Call, least: int, most: int) -> None:
    if not least <= len(node.arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise MalformedQuery(f"{node.name} takes {wanted} arguments, not {len(node.arguments)}", node.start, node.end)


def _rounded(moment: Read, bounds: Bounds, *, up: bool) -> Read:
    def rounded(row: Row) -> Value:
        found = number(moment(row))
        if found is None:
            return None
        begin, following = bounds(int(found))
        return Timestamp(following if up and begin != int(found) else begin)

    return rounded


def _same_text(operand: Read, wanted: str, *, positive: bool) -> Read:
    """Equality with a text that is no number: what most filters ask."""

    def same(row: Row) -> bool:
        value = operand(row)
        return (value == wanted if type(value) is str else equal(value, wanted)) is positive

    return same


def _arithmetic(work: Callable[[float, float], float], left: Read, right: Read) -> Read:
    def apply(row: Row) -> Value:
        first, second = number(left(row)), number(right(row))
        if first is None or second is None:
            return None
        try:
            return tame(work(int(first) if type(first) is Timestamp else first, second))
        except (ZeroDivisionError, OverflowError, ValueError):
            return None

    return apply


def _power(base: float, exponent: float) -> float:
    return math.pow(base, exponent)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": lambda left, right: math.fmod(left, right),
    "^": _power,
}
