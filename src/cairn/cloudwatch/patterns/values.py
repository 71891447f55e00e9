"""Values that conditions compare with: texts with wildcards, numbers, regular expressions (spec 8.2)."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from cairn.cloudwatch.patterns.regexes import Regex, read_regex
from cairn.cloudwatch.patterns.scanner import Scanner
from cairn.core.wildcards import fits

OPERATORS = ("!=", "<=", ">=", "=", "<", ">")
"""In the order in which they are looked for."""

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[\w.*:/@+\-]+")
_STAR = re.compile(r"\\([\\*])|\*")

Test = Callable[[Any], bool]
"""Whether a node, or a token, passes."""


@dataclass(frozen=True)
class Comparison:
    """An operator and a value, compiled."""

    differs: bool
    """Whether it is `!=`."""
    test: Test
    """Whether a node fulfils it, `!=` included."""
    exact: str | None = None
    """The one text that fulfils it; None where it is not as simple."""
    regexes: int = 0


def text_of(node: Any) -> str | None:
    """A scalar as text, as JSON writes it; None for objects, arrays and null."""
    if type(node) is str:
        return node
    if type(node) is bool:
        return "true" if node else "false"
    if type(node) is int:
        return str(node)
    return repr(node) if type(node) is float else None


def number_of(node: Any) -> int | float | None:
    """A number, or a text that is one; None for everything else."""
    if type(node) is int or type(node) is float:
        return node
    return _parsed(node) if type(node) is str and len(node) <= 64 and _NUMBER.fullmatch(node) else None


def read_comparison(scanner: Scanner, name: str) -> Comparison:
    """What follows the name of a property: operator and value.

    Raises:
        AwsError: InvalidParameterException.
    """
    scanner.skip_spaces()
    found = next((sign for sign in OPERATORS if scanner.take(sign)), "")
    if not found:
        raise scanner.error(f"an operator is missing after {name}")
    scanner.skip_spaces()
    begin = scanner.position
    if scanner.peek() == "%":
        return _of_regex(found, read_regex(scanner), scanner, begin)
    if scanner.peek() == '"':
        _, raw = scanner.quoted()
        if found in _ORDERS:
            raise scanner.invalid_characters(scanner.text[begin : scanner.position], begin)
        return _of_text(found, raw)
    word = scanner.match(_WORD)
    if not word:
        raise scanner.error(f"a value is missing after {found}")
    number = _parsed(word) if _NUMBER.fullmatch(word) else None
    if found in _ORDERS:
        if number is None:
            raise scanner.error(f"{found} compares with numbers", begin)
        return Comparison(False, _ordered(_ORDERS[found], number))
    return _of_text(found, word) if number is None else _of_number(found, number, word)


def _of_regex(sign: str, regex: Regex, scanner: Scanner, begin: int) -> Comparison:
    if sign in _ORDERS:
        raise scanner.error(f"{sign} compares with numbers", begin)

    def test(node: Any) -> bool:
        text = text_of(node)
        return text is not None and regex.found_in(text)

    return _signed(sign, test, regexes=1)


def _of_text(sign: str, pattern: str) -> Comparison:
    fits, exact = glob(pattern)

    def test(node: Any) -> bool:
        text = text_of(node)
        return text is not None and fits(text)

    return _signed(sign, test, exact=exact)


def _of_number(sign: str, number: int | float, word: str) -> Comparison:
    def test(node: Any) -> bool:
        return number_of(node) == number or node == word

    return _signed(sign, test)


def _signed(sign: str, test: Test, *, exact: str | None = None, regexes: int = 0) -> Comparison:
    if sign == "=":
        return Comparison(False, test, exact, regexes)

    def differs(node: Any) -> bool:
        return type(node) is not dict and type(node) is not list and not test(node)

    return Comparison(True, differs, None, regexes)


def _ordered(order: Callable[[Any, Any], bool], number: int | float) -> Test:
    def test(node: Any) -> bool:
        value = number_of(node)
        return value is not None and order(value, number)

    return test


def _parsed(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        value = float(text)
        return value if math.isfinite(value) else math.copysign(math.inf, value)


def glob(pattern: str) -> tuple[Callable[[str], bool], str | None]:
    """What a text with `*` in it fits, and the one text that does where it has none. `\\*` is a star."""
    parts = [""]
    end = 0
    for match in _STAR.finditer(pattern):
        parts[-1] += pattern[end : match.start()]
        end = match.end()
        if match[1]:
            parts[-1] += match[1]
        else:
            parts.append("")
    parts[-1] += pattern[end:]
    if len(parts) == 1:
        return parts[0].__eq__, parts[0]
    return partial(fits, parts), None
