"""A pattern that is none, and where in its text that was noticed, as AWS words both (spec 9.1)."""

from __future__ import annotations

import re

from cairn.core.errors import AwsError

SOURCE_CHARACTERS_MAX = 500
"""How much of a pattern an error repeats."""

_BREAK = re.compile(r"\r\n?|\n")
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class InvalidEventPattern(AwsError):
    """InvalidEventPatternException. `reason` is what follows "Reason: " in its message."""

    def __init__(self, reason: str) -> None:
        super().__init__("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")
        self.reason = reason


def location(text: str, position: int) -> str:
    """Where `position` is, as AWS says it: the text, line and column, both from 1.

    Columns count UTF-16 units, since AWS's parser is Java's.
    """
    breaks = [match.end() for match in _BREAK.finditer(text, 0, position)]
    row = text[breaks[-1] if breaks else 0 : position]
    column = len(row) + sum(character > "\uffff" for character in row) + 1
    shown = _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04X}", text[:SOURCE_CHARACTERS_MAX])
    cut = len(text) - SOURCE_CHARACTERS_MAX
    more = f"[truncated {cut} chars]" if cut > 0 else ""
    return f'[Source: (String)"{shown}"{more}; line: {len(breaks) + 1}, column: {column}]'
