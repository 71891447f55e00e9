"""Reading filter policies: from JSON to something that can be matched, or SNS's error.

A policy is an object. Under a key stand the values and conditions of which one must hold, or, where bodies are
filtered, an object that is matched with what the body has there. `$or` takes objects of which one must hold. Messages
are AWS's as far as they are known; where AWS tells the place in the JSON, ours do not.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any

from cairn.cloudwatch.sns.filter_policy.conditions import (
    AnythingBut,
    Equals,
    EqualsIgnoringCase,
    Exists,
    Numeric,
    Prefix,
    Suffix,
    Test,
    Wildcard,
    Within,
    kind,
)
from cairn.cloudwatch.sns.filter_policy.matching import Condition, FilterPolicy, Leaf, Node, Or, Tree

KEYS_MAX = 5
COMBINATIONS_MAX = 150
"""Of the values under all keys, each counted as often as it is deep."""
POLICY_BYTES_MAX = 256 << 10
NUMBER_MAX = 1_000_000_000


class PolicyError(Exception):
    """A text is no filter policy. The message is for whoever wrote it, as SNS words it behind `FilterPolicy: `."""


class NestedPolicy(PolicyError):
    """Message attributes have no inside; what this says stands for itself."""


def parse_filter_policy(text: str, *, body: bool) -> FilterPolicy:
    """The policy that `text` is.

    Args:
        body: whether messages' bodies are filtered (`FilterPolicyScope` is `MessageBody`), or their attributes.

    Raises:
        PolicyError: it is none, or exceeds what SNS takes.
    """
    if len(text.encode("utf-8", "surrogatepass")) > POLICY_BYTES_MAX:
        raise PolicyError("Filter policy is too large")
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"failed to parse JSON. {error}") from error
    if not isinstance(document, dict):
        raise PolicyError("Filter policy must be an object")
    if len(document) > KEYS_MAX:
        raise PolicyError(f"Filter policy can not have more than {KEYS_MAX} keys")
    reader = _Reader(body)
    tree = reader.tree(document, 1)
    if _combinations(document, 1) > COMBINATIONS_MAX:
        raise PolicyError("Filter policy is too complex")
    return FilterPolicy(tree, body=body)


class _Reader:
    def __init__(self, body: bool) -> None:
        self._body = body

    def tree(self, document: Mapping[str, Any], depth: int) -> Tree:
        nodes: dict[str, Node] = {}
        for key, value in document.items():
            if key == "$or" and _is_or(value):
                nodes[key] = Or(tuple(self.tree(each, depth) for each in value))
            elif isinstance(value, list):
                nodes[key] = self._leaf(key, value)
            elif isinstance(value, dict):
                if not value:
                    raise PolicyError("Empty objects are not allowed")
                inner = self.tree(value, depth + 1)
                if not self._body:
                    raise NestedPolicy("Filter policy scope MessageAttributes does not support nested filter policy")
                nodes[key] = inner
            else:
                raise PolicyError(f'"{key}" must be an object or an array')
        return Tree(nodes)

    def _leaf(self, key: str, values: list[Any]) -> Leaf:
        if not values:
            raise PolicyError("Empty arrays are not allowed")
        return Leaf(tuple(_condition(value) for value in values))


def _is_or(value: Any) -> bool:
    """A key may be called `$or` and mean nothing by it: then it has a list of values like any other."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(each, dict) and each for each in value)
        and (
            all(all(isinstance(inner, dict | list) for inner in each.values()) for each in value)
            and not all(set(each) <= set(_OPERATORS) for each in value)
        )
    )


def _condition(value: Any) -> Condition:
    if isinstance(value, list):
        raise PolicyError("Match value must be String, number, true, false, or null")
    if not isinstance(value, dict):
        return Equals(_number_in_range(value))
    if len(value) > 1:
        raise PolicyError("Only one key allowed in match expression")
    if not value:
        raise PolicyError("Empty objects are not allowed")
    ((operator, operand),) = value.items()
    if operator not in _OPERATORS:
        raise PolicyError(f"Unrecognized match type {operator}")
    return _OPERATORS[operator](operand)


def _text(operator: str, make: Callable[[str], Test]) -> Callable[[Any], Test]:
    def read(operand: Any) -> Test:
        if not isinstance(operand, str):
            raise PolicyError(f"{operator} match pattern must be a string")
        return make(operand)

    return read


def _exists(operand: Any) -> Exists:
    if not isinstance(operand, bool):
        raise PolicyError("exists match pattern must be either true or false.")
    return Exists(operand)


def _cidr(operand: Any) -> Test:
    if not isinstance(operand, str):
        raise PolicyError("cidr match pattern must be a string")
    try:
        return Within(ipaddress.ip_network(operand, strict=False))
    except ValueError:
        raise PolicyError(
            f"Malformed CIDR, one '/' required: {operand}" if "/" not in operand else f"Malformed CIDR: {operand}"
        ) from None


def _anything_but(operand: Any) -> Test:
    if isinstance(operand, dict):
        if len(operand) != 1 or next(iter(operand)) not in _BUT:
            raise PolicyError("Unsupported anything-but pattern")
        ((operator, inner),) = operand.items()
        return AnythingBut(tuple(_BUT[operator](each) for each in (inner if isinstance(inner, list) else [inner])))
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        raise PolicyError("Empty arrays are not allowed")
    if not all(kind(value) in ("string", "number") for value in values if not isinstance(value, list | dict)) or any(
        isinstance(value, list | dict) for value in values
    ):
        raise PolicyError("Inside anything but list, start|null|boolean is not supported.")
    if len({kind(value) for value in values}) > 1:
        raise PolicyError(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    return AnythingBut(tuple(Equals(value) for value in values))


def _numeric(operand: Any) -> Test:
    """`["=", 5]`, or bounds: a lower one, an upper one, or both in this order."""
    if not isinstance(operand, list):
        raise PolicyError("Value of numeric must be an array.")
    if not operand:
        raise PolicyError("Invalid member in numeric match: ]")
    operator, *rest = operand
    if not isinstance(operator, str):
        raise PolicyError(f"Invalid member in numeric match: {json.dumps(operator)}")
    if operator not in ("=", "<", "<=", ">", ">="):
        raise PolicyError(f"Unrecognized numeric range operator: {operator}")
    value = _bound("equals" if operator == "=" else operator, rest)
    rest = rest[1:]
    if operator == "=":
        if rest:
            raise PolicyError("Too many elements in numeric expression")
        return Numeric(value, True, value, True)
    if operator in ("<", "<="):
        if rest:
            raise PolicyError("Too many elements in numeric expression")
        return Numeric(high=value, high_included=operator == "<=")
    if not rest:
        return Numeric(low=value, low_included=operator == ">=")
    second, *rest = rest
    if not isinstance(second, str):
        raise PolicyError(f"Bad value in numeric range: {json.dumps(second)}")
    if second not in ("<", "<="):
        raise PolicyError(f"Bad numeric range operator: {second}")
    top = _bound(second, rest)
    if len(rest) > 1:
        raise PolicyError("Too many terms in numeric range expression")
    if value >= top:
        raise PolicyError("Bottom must be less than top")
    return Numeric(value, operator == ">=", top, second == "<=")


def _bound(name: str, rest: list[Any]) -> float:
    if not rest or kind(rest[0]) != "number" or isinstance(rest[0], list | dict):
        raise PolicyError(f"Value of {name} must be numeric")
    bound: float = _number_in_range(rest[0])
    return bound


def _number_in_range(value: Any) -> Any:
    if kind(value) == "number" and not isinstance(value, list | dict) and not -NUMBER_MAX <= value <= NUMBER_MAX:
        raise PolicyError(f"Value must be between -{NUMBER_MAX} and {NUMBER_MAX}, inclusive")
    return value


_OPERATORS: dict[str, Callable[[Any], Condition]] = {
    "prefix": _text("prefix", Prefix),
    "suffix": _text("suffix", Suffix),
    "equals-ignore-case": _text("equals-ignore-case", EqualsIgnoringCase),
    "wildcard": _text("wildcard", Wildcard),
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
}
_BUT: dict[str, Callable[[Any], Test]] = {
    "prefix": _text("prefix", Prefix),
    "suffix": _text("suffix", Suffix),
    "wildcard": _text("wildcard", Wildcard),
    "equals-ignore-case": _text("equals-ignore-case", EqualsIgnoringCase),
}


def _combinations(document: Mapping[str, Any], depth: int) -> int:
    """Products of values along the keys, sums over the alternatives of `$or`."""
    product = 1
    for key, value in document.items():
        if key == "$or" and _is_or(value):
            product *= sum(_combinations(each, depth) for each in value)
        elif isinstance(value, dict):
            product *= _combinations(value, depth + 1)
        else:
            product *= len(value) * depth
    return product


def _no_constant(name: str) -> None:
    raise ValueError(f"Non-standard token '{name}'")
