"""The Condition element: operators, their `...IfExists` and `ForAllValues:` forms, and what they compare."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

from cairn.core.clock import from_iso
from cairn.core.policy.patterns import Context, Pattern, Variable, parse_arn_pattern, parse_pattern

Matcher = Callable[[str, Context], bool]
"""Whether a value of the request fits one value of the policy."""

Quantifier = Literal["", "ForAllValues", "ForAnyValue"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One key under one operator."""

    operator: str
    key: str
    """In lower case, as keys know no case."""
    patterns: tuple[Pattern, ...]
    """The policy's values."""
    matchers: tuple[Matcher, ...]
    """The same, as the operator compares them."""
    negated: bool
    if_exists: bool
    quantifier: Quantifier

    def holds(self, context: Context) -> bool:
        values = context.get(self.key)
        if self.operator == "Null":
            return any(matches("true" if not values else "false", context) for matches in self.matchers)
        if not values:
            return self.if_exists or self.quantifier == "ForAllValues" or (self.negated and self.quantifier == "")
        if self.negated and not all(pattern.resolves(context) for pattern in self.patterns):
            return False  # compared with what nobody knows, a value is not even different
        if self.quantifier == "ForAllValues" or (self.negated and self.quantifier == ""):
            return all(self._fits(value, context) for value in values)
        return any(self._fits(value, context) for value in values)

    def _fits(self, value: str, context: Context) -> bool:
        return any(matches(value, context) for matches in self.matchers) is not self.negated


def parse_condition(operator: str, key: str, values: Sequence[str], *, variables: bool) -> Condition:
    """The condition `{operator: {key: values}}`.

    Raises:
        ValueError: there is no such operator, or a value is none that it compares with.
    """
    quantifier: Quantifier = ""
    name = operator
    for prefix in ("ForAllValues", "ForAnyValue"):
        if operator.startswith(f"{prefix}:"):
            quantifier, name = prefix, operator.removeprefix(f"{prefix}:")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    if name not in _OPERATORS or (name == "Null" and (if_exists or quantifier)):
        raise ValueError(f"Invalid Condition type : {operator}")
    negated, make = _OPERATORS[name]
    patterns = tuple(parse_pattern(value, variables=variables) for value in values)
    matchers = tuple(make(value, variables) for value in values)
    return Condition(name, key.lower(), patterns, matchers, negated, if_exists, quantifier)


def _equals(text: str, variables: bool) -> Matcher:
    return parse_pattern(text, variables=variables).equals


def _equals_ignoring_case(text: str, variables: bool) -> Matcher:
    pattern = parse_pattern(text, variables=variables)

    def matches(value: str, context: Context) -> bool:
        literal = pattern.literal(context)
        return literal is not None and literal.lower() == value.lower()

    return matches


def _like(text: str, variables: bool) -> Matcher:
    return parse_pattern(text, variables=variables).matches


def _arn(text: str, variables: bool) -> Matcher:
    return parse_arn_pattern(text, variables=variables).matches


def _number(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[str, bool], Matcher]:
    return lambda text, variables: _comparing(text, variables, compare, _decimal)


def _date(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[str, bool], Matcher]:
    return lambda text, variables: _comparing(text, variables, compare, _moment)


def _comparing(
    text: str, variables: bool, compare: Callable[[Decimal, Decimal], bool], parse: Callable[[str], Decimal | None]
) -> Matcher:
    pattern = parse_pattern(text, variables=variables)
    _check(pattern, parse(text) is not None)

    def matches(value: str, context: Context) -> bool:
        literal = pattern.literal(context)
        limit = parse(literal) if literal is not None else None
        given = parse(value)
        return limit is not None and given is not None and compare(given, limit)

    return matches


def _bool(text: str, variables: bool) -> Matcher:
    pattern = parse_pattern(text, variables=variables)
    _check(pattern, text.lower() in ("true", "false"))
    return _equals_ignoring_case(text, variables)


def _binary(text: str, _: bool) -> Matcher:
    wanted = _decoded(text)
    if wanted is None:
        raise ValueError(f"not base64: {text}")
    return lambda value, _: _decoded(value) == wanted


def _address(text: str, variables: bool) -> Matcher:
    pattern = parse_pattern(text, variables=variables)
    _check(pattern, _network(text) is not None)

    def matches(value: str, context: Context) -> bool:
        literal = pattern.literal(context)
        network = _network(literal) if literal is not None else None
        try:
            return network is not None and ip_address(value) in network
        except ValueError:
            return False

    return matches


_OPERATORS: Mapping[str, tuple[bool, Callable[[str, bool], Matcher]]] = {
    "StringEquals": (False, _equals),
    "StringNotEquals": (True, _equals),
    "StringEqualsIgnoreCase": (False, _equals_ignoring_case),
    "StringNotEqualsIgnoreCase": (True, _equals_ignoring_case),
    "StringLike": (False, _like),
    "StringNotLike": (True, _like),
    "NumericEquals": (False, _number(lambda given, limit: given == limit)),
    "NumericNotEquals": (True, _number(lambda given, limit: given == limit)),
    "NumericLessThan": (False, _number(lambda given, limit: given < limit)),
    "NumericLessThanEquals": (False, _number(lambda given, limit: given <= limit)),
    "NumericGreaterThan": (False, _number(lambda given, limit: given > limit)),
    "NumericGreaterThanEquals": (False, _number(lambda given, limit: given >= limit)),
    "DateEquals": (False, _date(lambda given, limit: given == limit)),
    "DateNotEquals": (True, _date(lambda given, limit: given == limit)),
    "DateLessThan": (False, _date(lambda given, limit: given < limit)),
    "DateLessThanEquals": (False, _date(lambda given, limit: given <= limit)),
    "DateGreaterThan": (False, _date(lambda given, limit: given > limit)),
    "DateGreaterThanEquals": (False, _date(lambda given, limit: given >= limit)),
    "Bool": (False, _bool),
    "BinaryEquals": (False, _binary),
    "IpAddress": (False, _address),
    "NotIpAddress": (True, _address),
    "ArnEquals": (False, _arn),
    "ArnLike": (False, _arn),
    "ArnNotEquals": (True, _arn),
    "ArnNotLike": (True, _arn),
    "Null": (False, _bool),
}
"""By name: whether it holds where nothing matches, and what makes a policy's value into a matcher."""


def _check(pattern: Pattern, valid: bool) -> None:
    """A value without variables must be valid now; one with them is looked at when they are known."""
    if not valid and not any(isinstance(unit, Variable) for unit in pattern.units):
        raise ValueError(f"not a value that the operator compares with: {pattern.text}")


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> Decimal | None:
    """Seconds since the epoch of an ISO 8601 time, or of a number that is that already."""
    if (number := _decimal(text)) is not None:
        return number
    try:
        return Decimal(from_iso(text))
    except (ValueError, OverflowError):
        return None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
