"""Space-delimited patterns: `[ip, user, ..., status = 4* && status != 404, bytes > 1000]` (spec 8.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.patterns.scanner import Scanner
from cairn.cloudwatch.patterns.values import read_comparison

REGEXES_MAX = 2
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-]*")

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

Placed = list[tuple[Field, str]]
"""Which token each field has."""


class Fields:
    """A compiled pattern.

    Without `...` the last field takes all that is left of a message: `[time, id, event]` is how people split what a
    function logs, and AWS's guide matches `[w1=ERROR, w2]` with lines of many words.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = tuple(fields)
        self.names = tuple(field.name for field in fields if field.name and field is not REST)
        self.regexes = sum(field.regexes for field in fields)
        runs: list[list[Field]] = [[]]
        for field in fields:
            if field is REST:
                runs.append([])
            else:
                runs[-1].append(field)
        # Fields that are next to each other, with `...` between the runs: the first run is at the message's beginning,
        # the last one at its end.
        self._first, self._between, self._last = runs[0], [run for run in runs[1:-1] if run], runs[-1]
        self._has_rest = len(runs) > 1

    def match(self, message: Message) -> dict[str, str] | None:
        """The tokens by the names of their fields, if the message fits; each `...` takes as few as it can."""
        placed = self._spread(message.tokens) if self._has_rest else self._in_order(message)
        if placed is None:
            return None
        return {field.name: token for field, token in placed if field.name}

    def _in_order(self, message: Message) -> Placed | None:
        tokens, last = message.tokens, len(self._first) - 1
        if len(tokens) <= last:
            return None
        return _fitting(self._first, [*tokens[:last], message.rest(last)])

    def _spread(self, tokens: list[str]) -> Placed | None:
        at, end = len(self._first), len(tokens) - len(self._last)
        if at > end:
            return None
        placed, behind = _fitting(self._first, tokens[:at]), _fitting(self._last, tokens[end:])
        if placed is None or behind is None:
            return None
        for run in self._between:
            found = _find(run, tokens, at, end)
            if found is None:
                return None
            placed += zip(run, tokens[found : found + len(run)], strict=True)
            at = found + len(run)
        return placed + behind


def _fitting(fields: Sequence[Field], tokens: Sequence[str]) -> Placed | None:
    """Each field with its token, if all fit."""
    if all(_fits(field, token) for field, token in zip(fields, tokens, strict=True)):
        return list(zip(fields, tokens, strict=True))
    return None


def _find(run: Sequence[Field], tokens: Sequence[str], begin: int, end: int) -> int | None:
    """The first place between two where all fields of a run fit.

    Bit n of `reached` says that the run's first n + 1 fields fit the newest tokens, so that no token is looked at
    twice, however often a run nearly fits.
    """
    fitting: dict[str, int] = {}
    reached, whole = 0, 1 << (len(run) - 1)
    for number in range(begin, end):
        token = tokens[number]
        bits = fitting.get(token)
        if bits is None:
            bits = fitting[token] = sum(1 << place for place, field in enumerate(run) if _fits(field, token))
        reached = (reached << 1 | 1) & bits
        if reached & whole:
            return number - len(run) + 1
    return None


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
    found = Fields(fields)
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
