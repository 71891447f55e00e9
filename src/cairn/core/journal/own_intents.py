"""What a writer remembers of the intents it appended, so that a call is never recorded twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from cairn.core.records.event import Event, Kind

ENDED_INTENTS_MAX = 100_000


class OwnIntents:
    """The intents that a writer appended: those open, and those that its fencing ended."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def note(self, events: Sequence[Event]) -> None:
        """`events` were appended."""
        for event in events:
            if event.header.kind == Kind.INTENT:
                self.open.add(event.header.id)
            else:
                self.open.discard(event.header.id)

    def closed_by(self, events: Sequence[Event]) -> bool:
        """Whether `events` are outcomes of open intents and nothing else. What was begun goes in before anything new,
        into the reserve of a full disk and past a full queue."""
        return all(event.header.kind == Kind.EVENT and event.header.id in self.open for event in events)

    def end(self) -> None:
        """The writer's epoch is over: whatever was open is recorded by others."""
        self._ended.update(dict.fromkeys(self.open))
        self.open.clear()
        while len(self._ended) > ENDED_INTENTS_MAX:
            self._ended.popitem(last=False)

    def ended(self, events: Sequence[Event]) -> bool:
        """Whether any of `events` is the outcome of an ended intent."""
        return bool(self._ended) and any(event.header.id in self._ended for event in events)
