"""A second implementation of event patterns, as plain as can be: every rule by itself, every choice of values tried."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

Membership = dict[int, int]
"""Arrays, by their identity, and the element of each that a value is in."""
Field = tuple[str, Any, Membership]


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    fields = list(flatten(event))
    return any(_holds(sorted(branch.items()), fields, {}) for branch in branches(pattern, "", [{}]))


def branches(node: dict[str, Any], path: str, so_far: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every way to choose an arm of each `$or`; a path that is met again has its new alternatives."""
    for name, value in node.items():
        if name == "$or":
            so_far = [branch for arm in value for branch in branches(arm, path, [dict(branch) for branch in so_far])]
        elif isinstance(value, dict):
            so_far = branches(value, f"{path}{name}.", so_far)
        else:
            for branch in so_far:
                branch[path + name] = value
    return so_far


def flatten(node: Any, path: str = "", membership: Membership | None = None) -> Iterator[Field]:
    membership = membership or {}
    if isinstance(node, dict):
        for name, value in node.items():
            yield from flatten(value, f"{path}.{name}" if path else name, membership)
    elif isinstance(node, list):
        for number, element in enumerate(node):
            inner = {**membership, id(node): number} if isinstance(element, dict | list) else membership
            yield from flatten(element, path, inner)
    else:
        yield path, node, membership


def _consistent(one: Membership, other: Membership) -> bool:
    return all(other.get(array, element) == element for array, element in one.items())


def _holds(wanted: list[tuple[str, list[Any]]], fields: list[Field], held: Membership) -> bool:
    """Whether the fields that are wanted, from the first on, can be met by values in the same elements of arrays."""
    if not wanted:
        return True
    path, alternatives = wanted[0]
    there = [each for each in fields if each[0] == path and _consistent(each[2], held)]
    if not there and {"exists": False} in alternatives and _holds(wanted[1:], fields, held):
        return True
    return any(
        _holds(wanted[1:], fields, {**held, **membership})
        for _, value, membership in there
        if any(meets(each, value) for each in alternatives)
    )


def meets(condition: Any, value: Any) -> bool:
    """Whether a value that is there meets one alternative."""
    if not isinstance(condition, dict):
        return _equal(condition, value)
    ((operator, operand),) = condition.items()
    if operator == "exists":
        return bool(operand)
    if operator == "anything-but":
        if isinstance(operand, dict):
            ((inner, excluded),) = operand.items()
            excluded = excluded if isinstance(excluded, list) else [excluded]
            return not any(meets({inner: each}, value) for each in excluded)
        excluded = operand if isinstance(operand, list) else [operand]
        return not any(_equal(each, value) for each in excluded)
    if operator == "numeric":
        return _numeric(operand, value)
    if not isinstance(value, str):
        return False
    if operator == "cidr":
        return _in_network(operand, value)
    if isinstance(operand, dict):
        return meets({operator: operand["equals-ignore-case"].lower()}, value.lower())
    return {
        "prefix": value.startswith,
        "suffix": value.endswith,
        "equals-ignore-case": lambda text: text.lower() == value.lower(),
        "wildcard": lambda text: re.fullmatch(_expression(text), value, re.DOTALL) is not None,
    }[operator](operand)


def _expression(wildcard: str) -> str:
    parts = re.findall(r"\\.|.", wildcard, re.DOTALL)
    return "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(condition: Any, value: Any) -> bool:
    if _is_number(condition) or _is_number(value):
        return _is_number(condition) and _is_number(value) and condition == value
    return type(condition) is type(value) and condition == value


def _numeric(operand: list[Any], value: Any) -> bool:
    if not _is_number(value) or abs(value) > 5e9:
        return False
    return all(
        {
            "=": value == bound,
            "<": value < bound,
            "<=": value <= bound,
            ">": value > bound,
            ">=": value >= bound,
        }[operator]
        for operator, bound in zip(operand[::2], operand[1::2], strict=True)
    )


def _in_network(block: str, value: str) -> bool:
    """From the address that is written to the last of the block."""
    try:
        address, network = ipaddress.ip_address(value), ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False
    first = ipaddress.ip_address(block.partition("/")[0])
    return address in network and int(address) >= int(first)
