"""Fields of log events: those that CloudWatch Logs makes, and those that it finds in JSON messages."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.events import Place, StoredEvent
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.store import LogStore
from cairn.core.decoding import UNREADABLE

DISCOVERED_MAX = 200
"""Fields that are found in one message."""

_decode = msgspec.json.Decoder().decode


def pointer(group: GroupId, place: Place) -> str:
    """What `@ptr` is: names one event of a group."""
    return base64.urlsafe_b64encode(msgspec.json.encode([*group, str(place.as_int())])).decode()


def pointed(store: LogStore, account: str, region: str, text: str) -> tuple[GroupId, StoredEvent]:
    """The event of a pointer.

    Raises:
        AwsError: InvalidParameterException: it is no pointer; ResourceNotFoundException: there is no such event.
    """
    try:
        *named, at = msgspec.json.decode(base64.urlsafe_b64decode(text), type=tuple[str, str, str, str])
        group, place = GroupId(*named), Place.of_int(int(at))
    except (ValueError, *UNREADABLE):
        raise refusals.invalid_parameter("The specified logRecordPointer is invalid.") from None  # (ours)
    if (group.account, group.region) != (account, region):
        raise refusals.record_not_found()
    before = Place.of_int(place.as_int() - 1) if place > Place(0, 0, 0) else None
    event = next(store.read(group, start_ms=place.timestamp_ms, end_ms=place.timestamp_ms, after=before), None)
    if event is None or event.place != place:
        raise refusals.record_not_found()
    return group, event


def fields_of(group: GroupId, event: StoredEvent) -> dict[str, str]:
    """All fields of an event, by name; values as text."""
    found = {
        name: value if isinstance(value, str) else _text(value) for name, value in discovered(event.message).items()
    }
    return found | {
        "@timestamp": str(event.timestamp_ms),
        "@ingestionTime": str(event.ingestion_ms),
        "@message": event.message,
        "@logStream": event.stream,
        "@log": f"{group.account}:{group.name}",
        "@ptr": pointer(group, event.place),
    }


def discovered(message: str) -> dict[str, Any]:
    """The fields of a JSON object: nested ones with dots between, items of lists by number; empty for other text."""
    if not message.lstrip().startswith("{"):
        return {}
    try:
        document = _decode(message)
    except UNREADABLE:
        return {}
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting and len(found) < DISCOVERED_MAX:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            inner = [(f"{path}.{key}" if path else key, item) for key, item in value.items()]
            waiting += reversed(inner)
        elif isinstance(value, list):
            waiting += reversed([(f"{path}.{number}", item) for number, item in enumerate(value)])
        else:
            found[path] = value
    return found


def shares(events: Iterable[StoredEvent]) -> dict[str, int]:
    """How many of a hundred events have each field, the most frequent first."""
    counts: Counter[str] = Counter()
    total = 0
    for event in events:
        total += 1
        counts.update(discovered(event.message).keys())
    if not total:
        return {}
    for name in ("@timestamp", "@message", "@logStream", "@log", "@ingestionTime"):
        counts[name] = total
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(100 * count / total) for name, count in ordered}


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
