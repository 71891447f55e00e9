"""Space-delimited patterns: `[ip, user, ..., status = 4* && status != 404, bytes > 1000]` (spec 8.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cairn.cloudwatch.patterns.scanner import Scanner
from cairn.cloudwatch.patterns.values import read_comparison

REGEXES_MAX = 2
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")

Test = Callable[[str], bool]


@dataclass(frozen=True)
class Field:
    """One field of the pattern. Without a test, any token is one."""

    name: str
    """Empty where it has none."""
    test: Test | None = None
    regexes: int = 0


REST = Field("...")
"""Any number of tokens."""


@dataclass(frozen=True)
class Fields:
    """A compiled pattern."""

    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.name and field is not REST)

    @property
    def regexes(self) -> int:
        return sum(field.regexes for field in self.fields)

    def match(self, tokens: Sequence[str]) -> dict[str, str] | None:
        """The tokens by the names of their fields, if the message fits: as many tokens as fields, but for `...`, which
        takes as few as it can."""
        placed = _place(self.fields, tokens)
        if placed is None:
            return None
        return {field.name: token for field, token in placed if field.name}


def _place(fields: Sequence[Field], tokens: Sequence[str]) -> list[tuple[Field, str]] | None:
    """Which token each field has. Where a field does not fit behind a `...`, that takes one token more: as with
    wildcards in file names, only the last one ever has to."""
    placed: list[tuple[Field, str]] = []
    at = number = 0  # the field and the token that come next
    rest, resume, kept = -1, 0, 0  # the last `...`, the token behind it, and what was placed before it
    while number < len(tokens):
        if at < len(fields) and fields[at] is REST:
            rest, resume, kept = at, number, len(placed)
            at += 1
        elif at < len(fields) and _fits(fields[at], tokens[number]):
            placed.append((fields[at], tokens[number]))
            at, number = at + 1, number + 1
        elif rest >= 0:
            resume += 1
            at, number = rest + 1, resume
            del placed[kept:]
        else:
            return None
    while at < len(fields) and fields[at] is REST:
        at += 1
    return placed if at == len(fields) else None


def _fits(field: Field, token: str) -> bool:
    return field.test is None or field.test(token)


def read_fields(scanner: Scanner) -> Fields:
    """The fields between the brackets, to the scanner's end.

    Raises:
        AwsError: InvalidParameterException.
    """
    fields = [_field(scanner)]
    while not scanner.at_end:
        if not scanner.take(","):
            raise scanner.error("',' is missing between two fields")
        fields.append(_field(scanner))
    found = Fields(tuple(fields))
    if len(set(found.names)) < len(found.names):
        raise scanner.error("two fields have the same name", 0)
    if found.regexes > REGEXES_MAX:
        raise scanner.error(f"a pattern has {REGEXES_MAX} regular expressions at the most", 0)
    return found


def _field(scanner: Scanner) -> Field:
    scanner.skip_spaces()
    if scanner.take("..."):
        return REST
    name = scanner.match(_NAME)
    if not name:
        if scanner.at_end or scanner.peek() == ",":
            return Field("")
        raise scanner.error("a field's name is missing")
    scanner.skip_spaces()
    if scanner.at_end or scanner.peek() == ",":
        return Field(name)
    return _conditions(scanner, name)


def _conditions(scanner: Scanner, name: str) -> Field:
    """`name` is read: comparisons of it follow, joined by `&&` before `||`."""
    alternatives: list[list[Test]] = [[]]
    regexes = 0
    while True:
        comparison = read_comparison(scanner, name)
        alternatives[-1].append(comparison.test)
        regexes += comparison.regexes
        scanner.skip_spaces()
        if scanner.take("||"):
            alternatives.append([])
        elif not scanner.take("&&"):
            break
        scanner.skip_spaces()
        begin = scanner.position
        if scanner.match(_NAME) != name:
            raise scanner.error(f"a condition of another field than {name}", begin)

    def test(token: str) -> bool:
        return any(all(each(token) for each in together) for together in alternatives)

    return Field(name, test, regexes)
