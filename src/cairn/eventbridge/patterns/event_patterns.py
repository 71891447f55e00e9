"""Whether a pattern matches an event, as the operation TestEventPattern answers it (spec 9.1)."""

from __future__ import annotations

from typing import Any

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.errors import AwsError
from cairn.eventbridge.patterns.matcher import compile_rules
from cairn.eventbridge.patterns.pattern import parse_pattern

MANDATORY = ("id", "account", "source", "time", "region", "detail-type")
"""Fields that the event must have. The reference also names `resources`, which AWS does not ask for."""


def test(pattern_text: str, event_text: str) -> bool:
    """Whether the pattern matches the event.

    Raises:
        AwsError: ValidationException, if the event is no JSON object or lacks a mandatory field.
        InvalidEventPattern: the pattern is none.
    """
    event = _event(event_text)
    return bool(compile_rules({"": parse_pattern(pattern_text)}).match(event))


def _event(text: str) -> dict[str, Any]:
    try:
        event: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except UNREADABLE as error:
        raise AwsError("ValidationException", "Parameter Event is not valid.") from error
    if any(event.get(name) is None for name in MANDATORY):
        raise AwsError("ValidationException", "Parameter Event is not valid.")
    return event
