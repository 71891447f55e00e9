"""The rule of a composite alarm: parsed once, asked whenever an alarm that it names has turned. Pure.

rule     = and { "OR" and }
and      = not { "AND" not }
not      = "NOT" not | atom
atom     = "(" rule ")" | "TRUE" | "FALSE" | state "(" alarm ")"
         | "AT_LEAST" "(" number [ "%" ] "," [ "NOT" ] state "," "(" alarm { "," alarm } ")" ")"
state    = "ALARM" | "OK" | "INSUFFICIENT_DATA"
alarm    = a name or an ARN, in double quotes (\\" and \\\\ inside), or bare: no spaces, parentheses, commas
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cairn.cloudwatch.alarms import refusals
from cairn.cloudwatch.alarms.alarm import name_of
from cairn.cloudwatch.alarms.evaluation import STATES

CHILDREN_MAX = 100
ELEMENTS_MAX = 500
"""Functions, TRUE and FALSE, operators and parentheses."""
NESTED_MAX = 100
"""Parentheses and NOTs inside each other; AWS's limit is that of elements alone."""

States = Mapping[str, str]
"""The state of each alarm, by name."""
Holds = Callable[[States], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed rule."""

    holds: Holds
    """Whether it is true, given the states of all its children."""
    children: tuple[str, ...]
    """Names of the alarms that it asks for, each once, in the order of the text."""


def parse_rule(text: str) -> Rule:
    """
    Raises:
        AwsError: ValidationError; the text is no rule, or it is beyond AWS's limits.
    """
    parser = _Parser(text)
    holds = parser.rule()
    parser.expect_end()
    children = tuple(dict.fromkeys(parser.children))
    if len(children) > CHILDREN_MAX:
        raise refusals.too_many_children(CHILDREN_MAX)
    return Rule(holds, children)


_TOKEN = re.compile(r"\s*(?:(?P<word>[A-Z_]+)(?![^\s(),])|(?P<mark>[(),])|(?P<other>[^\s(),]+))")
_REFERENCE = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"(),][^\s(),]*))\s*', re.DOTALL)
_THRESHOLD = re.compile(r"\s*(?P<number>\d{1,9})(?P<percent>%?)\s*")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._elements = 0
        self._nested = 0
        self.children: list[str] = []

    def rule(self) -> Holds:
        parts = [self._and()]
        while self._takes("OR"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else lambda states: any(part(states) for part in parts)

    def expect_end(self) -> None:
        if self._text[self._place :].strip():
            raise self._unsupported()

    def _and(self) -> Holds:
        parts = [self._not()]
        while self._takes("AND"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda states: all(part(states) for part in parts)

    def _not(self) -> Holds:
        if not self._takes("NOT"):
            return self._atom()
        with_in = self._deeper(self._not)
        return lambda states: not with_in(states)

    def _atom(self) -> Holds:
        if self._takes("("):
            inner = self._deeper(self.rule)
            self._expect(")")
            return inner
        if self._takes("TRUE"):
            return lambda states: True
        if self._takes("FALSE"):
            return lambda states: False
        if self._takes("AT_LEAST"):
            return self._at_least()
        state = self._state()
        self._expect("(")
        child = self._reference()
        self._expect(")")
        return lambda states: states[child] == state

    def _at_least(self) -> Holds:
        self._expect("(")
        least, percent = self._threshold()
        self._expect(",")
        negated = self._takes("NOT")
        state = self._state()
        self._expect(",")
        self._expect("(")
        children = [self._reference()]
        while self._takes(","):
            children.append(self._reference())
        self._expect(")")
        self._expect(")")
        wanted = least * len(children) / 100 if percent else least

        def holds(states: States) -> bool:
            return sum((states[child] == state) != negated for child in children) >= wanted

        return holds

    def _threshold(self) -> tuple[int, bool]:
        match = _THRESHOLD.match(self._text, self._place)
        if match is None or int(match["number"]) == 0 or (match["percent"] and int(match["number"]) > 100):
            raise self._unsupported()
        self._place = match.end()
        return int(match["number"]), bool(match["percent"])

    def _state(self) -> str:
        for state in STATES:
            if self._takes(state):
                return state
        raise self._unsupported()

    def _reference(self) -> str:
        match = _REFERENCE.match(self._text, self._place)
        if match is None:
            raise self._unsupported()
        self._place = match.end()
        given = match["bare"] or _ESCAPED.sub(r"\1", match["quoted"])
        if not given:
            raise self._unsupported()
        name = name_of(given)
        self.children.append(name)
        return name

    def _takes(self, wanted: str) -> bool:
        """Whether the next token is this one; if so it is passed."""
        match = _TOKEN.match(self._text, self._place)
        if match is None or (match["word"] or match["mark"]) != wanted:
            return False
        self._place = match.end()
        if wanted != ",":
            self._elements += 1
            if self._elements > ELEMENTS_MAX:
                raise refusals.too_many_elements(ELEMENTS_MAX)
        return True

    def _expect(self, wanted: str) -> None:
        if not self._takes(wanted):
            raise self._unsupported()

    def _deeper(self, parse: Callable[[], Holds]) -> Holds:
        self._nested += 1
        if self._nested > NESTED_MAX:
            raise refusals.rule_too_deep(NESTED_MAX)
        holds = parse()
        self._nested -= 1
        return holds

    def _unsupported(self) -> Exception:
        match = _TOKEN.match(self._text, self._place)
        if match is None:
            return refusals.rule_ends(len(self._text))
        token = match["word"] or match["mark"] or match["other"]
        return refusals.unsupported_token(token, match.end() - len(token))
