"""HttpParameters of a target whose values are taken from the event: those that are a JSON path as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.eventbridge.inputs.paths import Document, InvalidPath, parse_path


def resolved(parameters: Mapping[str, Any], event: bytes) -> dict[str, Any]:
    """The parameters with values in place of paths. What the event does not have is empty.

    Args:
        event: its envelope.
    """
    document = Document(event)
    found: dict[str, Any] = {}
    for name, given in parameters.items():
        if isinstance(given, Mapping):
            found[name] = {key: _value(text, document) for key, text in given.items()}
        else:
            found[name] = [_value(text, document) for text in given]
    return found


def _value(text: str, document: Document) -> str:
    if not text.startswith("$."):
        return text
    try:
        found = document.find(parse_path(text))
    except InvalidPath:
        return text
    if found is None:
        return ""
    return msgspec.json.decode(found, type=str) if found.startswith(b'"') else found.decode()
