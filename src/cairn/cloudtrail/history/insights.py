"""Insights events in the history: some are of management events, some of a trail's data events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cairn.cloudtrail.history.lookup import Found, Lookup, behind
from cairn.cloudtrail.history.segment_reader import StoredEvent, parse

PAGES_MAX = 20
"""Pages that are looked through for one."""


def details(event: StoredEvent) -> dict[str, Any]:
    """The record's insightDetails; empty, where a stranger's record has none."""
    found = parse(event.record).get("insightDetails")
    return found if isinstance(found, dict) else {}


def of_management_events(event: StoredEvent) -> bool:
    """Whether it is one that LookupEvents shows: older records do not say what they are of."""
    return bool(details(event).get("sourceEventCategory", "Management") == "Management")


def of_trail(arn: str) -> Callable[[StoredEvent], bool]:
    """Tells whether an event is an insight of the data events that a trail logs."""
    return lambda event: bool(details(event).get("insightSource") == arn)


def sifted(ask: Callable[[Lookup], Found], question: Lookup, wanted: Callable[[StoredEvent], bool]) -> Found:
    """A page of those events that are wanted; after `PAGES_MAX` pages, a shorter one that can be gone on with."""
    kept: list[StoredEvent] = []
    for _ in range(PAGES_MAX):
        found = ask(question)
        for number, event in enumerate(found.events, 1):
            if wanted(event):
                kept.append(event)
            if len(kept) == question.limit:
                return Found(kept, found.more or number < len(found.events), found.seq_end, event.place)
        if not found.more or found.last is None:
            return Found(kept, False, found.seq_end)
        question = behind(question, found.last, found.seq_end)
    return Found(kept, True, found.seq_end, found.last)
