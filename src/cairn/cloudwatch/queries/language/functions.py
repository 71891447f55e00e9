"""Functions of one row: numbers, texts, addresses, JSON. What makes no sense comes to a missing value.

Source: CloudWatch Logs user guide, "Boolean, comparison, numeric, datetime, and other functions".
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from cairn.cloudwatch.queries.language.values import Timestamp, Value, number, tame, text

TEXT_CHARS_MAX = 1 << 20
"""Characters of a text that functions make; longer ones are cut."""


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments it takes, and what it does with them."""

    apply: Callable[..., Value]
    least: int
    most: int


def _numeric(work: Callable[[int | float], int | float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        found = number(value)
        if found is None:
            return None
        try:
            return tame(work(found))
        except (ValueError, OverflowError):
            return None

    return apply


def _chosen(choose: Callable[[list[int | float]], int | float]) -> Callable[..., Value]:
    def apply(*values: Value) -> Value:
        found = [each for each in map(number, values) if each is not None]
        return choose(found) if found else None

    return apply


def _textual(work: Callable[[str], Value]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        shown = text(value)
        return work(shown) if shown is not None else None

    return apply


def _trimmed(strip: Callable[..., str]) -> Callable[..., Value]:
    def apply(value: Value, *characters: Value) -> Value:
        shown = text(value)
        return strip(shown, *(text(each) for each in characters)) if shown is not None else None

    return apply


def _concat(*values: Value) -> Value:
    return "".join(text(value) or "" for value in values)[:TEXT_CHARS_MAX]


def _substr(value: Value, start: Value, length: Value = None) -> Value:
    shown, first, count = text(value), number(start), number(length)
    if shown is None or first is None:
        return None
    begin = max(int(first), 0)
    return shown[begin:] if count is None else shown[begin : begin + max(int(count), 0)]


def _replace(value: Value, search: Value, replacement: Value) -> Value:
    shown, old, new = text(value), text(search), text(replacement)
    if shown is None or not old or new is None:
        return shown
    if len(new) > len(old) and len(shown) + shown.count(old) * (len(new) - len(old)) > TEXT_CHARS_MAX:
        return None
    return shown.replace(old, new)


def _contains(value: Value, search: Value) -> Value:
    shown, wanted = text(value), text(search)
    return int(shown is not None and wanted is not None and wanted in shown)


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _parsed(value: Value) -> Value:
    try:
        return msgspec.json.decode(text(value) or "")
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _stringified(value: Value) -> Value:
    if value is None:
        return None
    return msgspec.json.encode(value if type(value) is not Timestamp else int(value)).decode()


def _from_millis(value: Value) -> Value:
    found = number(value)
    return Timestamp(found) if found is not None else None


def _to_millis(value: Value) -> Value:
    found = number(value)
    return int(found) if found is not None else None


@lru_cache(maxsize=4096)
def _address(shown: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(shown)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _network(shown: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(shown, strict=False)
    except ValueError:
        return None


def _is_address(*versions: int) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        found = _address(text(value) or "")
        return found is not None and found.version in versions

    return apply


def _in_subnet(*versions: int) -> Callable[[Value, Value], Value]:
    def apply(value: Value, subnet: Value) -> Value:
        found, network = _address(text(value) or ""), _network(text(subnet) or "")
        if found is None or network is None:
            return False
        return found.version in versions and found.version == network.version and found in network

    return apply


_MANY = 1000

FUNCTIONS: dict[str, Function] = {
    "abs": Function(_numeric(abs), 1, 1),
    "ceil": Function(_numeric(math.ceil), 1, 1),
    "floor": Function(_numeric(math.floor), 1, 1),
    "log": Function(_numeric(math.log), 1, 1),
    "sqrt": Function(_numeric(math.sqrt), 1, 1),
    "greatest": Function(_chosen(max), 1, _MANY),
    "least": Function(_chosen(min), 1, _MANY),
    "ispresent": Function(lambda value: value is not None, 1, 1),
    "coalesce": Function(_coalesce, 1, _MANY),
    "isempty": Function(lambda value: not text(value), 1, 1),
    "isblank": Function(lambda value: not (text(value) or "").strip(), 1, 1),
    "concat": Function(_concat, 1, _MANY),
    "ltrim": Function(_trimmed(str.lstrip), 1, 2),
    "rtrim": Function(_trimmed(str.rstrip), 1, 2),
    "trim": Function(_trimmed(str.strip), 1, 2),
    "strlen": Function(_textual(len), 1, 1),
    "toupper": Function(_textual(str.upper), 1, 1),
    "tolower": Function(_textual(str.lower), 1, 1),
    "substr": Function(_substr, 2, 3),
    "replace": Function(_replace, 3, 3),
    "strcontains": Function(_contains, 2, 2),
    "jsonparse": Function(_parsed, 1, 1),
    "jsonstringify": Function(_stringified, 1, 1),
    "frommillis": Function(_from_millis, 1, 1),
    "tomillis": Function(_to_millis, 1, 1),
    "isvalidip": Function(_is_address(4, 6), 1, 1),
    "isvalidipv4": Function(_is_address(4), 1, 1),
    "isvalidipv6": Function(_is_address(6), 1, 1),
    "isipinsubnet": Function(_in_subnet(4, 6), 2, 2),
    "isipv4insubnet": Function(_in_subnet(4), 2, 2),
    "isipv6insubnet": Function(_in_subnet(6), 2, 2),
    "unmask": Function(lambda value: value, 1, 1),
}
