"""A log event's message, as patterns look at it: its JSON and its tokens, read at most once for all of them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from cairn.cloudwatch.patterns.selector import Selector

_TOKEN = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
_UNREAD = object()


class Message:
    """One message. For one thread."""

    __slots__ = ("_document", "_found", "_tokens", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._document: Any = _UNREAD
        self._found: dict[str, tuple[Any, ...]] = {}  # by text, whose hash Python keeps
        self._tokens: list[str] | None = None

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
                self._document = None
        return self._document

    @property
    def tokens(self) -> list[str]:
        """Its fields, separated by spaces; what is in brackets or quotation marks is one."""
        if self._tokens is None:
            self._tokens = [match[match.lastindex or 0] for match in _TOKEN.finditer(self.text)]
        return self._tokens
