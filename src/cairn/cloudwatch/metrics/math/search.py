"""Search expressions: `{Namespace,Dimension} MetricName="Errors" OR blue NOT green`.

    search = [ "{" name { "," name } "}" ] [ or ]
    or     = and { "OR" and }
    and    = not { [ "AND" ] not }
    not    = [ "NOT" ] ( "(" or ")" | [ name "=" ] value )
    value  = word | '"' exact '"' | "(" value { "OR" value } ")" behind a name

A word is found in any part of a metric (its namespace, its name, its dimensions' names and values), in upper or lower
case, as a token of it: parts are split at capitals, and where letters, digits and other characters meet, so that
`count` finds `RequestCount`, and `coun` does not. Text in quotes is one whole part, and case counts. With a schema only
metrics with exactly these dimensions are found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cairn.cloudwatch.metrics.datum import Metric
from cairn.cloudwatch.metrics.math.syntax import MathError

SEARCH_CHARACTERS_MAX = 1_024
FOUND_MAX = 500
"""Metrics that a search returns."""
_DEPTH_MAX = 30

_TOKEN = re.compile(r'\s+|(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[(){}=,])|(?P<word>[^\s"(){}=,]+)')
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

Test = Callable[[Metric], bool]


@dataclass(frozen=True)
class Search:
    """Which metrics are asked for."""

    namespace: str
    """Empty: any."""
    matches: Test


def parse_search(text: str) -> Search:
    """What a search asks for.

    Raises:
        MathError: it cannot be understood; the position is one in the search's own text.
    """
    if len(text) > SEARCH_CHARACTERS_MAX:
        raise MathError(f"The search is longer than {SEARCH_CHARACTERS_MAX} characters", SEARCH_CHARACTERS_MAX)
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise MathError(f"Unexpected symbol '{text[at]}' in the search", at + 1)
            if match.lastgroup is not None:
                self._tokens.append((match.lastgroup, match[0], at + 1))
            at = match.end()
        self._tokens.append(("end", "", at + 1))
        self._next = 0
        self._depth = 0

    def whole(self) -> Search:
        namespace, dimensions = self._schema()
        test: Test = _anything
        if self._tokens[self._next][0] != "end":
            test = self._or()
        elif not namespace:
            raise MathError("The search asks for nothing", 1)
        if self._tokens[self._next][0] != "end":
            raise self._unexpected()

        def matches(metric: Metric) -> bool:
            if namespace and metric.namespace != namespace:
                return False
            if namespace and {name for name, _ in metric.dimensions} != dimensions:
                return False
            return test(metric)

        return Search(namespace, matches)

    def _schema(self) -> tuple[str, set[str]]:
        if not self._take("{"):
            return "", set()
        names = [self._name()]
        while self._take(","):
            names.append(self._name())
        if not self._take("}"):
            raise self._unexpected()
        return names[0], set(names[1:])

    def _or(self) -> Test:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise MathError("The search is nested too deep", self._tokens[self._next][2])
        tests = [self._and()]
        while self._take_word("OR"):
            tests.append(self._and())
        self._depth -= 1
        return lambda metric: any(test(metric) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while True:
            kind, text, _ = self._tokens[self._next]
            if not self._take_word("AND") and (kind == "end" or text in (")", "OR")):
                return lambda metric: all(test(metric) for test in tests)
            tests.append(self._not())

    def _not(self) -> Test:
        if self._take_word("NOT"):
            inner = self._term()
            return lambda metric: not inner(metric)
        return self._term()

    def _term(self) -> Test:
        if self._take("("):
            test = self._or()
            if not self._take(")"):
                raise self._unexpected()
            return test
        kind = self._tokens[self._next][0]
        value = self._name()
        if not self._take("="):
            return _contains(value, exact=kind == "text", parts=_all_parts)
        parts = _named_parts(value)
        if not self._take("("):
            return self._value(parts)
        tests = [self._value(parts)]
        while self._take_word("OR"):
            tests.append(self._value(parts))
        if not self._take(")"):
            raise self._unexpected()
        return lambda metric: any(test(metric) for test in tests)

    def _value(self, parts: Callable[[Metric], list[str]]) -> Test:
        exact = self._tokens[self._next][0] == "text"
        return _contains(self._name(), exact=exact, parts=parts)

    def _name(self) -> str:
        kind, text, _ = self._tokens[self._next]
        if kind not in ("text", "word"):
            raise self._unexpected()
        self._next += 1
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "text" else text

    def _take(self, sign: str) -> bool:
        kind, text, _ = self._tokens[self._next]
        found = kind == "sign" and text == sign
        self._next += found
        return found

    def _take_word(self, word: str) -> bool:
        kind, text, _ = self._tokens[self._next]
        found = kind == "word" and text == word
        self._next += found
        return found

    def _unexpected(self) -> MathError:
        _, text, at = self._tokens[self._next]
        return MathError(f"Unexpected {f'symbol {text!r}' if text else 'end'} in the search", at)


def _anything(metric: Metric) -> bool:
    return True


def _all_parts(metric: Metric) -> list[str]:
    return [metric.namespace, metric.name, *(part for pair in metric.dimensions for part in pair)]


def _named_parts(name: str) -> Callable[[Metric], list[str]]:
    """The part that a name in front of `=` means."""
    match name.lower():
        case "metricname":
            return lambda metric: [metric.name]
        case "namespace":
            return lambda metric: [metric.namespace]
    return lambda metric: [value for dimension, value in metric.dimensions if dimension == name]


def _contains(value: str, *, exact: bool, parts: Callable[[Metric], list[str]]) -> Test:
    if exact:
        return lambda metric: value in parts(metric)
    wanted = "".join(_tokens_of(value))
    if not wanted:
        return lambda metric: value.lower() in (part.lower() for part in parts(metric))
    return lambda metric: any(_holds(_tokens_of(part), wanted) for part in parts(metric))


def _tokens_of(text: str) -> list[str]:
    return [part.lower() for part in _PARTS.findall(text)]


def _holds(tokens: list[str], wanted: str) -> bool:
    """Whether some tokens, one behind the other, are what is wanted."""
    for first in range(len(tokens)):
        joined = ""
        for token in tokens[first:]:
            joined += token
            if joined == wanted:
                return True
            if len(joined) >= len(wanted):
                break
    return False
