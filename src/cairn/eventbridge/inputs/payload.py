"""From an event to what one target is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from cairn.core.clock import iso_seconds
from cairn.core.decoding import UNREADABLE
from cairn.eventbridge.event import BusEvent
from cairn.eventbridge.inputs import template as templates
from cairn.eventbridge.inputs.paths import Document, parse_path
from cairn.eventbridge.inputs.template import read_template

NOTHING = b"{}"
"""What is sent where the event has nothing at a target's InputPath."""
WORK_MAX = 32 << 20
"""Bytes that are read for one input: 32 times the largest event, since whoever puts events waits for it."""
_BEFORE_DETAIL = ("id", "account", "detail-type", "time", "source", "region", "resources", "version")
"""Of `<aws.events.event>`, in the order that AWS has them in."""


class WithSettings(Protocol):
    """A target, as far as its input goes."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """botocore's `Target` as it was put."""


def payload(target: WithSettings, event: BusEvent, *, rule_arn: str, rule_name: str, ingested: float) -> bytes:
    """What a target is sent of an event.

    Args:
        ingested: when the bus got the event, in seconds.

    Raises:
        InputTooLarge: it would be too much, or take too long.
    """
    settings = target.settings
    if "Input" in settings:
        return str(settings["Input"]).encode("utf-8", "surrogatepass")
    if "InputPath" in settings:
        found = Document(event.envelope, WORK_MAX).find(parse_path(settings["InputPath"]))
        return NOTHING if found is None else _minified(found)
    if "InputTransformer" not in settings:
        return event.envelope
    transformer: Mapping[str, Any] = settings["InputTransformer"]
    template = read_template(transformer["InputTemplate"])
    paths: Mapping[str, str] = transformer.get("InputPathsMap") or {}
    document = Document(event.envelope, WORK_MAX)

    def value(name: str) -> bytes | None:
        if name in paths:
            return document.find(parse_path(paths[name]))
        if name in (templates.EVENT, templates.EVENT_JSON):
            return event.envelope if name == templates.EVENT_JSON else _without_detail(document)
        texts = {
            templates.RULE_ARN: rule_arn,
            templates.RULE_NAME: rule_name,
            templates.INGESTED: iso_seconds(ingested),
        }
        return msgspec.json.encode(texts[name]) if name in texts else None

    filled = template.fill(value)
    return _minified(filled) if template.is_object else filled


def is_sound(target: WithSettings, payload: bytes) -> bool:
    """Whether a payload is JSON where it has to be: a text in quotes in a JSON template may have quotes itself."""
    transformer = target.settings.get("InputTransformer")
    if transformer is None or not read_template(transformer["InputTemplate"]).is_object:
        return True
    return _is_json(payload)


def _without_detail(document: Document) -> bytes:
    pieces = []
    for name in _BEFORE_DETAIL:
        found = document.find(parse_path(f"$.{name}"))
        if found is not None:
            pieces.append(f'"{"detailType" if name == "detail-type" else name}":'.encode() + found)
    return b"{" + b",".join(pieces) + b"}"


def _minified(text: bytes) -> bytes:
    """A JSON text without the space between its tokens; one that is none as it is."""
    return msgspec.json.format(text, indent=-1) if _is_json(text) else text


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except UNREADABLE:
        return False
    return True
