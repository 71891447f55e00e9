"""Scalars, series and arrays of series: what each part of an expression is, known before there are any points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

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

ARITHMETIC = ("+", "-", "*", "/", "^")


class Kind(Enum):
    """As error messages call them."""

    SCALAR = "Scalar"
    SERIES = "TimeSeries"
    ARRAY = "Array[TimeSeries]"
    TEXT = "String"
    WORD = "Keyword"


S, TS, ARRAY, TEXT = Kind.SCALAR, Kind.SERIES, Kind.ARRAY, Kind.TEXT
VALUES = (S, TS, ARRAY)


@dataclass(frozen=True)
class Parameter:
    """What an argument may be: one of these kinds, or one of these words."""

    kinds: tuple[Kind, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A way to call a function."""

    parameters: tuple[Parameter, ...]
    result: Kind


def _forms(*forms: tuple[Iterable[Kind | Parameter], Kind]) -> tuple[Form, ...]:
    return tuple(
        Form(tuple(each if isinstance(each, Parameter) else Parameter((each,)) for each in parameters), result)
        for parameters, result in forms
    )


_OF_EACH = _forms(([TS], TS), ([ARRAY], ARRAY))
_OVER_ALL = _forms(([TS], S), ([ARRAY], TS))
_OF_TIMES = _forms(([TS], TS))
_FILLER = Parameter((S, TS), ("REPEAT", "LINEAR"))
_SORTED = Parameter(words=("AVG", "MIN", "MAX", "SUM"))
_ORDER = Parameter(words=("ASC", "DESC"))
_EITHER = Parameter((S, TS))

FUNCTIONS: Mapping[str, tuple[Form, ...]] = {
    **dict.fromkeys(("ABS", "CEIL", "FLOOR", "LOG", "LOG10", "DIFF", "DIFF_TIME", "RATE", "RUNNING_SUM"), _OF_EACH),
    **dict.fromkeys(("AVG", "MAX", "MIN", "SUM", "STDDEV", "DATAPOINT_COUNT"), _OVER_ALL),
    **dict.fromkeys(("MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"), _OF_TIMES),
    "FILL": _forms(([TS, _FILLER], TS), ([ARRAY, _FILLER], ARRAY)),
    "FIRST": _forms(([ARRAY], TS)),
    "LAST": _forms(([ARRAY], TS)),
    "IF": _forms(([_EITHER, _EITHER], TS), ([_EITHER, _EITHER, _EITHER], TS)),
    "METRICS": _forms(([], ARRAY), ([TEXT], ARRAY)),
    "METRIC_COUNT": _forms(([ARRAY], S)),
    "PERIOD": _forms(([TS], S)),
    "REMOVE_EMPTY": _forms(([ARRAY], ARRAY)),
    "SLICE": _forms(([ARRAY, S], ARRAY), ([ARRAY, S, S], ARRAY)),
    "SORT": _forms(([ARRAY, _SORTED, _ORDER], ARRAY), ([ARRAY, _SORTED, _ORDER, S], ARRAY)),
    "TIME_SERIES": _forms(([S], TS)),
    "SEARCH": _forms(([TEXT, TEXT], ARRAY), ([TEXT, TEXT, S], ARRAY)),
    "ANOMALY_DETECTION_BAND": _forms(([TS], ARRAY), ([TS, S], ARRAY)),
}
"""How each function may be called."""

REFUSED = ("INSIGHT_RULE_METRIC", "SERVICE_QUOTA", "DB_PERF_INSIGHTS", "LAMBDA")
"""Functions of CloudWatch's that need what Cairn does not have."""


def kind_of(node: Node, ids: Mapping[str, Kind]) -> Kind:
    """What an expression makes of the metrics and expressions whose kinds `ids` tells.

    Raises:
        MathError: it has no meaning.
    """
    match node:
        case Number():
            return S
        case Text():
            return TEXT
        case Word():
            raise MathError(f"Unexpected keyword {node.name}", node.at)
        case Reference():
            if node.id not in ids:
                raise MathError(f"Undefined variable {node.id}", node.at)
            return ids[node.id]
        case Negative():
            return _value(node.operand, ids)
        case Chain():
            kind = _value(node.first, ids)
            for operation in node.rest:
                kind = _operated(kind, operation, ids)
            return kind
        case Array():
            for item in node.items:
                if _value(item, ids) is S:
                    raise MathError("An array takes time series, not scalars", item.at)
            return ARRAY
    return _call(node, ids)


def _value(node: Node, ids: Mapping[str, Kind]) -> Kind:
    kind = kind_of(node, ids)
    if kind not in VALUES:
        raise MathError(f"Unexpected {kind.value}", node.at)
    return kind


def _operated(left: Kind, operation: Operation, ids: Mapping[str, Kind]) -> Kind:
    right = _value(operation.operand, ids)
    if ARRAY in (left, right) and (left is right or operation.operator not in ARITHMETIC):
        types = f"'{left.value}' and '{right.value}'"
        raise MathError(f"Unsupported operand type(s) for {operation.operator}: {types}", operation.at)
    if ARRAY in (left, right):
        return ARRAY
    return TS if TS in (left, right) else S


def _call(node: Call, ids: Mapping[str, Kind]) -> Kind:
    if node.function in REFUSED:
        raise MathError(f"The function {node.function} is not supported by this version of Cairn", node.at)
    forms = FUNCTIONS.get(node.function)
    if forms is None:
        raise MathError(f"Unknown function {node.function}", node.at)
    given = [Kind.WORD if isinstance(each, Word) else kind_of(each, ids) for each in node.arguments]
    for form in forms:
        pairs = list(zip(form.parameters, node.arguments, given, strict=False))
        if len(form.parameters) == len(given) and all(_fits(*pair) for pair in pairs):
            _check(node, given)
            return form.result
    types = ", ".join(f"'{kind.value}'" for kind in given)
    raise MathError(f"Unsupported arguments for {node.function}: [{types}]", node.at)


def _fits(parameter: Parameter, argument: Node, kind: Kind) -> bool:
    return argument.name in parameter.words if isinstance(argument, Word) else kind in parameter.kinds


def _check(node: Call, given: list[Kind]) -> None:
    if node.function == "IF" and TS not in given:
        raise MathError("IF takes at least one time series", node.at)
    if node.function in ("PERIOD", "ANOMALY_DETECTION_BAND") and not isinstance(node.arguments[0], Reference):
        raise MathError(f"{node.function} takes the id of a metric", node.at)
