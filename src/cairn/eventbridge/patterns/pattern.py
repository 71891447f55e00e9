"""The pattern of a rule, parsed once (spec 9.1)."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from cairn.eventbridge.patterns.complexity import too_complex
from cairn.eventbridge.patterns.conditions import Condition, Literal, Number
from cairn.eventbridge.patterns.expressions import expression, text_or_address
from cairn.eventbridge.patterns.invalid import InvalidEventPattern
from cairn.eventbridge.patterns.numbers import number
from cairn.eventbridge.patterns.tokens import Token, Tokens

PATTERN_CHARACTERS_MAX = 4096
"""How long a pattern may be."""
BRANCHES_MAX = 1000
"""How many combinations the arms of a pattern's `$or` may make."""

Branch: TypeAlias = tuple[tuple[str, frozenset[Condition]], ...]
"""Fields by their paths, in the order of these, each with its alternatives: all fields must have one that holds."""

_OR = "$or"
_LITERALS = {Token.TRUE: True, Token.FALSE: False, Token.NULL: None}
_RESERVED = frozenset(
    {
        "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr",
        "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after",
        "date-on-or-after", "date-before", "date-on-or-before", "in-date-range", "ip-address-in-range",
        "ip-address-not-in-range",
    }
)  # fmt: skip
"""Names that no field in `$or` may have."""


class EventPattern(msgspec.Struct, frozen=True):
    """Which events are meant: those of which one branch holds. Without `$or` there is a single one."""

    text: str
    branches: tuple[Branch, ...]


def parse_pattern(text: str) -> EventPattern:
    """Read a pattern as AWS does: what follows its closing brace is not looked at, and of two arrays for the same field
    the last one counts.

    Raises:
        InvalidEventPattern: it is none, too long or too complex.
    """
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise InvalidEventPattern(f"Pattern is longer than {PATTERN_CHARACTERS_MAX} characters")
    reader = _Reader(text, alternatives=True)
    try:
        fields = reader.read()
    except InvalidEventPattern:
        if not reader.has_or:
            raise
        try:  # patterns older than `$or` may have a field of that name
            fields = _Reader(text, alternatives=False).read()
        except InvalidEventPattern:
            fields = []
        if not fields:
            raise
    _check_complexity(fields)
    return EventPattern(text, tuple(dict.fromkeys(tuple(sorted(branch.items())) for branch in fields)))


def _check_complexity(branches: list[dict[str, frozenset[Condition]]]) -> None:
    wildcards: dict[str, dict[Condition, None]] = {}
    for branch in branches:
        for path, conditions in branch.items():
            wildcards.setdefault(path, {}).update(dict.fromkeys(conditions))
    if any(too_complex(conditions) for conditions in wildcards.values()):
        raise InvalidEventPattern(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
            "wildcard character"
        )


class _Reader:
    """Reads one text, once. `alternatives` says whether `$or` is what it means, or a field's name."""

    def __init__(self, text: str, *, alternatives: bool) -> None:
        self.has_or = False
        self._alternatives = alternatives
        self._tokens = Tokens(text)
        self._branches: list[dict[str, frozenset[Condition]]] = [{}]

    def read(self) -> list[dict[str, frozenset[Condition]]]:
        if self._tokens.next() is not Token.OBJECT:
            raise self._tokens.error("Filter is not an object")
        self._object("", inside_or=False)
        return self._branches

    def _object(self, path: str, *, inside_or: bool) -> None:
        """The fields of an object whose brace was just read; `path` ends with a dot, or is empty."""
        empty = True
        while self._tokens.next() is not Token.OBJECT_END:
            empty = False
            name = self._tokens.name
            if name == _OR and self._alternatives:
                self._or(path)
                continue
            if inside_or and name in _RESERVED:
                raise self._tokens.error(f"{name} is Ruler reserved fieldName which cannot be used inside {_OR}.")
            token = self._tokens.next()
            if token is Token.OBJECT:
                self._object(f"{path}{name}.", inside_or=inside_or)
            elif token is Token.ARRAY:
                self._field(path + name)
            else:
                raise self._tokens.error(f'"{name}" must be an object or an array')
        if empty:
            raise self._tokens.error("Empty objects are not allowed")

    def _or(self, path: str) -> None:
        """Every branch so far goes on with each arm."""
        self.has_or = True
        before, after, arms = self._branches, list[dict[str, frozenset[Condition]]](), 0
        if self._tokens.next() is not Token.ARRAY:
            raise self._tokens.error(f"It must be an Array followed with {_OR}.")
        while (token := self._tokens.next()) is not Token.ARRAY_END:
            arms += 1
            if token is not Token.OBJECT:
                raise self._tokens.error(f"Only JSON object is allowed in array of {_OR} relationship.")
            self._branches = [dict(branch) for branch in before]
            self._object(path, inside_or=True)
            after += self._branches
            if len(after) > BRANCHES_MAX:
                raise InvalidEventPattern(f"Rule has more than {BRANCHES_MAX} combinations of {_OR} conditions")
        if arms < 2:
            raise self._tokens.error(f"There must have at least 2 Objects in {_OR} relationship.")
        self._branches = after

    def _field(self, path: str) -> None:
        """The alternatives of a field whose bracket was just read."""
        conditions: list[Condition] = []
        while (token := self._tokens.next()) is not Token.ARRAY_END:
            conditions.append(self._alternative(token))
        if not conditions:
            raise self._tokens.error("Empty arrays are not allowed")
        alternatives = frozenset(conditions)
        for branch in self._branches:
            branch[path] = alternatives

    def _alternative(self, token: Token) -> Condition:
        if token is Token.OBJECT:
            return expression(self._tokens)
        if token is Token.STRING:
            return text_or_address(self._tokens.string())
        if token is Token.NUMBER:
            return Number(number(self._tokens.number()))
        if token in _LITERALS:
            return Literal(_LITERALS[token])
        raise self._tokens.error("Match value must be String, number, true, false, or null")
