"""Text with `*`, `?` and policy variables, and how it is matched.

What stands between two `*` is sought once, from where the piece before it was found: no text takes long, however many
wildcards there are. Whoever writes the policy or the text may be a stranger.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ARN_PARTS = 6

Context = Mapping[str, Sequence[str]]
"""Values of condition keys, their names in lower case."""


class Wild(enum.Enum):
    """A character of a pattern that stands for others."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`: the one value that the request has for a key."""

    key: str
    default: str | None = None


Unit = str | Wild | Variable
"""A part of a pattern: one character, a wildcard, a variable."""

Resolved = list[str | Wild]

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"([^,]+?)\s*,\s*'([^']*)'")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that a policy compares with."""

    text: str
    units: tuple[Unit, ...]
    prefix: str | None = None
    """What the text begins with, where the pattern is nothing but that and perhaps one `*` at its end."""
    open_end: bool = False
    """Whether it has that `*`."""

    @classmethod
    def of(cls, text: str, units: tuple[Unit, ...]) -> Pattern:
        open_end = bool(units) and units[-1] is Wild.ANY
        rest = units[:-1] if open_end else units
        literal = [unit for unit in rest if isinstance(unit, str)]
        return cls(text, units, "".join(literal) if len(literal) == len(rest) else None, open_end)

    def resolves(self, context: Context) -> bool:
        """Whether the request has a value for each variable."""
        return all(_value(unit, context) is not None for unit in self.units if isinstance(unit, Variable))

    def resolve(self, context: Context) -> Resolved | None:
        """The pattern with its variables replaced; None where the request has no single value for one.

        What a variable brings in is literal: a `*` in a user's name matches a star.
        """
        resolved: Resolved = []
        for unit in self.units:
            if isinstance(unit, Variable):
                value = _value(unit, context)
                if value is None:
                    return None
                resolved += value
            else:
                resolved.append(unit)
        return resolved

    def matches(self, text: str, context: Context) -> bool:
        if self.prefix is not None:
            return text.startswith(self.prefix) if self.open_end else text == self.prefix
        resolved = self.resolve(context)
        return resolved is not None and glob(resolved, text)

    def equals(self, text: str, context: Context) -> bool:
        """Like `matches`, with wildcards meaning themselves."""
        return self.literal(context) == text

    def literal(self, context: Context) -> str | None:
        """The text, wildcards as they stand and variables replaced."""
        resolved = self.resolve(context)
        if resolved is None:
            return None
        return "".join(unit.value if isinstance(unit, Wild) else unit for unit in resolved)


def parse_pattern(text: str, *, variables: bool) -> Pattern:
    """The pattern that `text` is.

    Args:
        variables: whether `${...}` has a meaning, as from policy version 2012-10-17 on.
    """
    units: list[Unit] = []
    at = 0
    if variables:
        for found in _VARIABLE.finditer(text):
            units += _wild(text[at : found.start()])
            units += _variable(found[1])
            at = found.end()
    return Pattern.of(text, (*units, *_wild(text[at:])))


@dataclass(frozen=True, slots=True)
class ArnPattern:
    """An ARN whose six parts are matched each by itself; the last may hold colons."""

    text: str
    parts: tuple[Pattern, ...]
    """Six, or one where the pattern is no ARN, such as `*`."""

    def resolves(self, context: Context) -> bool:
        """Whether the request has a value for each variable."""
        return all(part.resolves(context) for part in self.parts)

    def matches(self, arn: str, context: Context) -> bool:
        if len(self.parts) == 1:
            return self.parts[0].matches(arn, context)
        texts = arn.split(":", ARN_PARTS - 1)
        return len(texts) == ARN_PARTS and all(
            part.matches(text, context) for part, text in zip(self.parts, texts, strict=True)
        )


def parse_arn_pattern(text: str, *, variables: bool) -> ArnPattern:
    """The pattern that `text` is. Parts that it leaves out at its end are `*`."""
    whole = parse_pattern(text, variables=variables)
    parts: list[list[Unit]] = [[]]
    for unit in whole.units:
        if unit == ":" and len(parts) < ARN_PARTS:
            parts.append([])
        else:
            parts[-1].append(unit)
    if "".join(unit for unit in parts[0] if isinstance(unit, str)) != "arn" or len(parts) == 1:
        return ArnPattern(text, (whole,))
    parts += [[Wild.ANY]] * (ARN_PARTS - len(parts))
    return ArnPattern(text, tuple(Pattern.of(text, tuple(units)) for units in parts))


def glob(units: Sequence[str | Wild], text: str) -> bool:
    """Whether the whole of `text` fits `units`."""
    pieces = _between_stars(units)
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return len(first) == len(text) and _found(first, text, 0, len(text)) == 0
    at, end = len(first), len(text) - len(last)
    if end < at or _found(first, text, 0, at) != 0 or _found(last, text, end, len(text)) != end:
        return False
    for piece in pieces[1:-1]:
        at = _found(piece, text, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _between_stars(units: Sequence[str | Wild]) -> list[Resolved]:
    pieces: list[Resolved] = [[]]
    for unit in units:
        if unit is Wild.ANY:
            pieces.append([])
        else:
            pieces[-1].append(unit)
    return pieces


def _found(piece: Resolved, text: str, at: int, end: int) -> int:
    """Where a piece, which has no `*`, is within `text[at:end]` first; -1 where it is not."""
    if Wild.ONE not in piece:
        return text.find("".join(map(str, piece)), at, end)
    expression = "".join("." if unit is Wild.ONE else re.escape(str(unit)) for unit in piece)
    found = re.compile(expression, re.DOTALL).search(text, at, end)
    return found.start() if found is not None else -1


def _wild(text: str) -> list[Unit]:
    return [Wild(character) if character in "*?" else character for character in text]


def _variable(content: str) -> list[Unit]:
    if content in ("*", "?", "$"):  # how a policy writes these characters themselves
        return [content]
    default = _DEFAULT.fullmatch(content.strip())
    if default is not None:
        return [Variable(default[1].strip().lower(), default[2])]
    return [Variable(content.strip().lower())]


def _value(variable: Variable, context: Context) -> str | None:
    values = context.get(variable.key, ())
    return values[0] if len(values) == 1 else variable.default
