"""Input templates: text with `<variables>`, read once and filled in for each event (spec 9.2).

A template that is a JSON object is JSON again when it is filled in: outside of quotes a variable becomes the JSON of
what it stands for, inside of quotes its bare text, which nothing escapes. Any other template is text: one or more
lines, each in quotes, which stay; in them objects and lists stand without quotes around their parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

RULE_ARN = "aws.events.rule-arn"
RULE_NAME = "aws.events.rule-name"
INGESTED = "aws.events.event.ingestion-time"
EVENT = "aws.events.event"
EVENT_JSON = "aws.events.event.json"
ONLY_IN_JSON = frozenset({EVENT, EVENT_JSON})
"""Variables that stand for objects whose contents nothing escapes."""
RESERVED = frozenset({RULE_ARN, RULE_NAME, INGESTED}) | ONLY_IN_JSON
TEMPLATES_KEPT_MAX = 1024

_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_MISSING = b'""'
"""What stands outside of quotes for what the event has not."""


class Slot(msgspec.Struct, frozen=True):
    """A place that a variable stands at."""

    name: str
    quoted: bool
    """Whether it is inside a string."""


Part = bytes | Slot


class Template(msgspec.Struct, frozen=True):
    """A template, in parts."""

    parts: tuple[Part, ...]
    is_object: bool

    @property
    def names(self) -> list[str]:
        """The variables in it, in order."""
        return list(dict.fromkeys(part.name for part in self.parts if isinstance(part, Slot)))

    @property
    def outline(self) -> str:
        """The template with null where a variable stands outside of quotes, to see whether it is JSON."""
        pieces = []
        for part in self.parts:
            if isinstance(part, Slot):
                pieces.append(f"<{part.name}>" if part.quoted else "null")
            else:
                pieces.append(part.decode("utf-8", "surrogatepass"))
        return "".join(pieces)

    def fill(self, value: Callable[[str], bytes | None]) -> bytes:
        """The text with every variable replaced; `value` gives its JSON, or None where the event has none."""
        pieces = [part if isinstance(part, bytes) else self._filled(part, value(part.name)) for part in self.parts]
        return b"".join(pieces)

    def _filled(self, slot: Slot, value: bytes | None) -> bytes:
        if not slot.quoted:
            return _MISSING if value is None else value
        if value is None:
            return b""
        if value[:1] == b'"' or not self.is_object:
            return bare(value)
        return value


@lru_cache(TEMPLATES_KEPT_MAX)
def read_template(text: str) -> Template:
    """The template that a text is. What `<...>` does not name a variable stands for itself."""
    parts: list[Part] = []
    quoted, start, position = False, 0, 0
    while position < len(text):
        character = text[position]
        if character == "<" and (found := _VARIABLE.match(text, position)):
            if start < position:
                parts.append(text[start:position].encode("utf-8", "surrogatepass"))
            parts.append(Slot(found[1], quoted))
            start = position = found.end()
            continue
        if character == "\\" and quoted:
            position += 1
        elif character == '"':
            quoted = not quoted
        position += 1
    if start < len(text):
        parts.append(text[start:].encode("utf-8", "surrogatepass"))
    return Template(tuple(parts), text.lstrip().startswith("{"))


def bare(value: bytes) -> bytes:
    """A JSON text without the quotes of its strings."""
    if value[:1] not in (b'"', b"{", b"["):
        return value
    return _bare(msgspec.json.decode(value)).encode("utf-8", "surrogatepass")


def _bare(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_bare(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_bare(each) for each in value) + "]"
    return msgspec.json.encode(value).decode()
