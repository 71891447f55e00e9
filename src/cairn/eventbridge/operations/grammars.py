"""What operations check of texts that have a grammar of their own."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cairn.eventbridge.rules.target import Target


class Grammars(msgspec.Struct, frozen=True, kw_only=True):
    """Each raises the `AwsError` that the client is to see."""

    check_pattern: Callable[[str], None]
    test_pattern: Callable[[str, str], bool]
    """Whether a pattern matches an event, both JSON texts."""
    check_schedule: Callable[[str], None]
    check_inputs: Callable[[Target], None]
    """Of a target's Input, InputPath and InputTransformer, and of what else it has of settings."""
