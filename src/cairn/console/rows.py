"""An event as the pages show it."""

from __future__ import annotations

from typing import Any

import msgspec

from cairn.cloudtrail.history.facts import Facts, facts_of
from cairn.cloudtrail.history.segment_reader import StoredEvent
from cairn.core.clock import iso_seconds
from cairn.core.decoding import UNREADABLE
from cairn.core.records.event import Event


class _Ids(msgspec.Struct):
    """What a row says that the history does not index."""

    requestID: Any = ""


_ids = msgspec.json.Decoder(_Ids)


def row_of(event: StoredEvent) -> dict[str, Any]:
    """A row of the event history."""
    return {
        "id": event.id,
        "time": iso_seconds(event.time),
        "name": event.name,
        "source": event.source,
        "user": event.user,
        "region": event.region,
        "account": event.account,
        "readOnly": event.read_only,
        "errorCode": event.error,
        "sourceIp": event.source_ip,
        "accessKey": event.access_key,
        "requestId": _request_id(event.record),
        "resources": [{"type": kind, "name": name} for kind, name in event.resources],
        "record": msgspec.Raw(event.record),
    }


def live_row_of(event: Event, facts: Facts) -> dict[str, Any]:
    """The same of an event that the history may not have yet."""
    return row_of(live_event_of(event, facts))


def live_event_of(event: Event, facts: Facts) -> StoredEvent:
    """An event as the history will have it, but for its place."""
    header = event.header
    return StoredEvent(
        place=(header.time, 0),
        id=header.id,
        account=header.account,
        region=header.region,
        category=header.category,
        time=header.time,
        read_only=header.read_only,
        name=facts.name,
        source=facts.source,
        user=facts.user,
        access_key=facts.access_key,
        error=facts.error,
        source_ip=facts.source_ip,
        resources=facts.resources,
        record=event.record,
    )


def facts(event: Event) -> Facts:
    return facts_of(event.header, event.parse())


def _request_id(record: bytes) -> str:
    try:
        found = _ids.decode(record).requestID
    except UNREADABLE:
        return ""
    return found if isinstance(found, str) else ""
