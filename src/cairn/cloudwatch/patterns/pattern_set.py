"""Many patterns that look at the same messages, at the cost of those that can match.

Most patterns hold only for messages that have one of a few texts at a place, such as an `eventName`. They are found by
what the message has there; many need not be asked then. Only the others are asked each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from cairn.cloudwatch.patterns.message import Message
from cairn.cloudwatch.patterns.pattern import Pattern
from cairn.cloudwatch.patterns.selector import Selector
from cairn.cloudwatch.patterns.values import text_of

K = TypeVar("K")


class _Place:
    """What patterns look for at one place of messages: for each text, the numbers of the patterns."""

    __slots__ = ("matching", "possible", "selector")

    def __init__(self, selector: Selector) -> None:
        self.selector = selector
        self.matching: dict[str, list[int]] = {}
        """Those that match with it, whatever else the message has."""
        self.possible: dict[str, list[int]] = {}


class PatternSet(Generic[K]):
    """Patterns by keys of yours. Any thread may ask it."""

    def __init__(self, patterns: Mapping[K, Pattern]) -> None:
        self._keys = list(patterns)
        self._tests = [pattern.matches for pattern in patterns.values()]
        self._asked_always: list[int] = []
        places: dict[Selector, _Place] = {}
        for number, pattern in enumerate(patterns.values()):
            if pattern.anchors is None:
                self._asked_always.append(number)
            for selector, text in dict.fromkeys(pattern.anchors or ()):
                place = places.setdefault(selector, _Place(selector))
                numbers = place.matching if pattern.anchored else place.possible
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
                    found.update(place.matching.get(text, ()))
                    possible.update(place.possible.get(text, ()))
        tests, keys = self._tests, self._keys
        found.update([number for number in possible if tests[number](message)])
        return [keys[number] for number in sorted(found)]
