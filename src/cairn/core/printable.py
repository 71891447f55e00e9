"""Text of strangers as a terminal may show it."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` with everything spelled out that moves the cursor, hides what stands beside it or looks like nothing: a
    key of an object, a user agent or a name may hold anything. One line stays one line."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def printable_lines(text: str) -> str:
    """The same of a text whose line breaks are meant."""
    return "\n".join(map(printable, text.split("\n")))
