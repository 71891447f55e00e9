"""What a query says, as a tree. Every node knows its place in the text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its name: `@timestamp`, `requestParameters.instances.0.id`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text."""

    value: str | int | float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time: `5m`."""

    number: int
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Star:
    """The `*` of `count(*)`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; its name in lower case."""

    name: str
    arguments: tuple[Expression, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`-` or `not`."""

    operator: str
    operand: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two: arithmetic, comparison, `and`, `or`."""

    operator: str
    left: Expression
    right: Expression
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Like:
    """`like 'text'`, `like /regex/` and `=~`."""

    operand: Expression
    wanted: str
    regex: bool
    negated: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class In:
    """`in [...]`."""

    operand: Expression
    items: tuple[Expression, ...]
    negated: bool
    start: int
    end: int


Expression = Field | Literal | Period | Star | Call | Unary | Binary | Like | In


@dataclass(frozen=True, slots=True)
class Named:
    """An expression, and what its column is called: its alias, or its own text."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    items: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Display:
    items: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Expression


@dataclass(frozen=True, slots=True)
class Stats:
    aggregates: tuple[Named, ...]
    keys: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    rows: int


@dataclass(frozen=True, slots=True)
class Dedup:
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Parse:
    """`parse`: by a glob, whose stars are named by `names`, or by a regular expression, whose groups are."""

    operand: Expression
    pattern: str
    regex: bool
    names: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unnest:
    """`unnest list into name`."""

    operand: Expression
    name: str


Command = Fields | Display | Filter | Stats | Sort | Limit | Dedup | Parse | Unnest
