"""Many patterns that look at the same messages, at the cost of those that can match.

Most patterns hold only for messages that have one of a few texts at a place, such as an `eventName`. They are found by
what the message has there; only the others are asked each time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Generic, TypeVar

from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.patterns.pattern import Pattern
from cairn.cloudwatch.patterns.selector import Selector
from cairn.cloudwatch.patterns.values import text_of

K = TypeVar("K")


class PatternSet(Generic[K]):
    """Patterns by keys of yours. Any thread may ask it."""

    def __init__(self, patterns: Mapping[K, Pattern]) -> None:
        self._patterns = list(patterns.items())
        self._asked_always: list[int] = []
        # How many patterns name a text at a place. What many name, such as one service's `eventSource`, many events
        # have too: each pattern is found by what is rarest among those here.
        named = Counter(anchor for _, pattern in self._patterns for anchors in pattern.anchors for anchor in anchors)
        index: dict[Selector, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, (_, pattern) in enumerate(self._patterns):
            if not pattern.anchors:
                self._asked_always.append(number)
                continue
            for selector, text in set(min(pattern.anchors, key=lambda anchors: sum(named[each] for each in anchors))):
                index[selector][text].append(number)
        self._index = [(selector, dict(numbers)) for selector, numbers in index.items()]

    def matching(self, message: Message) -> list[K]:
        """The keys of the patterns that a message matches, in their order."""
        candidates = set(self._asked_always)
        for selector, numbers in self._index:
            for node in message.nodes(selector):
                text = text_of(node)
                if text is not None and text in numbers:
                    candidates.update(numbers[text])
        found = []
        for number in sorted(candidates):
            key, pattern = self._patterns[number]
            if pattern.matches(message):
                found.append(key)
        return found
