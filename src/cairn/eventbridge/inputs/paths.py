"""The JSON paths that targets use: `$`, `.name`, `[0]`, and `*` for every element (spec 9.2).

What is found is the event's own text, so that numbers stay as they were written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

PATHS_KEPT_MAX = 4096

_STEP = re.compile(r"\.(?:(?P<any>\*)|(?P<name>[^\s.\[\]()?*,'\"]+))|\[(?:(?P<index>\d{1,9})|(?P<every>\*))\]")
_EVERY = None
"""The step to every element."""

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])

Steps = tuple[str | int | None, ...]


class InvalidPath(Exception):
    """A text is no path that EventBridge takes."""


class Path(msgspec.Struct, frozen=True):
    """A path from the root of an event."""

    steps: Steps

    @property
    def is_definite(self) -> bool:
        """Whether it names one place; otherwise what it finds is a list."""
        return _EVERY not in self.steps


@lru_cache(PATHS_KEPT_MAX)
def parse_path(text: str) -> Path:
    """Raises `InvalidPath`. Names stand behind dots; brackets hold numbers, not quoted names, as in AWS."""
    if not text.startswith("$"):
        raise InvalidPath(text)
    steps: list[str | int | None] = []
    position = 1
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise InvalidPath(text)
        if step["name"] is not None:
            steps.append(step["name"])
        else:
            steps.append(int(step["index"]) if step["index"] is not None else _EVERY)
        position = step.end()
    return Path(tuple(steps))


class Document:
    """A JSON text in which things are looked up, each part of it read once."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._read: dict[Steps, dict[str, msgspec.Raw] | list[msgspec.Raw] | None] = {}

    def find(self, path: Path) -> bytes | None:
        """The JSON text at a path; None where the document has nothing there."""
        if path.is_definite:
            return self._definite(path.steps)
        found = _walk(self._text, path.steps)
        return b"[" + b",".join(bytes(each) for each in found) + b"]" if found else None

    def _definite(self, steps: Steps) -> bytes | None:
        if not steps:
            return self._text
        parent, last = steps[:-1], steps[-1]
        if parent not in self._read:
            text = self._definite(parent)
            self._read[parent] = None if text is None else _container(text)
        found = _element(self._read[parent], last)
        return None if found is None else bytes(found)


def _walk(text: bytes | msgspec.Raw, steps: Steps) -> list[bytes | msgspec.Raw]:
    if not steps:
        return [text]
    container = _container(text)
    if steps[0] is not _EVERY:
        found = _element(container, steps[0])
        return [] if found is None else _walk(found, steps[1:])
    elements = container.values() if isinstance(container, dict) else container or ()
    return [each for element in elements for each in _walk(element, steps[1:])]


def _container(text: bytes | msgspec.Raw) -> dict[str, msgspec.Raw] | list[msgspec.Raw] | None:
    """What a JSON text holds, if it is an object or an array."""
    start = bytes(text[:1]) if isinstance(text, bytes) else bytes(text)[:1]
    decoder: Any = {b"{": _object, b"[": _array}.get(start)
    if decoder is None:
        return None
    found: dict[str, msgspec.Raw] | list[msgspec.Raw] = decoder.decode(text)
    return found


def _element(
    container: dict[str, msgspec.Raw] | list[msgspec.Raw] | None, step: str | int | None
) -> msgspec.Raw | None:
    if isinstance(container, dict) and isinstance(step, str):
        return container.get(step)
    if isinstance(container, list) and isinstance(step, int) and step < len(container):
        return container[step]
    return None
