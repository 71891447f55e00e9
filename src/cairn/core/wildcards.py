"""Texts with stars, each of which stands for any text: a pattern is given as the pieces between them.

Each piece is looked for where it is first, so that no pattern takes more than one way through a text: both may be a
stranger's.
"""

from __future__ import annotations

from collections.abc import Sequence


def fits(pieces: Sequence[str], value: str) -> bool:
    """Whether `value` is the pieces, with anything between two of them."""
    head, tail = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return value == head
    at, end = len(head), len(value) - len(tail)
    if at > end or not value.startswith(head) or not value.endswith(tail):
        return False
    for piece in pieces[1:-1]:
        at = value.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True
