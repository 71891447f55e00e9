"""An event bus as it is saved."""

from __future__ import annotations

from typing import Any

import msgspec

from cairn.eventbridge.event import BusId


class EventBus(msgspec.Struct, frozen=True, kw_only=True):
    """An event bus of an account in a region."""

    row: int
    """Its number in the database; 0 for a default bus that nobody has changed yet."""
    id: BusId
    settings: dict[str, Any] = {}
    """Description, KmsKeyIdentifier, DeadLetterConfig and LogConfig, as far as they were put."""
    policy: str = ""
    """Who else may use it, as JSON; empty: nobody."""
    created: float = 0.0
    modified: float = 0.0
    revision: int = 0
    """Grows with each change of a rule, a target or an archive."""
    archives: int = 0
    """How many archives take its events in."""
