"""Event patterns: which events a rule means (spec 9.1). Pure: no disk, no clock.

A pattern is parsed once: `parse_pattern`. The patterns of all rules of a bus are asked together which of them an event
matches: `compile_rules`.
"""

from cairn.eventbridge.patterns.explaining import Explanation, explain
from cairn.eventbridge.patterns.invalid import InvalidEventPattern
from cairn.eventbridge.patterns.matcher import Matcher, compile_rules
from cairn.eventbridge.patterns.pattern import PATTERN_CHARACTERS_MAX, EventPattern, parse_pattern

__all__ = [
    "PATTERN_CHARACTERS_MAX",
    "EventPattern",
    "Explanation",
    "InvalidEventPattern",
    "Matcher",
    "compile_rules",
    "explain",
    "parse_pattern",
]
