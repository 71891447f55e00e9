"""Filter patterns: which log events are meant, as metric filters, subscriptions and searches say it (spec 8.2). Pure.

A pattern is parsed and compiled once, and looks at messages many times: `compile_pattern`. Many patterns that look at
the same messages are asked together: `PatternSet`.
"""

from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.patterns.pattern import PATTERN_CHARACTERS_MAX, Pattern, compile_pattern
from cairn.cloudwatch.patterns.pattern_set import PatternSet
from cairn.cloudwatch.patterns.selector import Selector, parse_selector

__all__ = [
    "PATTERN_CHARACTERS_MAX",
    "Message",
    "Pattern",
    "PatternSet",
    "Selector",
    "compile_pattern",
    "parse_selector",
]
