"""What belongs to an event: others by the same key, user, address, request, and on the same resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cairn.cloudtrail.history.facts import VALUE_CHARS_MAX
from cairn.cloudtrail.history.query import parse_query
from cairn.cloudtrail.history.search import Search
from cairn.cloudtrail.history.segment_reader import StoredEvent, parse
from cairn.core.clock import iso_seconds

AROUND_S = 86_400
"""How long before and after an event others belong to it."""
REQUEST_S = 60
"""The same for those of one request, for which records have to be read."""
RESOURCES_MAX = 3


def related_to(event: StoredEvent, count: Callable[[Search], int]) -> list[dict[str, Any]]:
    """Each reason with the query that finds them and how many it finds, the event itself included.

    Args:
        count: how many events fit a question.
    """
    related = []
    for reason, query, around in _reasons(event):
        question = Search(
            query=parse_query(query),
            accounts=(event.account,),
            category=event.category,
            time_min=event.time - around,
            time_max=event.time + around,
        )
        span = {"since": iso_seconds(question.time_min), "until": iso_seconds(question.time_max)}
        related.append({"reason": reason, "query": query, "count": count(question)} | span)
    return related


def term(field: str, value: str) -> str:
    """A query for exactly one value of a field."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field}="{escaped}"'


def _reasons(event: StoredEvent) -> Iterator[tuple[str, str, int]]:
    record = parse(event.record)
    found = [
        ("Same access key", "key", event.access_key, AROUND_S),
        ("Same user", "user", event.user, AROUND_S),
        ("Same source address", "ip", event.source_ip, AROUND_S),
        *(("Same resource", "resource", name, AROUND_S) for _, name in event.resources[:RESOURCES_MAX]),
        ("Same request", "requestID", record.get("requestID"), REQUEST_S),
        ("Same action elsewhere", "sharedEventID", record.get("sharedEventID"), REQUEST_S),
    ]
    for reason, field, value, around in found:
        if isinstance(value, str) and 0 < len(value) <= VALUE_CHARS_MAX:
            yield reason, term(field, value), around
