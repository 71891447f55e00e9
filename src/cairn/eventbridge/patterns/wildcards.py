"""Wildcards as patterns write them: `*` is anything, `\\*` a star, `\\\\` a backslash (spec 9.1)."""

from __future__ import annotations

from cairn.eventbridge.patterns.conditions import Wildcard
from cairn.eventbridge.patterns.tokens import Tokens


def wildcard(tokens: Tokens, text: str) -> Wildcard:
    """The pieces of the string that was just read.

    Raises:
        InvalidEventPattern: two stars in a row, or another escape. Places count from the quotation mark, in bytes.
    """
    pieces, position = [""], 0
    while position < len(text):
        character = text[position]
        if character == "*":
            if text[position + 1 : position + 2] == "*":
                raise tokens.error(f"Consecutive wildcard characters at pos {_place(text, position)}")
            pieces.append("")
        elif character == "\\":
            position += 1
            escaped = text[position : position + 1]
            if escaped not in ("*", "\\"):
                raise tokens.error(f"Invalid escape character at pos {_place(text, position - 1)}")
            pieces[-1] += escaped
        else:
            pieces[-1] += character
        position += 1
    return Wildcard(tuple(pieces))


def _place(text: str, position: int) -> int:
    return 1 + len(text[:position].encode("utf-8", "surrogatepass"))
