"""Reading a pattern's text from left to right, and the errors that tell where it is wrong."""

from __future__ import annotations

import re

from cairn.core.errors import AwsError


class Scanner:
    """A text and how far it is read."""

    def __init__(self, text: str, position: int = 0, end: int | None = None) -> None:
        self.text = text
        self.position = position
        self.end = len(text) if end is None else end

    @property
    def at_end(self) -> bool:
        """Whether nothing but white space is left, which this steps over."""
        self.skip_spaces()
        return self.position >= self.end

    def skip_spaces(self) -> None:
        while self.position < self.end and self.text[self.position].isspace():
            self.position += 1

    def peek(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.position] if self.position < self.end else ""

    def take(self, token: str) -> bool:
        """Step over `token` if it is next."""
        if not self.text.startswith(token, self.position, self.end):
            return False
        self.position += len(token)
        return True

    def match(self, expression: re.Pattern[str]) -> str:
        """Step over what `expression` matches next; empty where it matches nothing."""
        match = expression.match(self.text, self.position, self.end)
        if match is None:
            return ""
        self.position = match.end()
        return match[0]

    def expect(self, token: str) -> None:
        """Step over `token`.

        Raises:
            AwsError: something else is next.
        """
        self.skip_spaces()
        if not self.take(token):
            raise self.error(f"'{token}' is missing")

    def error(self, why: str, position: int | None = None) -> AwsError:
        """InvalidParameterException with a character's number, from 1."""
        return invalid(f"Invalid filter pattern: {why}", self.position if position is None else position)

    def invalid_characters(self, term: str, position: int) -> AwsError:
        return invalid(f"Invalid character(s) in term '{term}'", position)

    def quoted(self) -> tuple[str, str]:
        """The text of a quoted string that begins here, with `\\"` and `\\\\` read as what they stand for; and the same
        with every other backslash kept, as wildcards are read from it.

        Raises:
            AwsError: it does not end.
        """
        begin = self.position
        self.position += 1
        plain: list[str] = []
        raw: list[str] = []
        while (character := self.peek()) != '"':
            if not character:
                raise self.error("a quotation mark is not closed", begin)
            if character == "\\" and self.position + 1 < self.end:
                following = self.text[self.position + 1]
                plain.append(following if following in '"\\' else character + following)
                raw.append(following if following == '"' else character + following)
                self.position += 2
                continue
            plain.append(character)
            raw.append(character)
            self.position += 1
        self.position += 1
        return "".join(plain), "".join(raw)


def invalid(text: str, position: int) -> AwsError:
    return AwsError("InvalidParameterException", f"{text} (at character {position + 1})")
