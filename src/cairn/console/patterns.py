"""Why an event pattern does not match an event, which TestEventPattern does not tell."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from cairn.eventbridge.patterns import explain, parse_pattern


class ExplainRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pattern, as a rule has it, and an event."""

    pattern: str
    event: dict[str, Any]


async def explained(asked: ExplainRequest) -> dict[str, Any]:
    """Whether the pattern matches, and which fields are in the way.

    Raises:
        InvalidEventPattern: the pattern is none.
    """
    found = await asyncio.to_thread(lambda: explain(parse_pattern(asked.pattern), asked.event))
    told: dict[str, Any] = msgspec.to_builtins(found)
    return told
