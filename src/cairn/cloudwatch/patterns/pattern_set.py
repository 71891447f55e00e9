"""Many patterns that look at the same messages, at the cost of those that can match.

Most patterns hold only for messages that have one of a few texts at a place, such as an `eventName`. They are found by
what the message has there, and many need not even be asked then; only the others are asked each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Generic, TypeVar

from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.patterns.pattern import Pattern
from cairn.cloudwatch.patterns.selector import Selector
from cairn.cloudwatch.patterns.values import text_of

K = TypeVar("K")


class _Place:
    """What patterns look for at one place of messages: for each text, the patterns' numbers."""

    __slots__ = ("decided", "possible", "selector")

    def __init__(self, selector: Selector) -> None:
        self.selector = selector
        self.decided: dict[str, list[int]] = {}
        """Those that match with it, whatever else the message has."""
        self.possible: dict[str, list[int]] = {}


class PatternSet(Generic[K]):
    """Patterns by keys of yours. Any thread may ask it."""

    def __init__(self, patterns: Mapping[K, Pattern]) -> None:
        self._keys = list(patterns)
        self._tests = [pattern.matches for pattern in patterns.values()]
        self._asked_always = [number for number, pattern in enumerate(patterns.values()) if not pattern.anchors]
        # How many patterns name a text at a place. What many name, such as one service's `eventSource`, many events
        # have too: each pattern is found by what is rarest among those here.
        named = Counter(anchor for pattern in patterns.values() for anchors in pattern.anchors for anchor in anchors)
        places: dict[Selector, _Place] = {}
        for number, pattern in enumerate(patterns.values()):
            if not pattern.anchors:
                continue
            for selector, text in set(min(pattern.anchors, key=lambda anchors: sum(named[each] for each in anchors))):
                place = places.setdefault(selector, _Place(selector))
                numbers = place.decided if pattern.anchored else place.possible
                numbers.setdefault(text, []).append(number)
        self._places = list(places.values())

    def matching(self, message: Message) -> list[K]:
        """The keys of the patterns that a message matches, in their order."""
        found: set[int] = set()
        possible = set(self._asked_always)
        for place in self._places:
            for node in message.nodes(place.selector):
                text = text_of(node)
                if text is not None:
                    found.update(place.decided.get(text, ()))
                    possible.update(place.possible.get(text, ()))
        tests, keys = self._tests, self._keys
        found.update([number for number in possible if tests[number](message)])
        return [keys[number] for number in sorted(found)]
