"""A query's text as tokens, read one by one, since only the parser knows where a slash begins a regular expression."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from cairn.cloudwatch.queries.language.refusals import MalformedQuery


class Kind(Enum):
    """What a token is."""

    NAME = auto()
    QUOTED_NAME = auto()
    NUMBER = auto()
    PERIOD = auto()
    STRING = auto()
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query. `value` is what it means: a string without its quotes, a name without its backticks, and
    with `.0` for `[0]`."""

    kind: Kind
    value: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in any case."""
        return self.kind is Kind.NAME and self.value.lower() in words

    def is_symbol(self, *symbols: str) -> bool:
        return self.kind is Kind.SYMBOL and self.value in symbols


_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_PERIOD = re.compile(r"[0-9]+[A-Za-z]+(?![A-Za-z0-9_@.])")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z_@])")
_NAME = re.compile(r"[Ii][Nn](?=\[)|[A-Za-z_@][A-Za-z0-9_@]*(?:\.[A-Za-z0-9_@]+|\[[0-9]+\])*")
_SYMBOL = re.compile(r"!=|<=|>=|=~|==|[-+*/^%=<>(),|\[\]:]")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Tokens:
    """The tokens of a query, with one to look at ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.last_end = 0
        """Where the token that was taken last ends."""
        self.next = self._read(0)

    def take(self) -> Token:
        """The next token, which is passed over."""
        token = self.next
        self.last_end = token.end
        self.next = self._read(token.end)
        return token

    def at_regex(self) -> bool:
        """Whether a regular expression may begin here."""
        return self.next.is_symbol("/")

    def take_regex(self) -> Token:
        """The regular expression that begins here, without its slashes."""
        start, text = self.next.start, self.text
        at = start + 1
        parts = []
        while at < len(text) and text[at] != "/":
            if text[at] == "\\" and at + 1 < len(text):
                parts.append("/" if text[at + 1] == "/" else text[at : at + 2])
                at += 2
            else:
                parts.append(text[at])
                at += 1
        if at >= len(text):
            raise MalformedQuery("The regular expression has no end: a / is missing", start, len(text))
        self.last_end = at + 1
        self.next = self._read(at + 1)
        return Token(Kind.STRING, "".join(parts), start, at + 1)

    def unexpected(self, token: Token | None = None) -> MalformedQuery:
        """The error for a token that cannot stand where it does."""
        token = token or self.next
        if token.kind is Kind.END:
            return MalformedQuery("unexpected end of the query", token.start, token.end)
        line = self.text.count("\n", 0, token.start) + 1
        column = token.start - (self.text.rfind("\n", 0, token.start) + 1)
        found = self.text[token.start : token.end]
        text = f"unexpected symbol found {found} at line {line} and position {column}"
        return MalformedQuery(text, token.start, token.end)

    def _read(self, at: int) -> Token:
        text = self.text
        blank = _BLANK.match(text, at)
        start = blank.end() if blank else at
        if start == len(text):
            return Token(Kind.END, "", start, start)
        if text[start] in "\"'":
            return self._quoted(start)
        if text[start] == "`":
            end = text.find("`", start + 1)
            if end < 0 or end == start + 1:
                raise MalformedQuery("A name in backticks has no end, or is empty", start, len(text))
            return Token(Kind.QUOTED_NAME, text[start + 1 : end], start, end + 1)
        for kind, pattern in (
            (Kind.NUMBER, _NUMBER),
            (Kind.PERIOD, _PERIOD),
            (Kind.NAME, _NAME),
            (Kind.SYMBOL, _SYMBOL),
        ):
            found = pattern.match(text, start)
            if found:
                value = found[0].replace("[", ".").replace("]", "") if kind is Kind.NAME else found[0]
                return Token(kind, value, start, found.end())
        raise self.unexpected(Token(Kind.SYMBOL, text[start], start, start + 1))

    def _quoted(self, start: int) -> Token:
        text, quote = self.text, self.text[start]
        at = start + 1
        parts = []
        while at < len(text) and text[at] != quote:
            if text[at] == "\\" and at + 1 < len(text):
                escaped = text[at + 1]
                parts.append(_ESCAPES.get(escaped, escaped if escaped in "\"'\\" else "\\" + escaped))
                at += 2
            else:
                parts.append(text[at])
                at += 1
        if at >= len(text):
            raise MalformedQuery(f"The string has no end: a {quote} is missing", start, len(text))
        return Token(Kind.STRING, "".join(parts), start, at + 1)
