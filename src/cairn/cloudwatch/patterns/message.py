"""A log event's message, as patterns look at it: its JSON and its tokens, read at most once for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from cairn.cloudwatch.patterns.selector import Selector

_TOKEN = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
_WORD = re.compile(r"(\S+)")
_UNREAD = object()


class Message:
    """One message. For one thread."""

    __slots__ = ("_begins", "_document", "_found", "_tokens", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._document: Any = _UNREAD
        self._found: dict[str, tuple[Any, ...]] = {}
        self._tokens: list[str] | None = None
        self._begins: list[int] = []

    def nodes(self, selector: Selector) -> tuple[Any, ...]:
        """What a selector names in it; nothing where the message is no JSON."""
        found = self._found.get(selector.text)
        if found is None:
            found = self._found[selector.text] = selector.find(self.document)
        return found

    @property
    def document(self) -> Any:
        """The message as JSON; None where it is none."""
        if self._document is _UNREAD:
            try:
                self._document = msgspec.json.decode(self.text)
            except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
                self._document = _read_strange(self.text)
        return self._document

    @property
    def tokens(self) -> list[str]:
        """Its fields, separated by spaces; what is in brackets or quotation marks is one."""
        if self._tokens is None:
            self._tokens = list(self._split())
        return self._tokens

    def rest(self, number: int) -> str:
        """All of it from a token on, as it stands there; a token that is the last, as in `tokens`."""
        tokens = self.tokens
        return tokens[number] if number == len(tokens) - 1 else self.text[self._begins[number] :].rstrip()

    def _split(self) -> Iterator[str]:
        # Behind the last closing sign nothing is closed any more. If each opening sign there looked for one to the end,
        # a long message of nothing else would take the square of its length.
        closed = max(self.text.rfind("]"), self.text.rfind('"'))
        position = 0
        while match := (_TOKEN if position <= closed else _WORD).search(self.text, position):
            position = match.end()
            self._begins.append(match.start())
            yield match[match.lastindex or 0]


def _read_strange(text: str) -> Any:
    """JSON that the quick reader refuses: half a surrogate pair in a text, a number that no float holds. Nobody should
    escape a filter by having such a thing in a record. The halves become question marks, since nothing can store them.
    """
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        document = json.loads(text, parse_constant=_refuse)
        return json.loads(json.dumps(document, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
