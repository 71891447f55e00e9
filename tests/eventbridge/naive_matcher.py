"""Patterns of exact values at the top of an event, matched one after the other: all that tests of routing need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class NaiveMatcher:
    def __init__(self, patterns: Mapping[int, str]) -> None:
        self._patterns = {key: json.loads(text) for key, text in patterns.items()}

    def match(self, event: Mapping[str, Any]) -> set[int]:
        return {
            key
            for key, pattern in self._patterns.items()
            if all(event.get(name) in allowed for name, allowed in pattern.items())
        }
