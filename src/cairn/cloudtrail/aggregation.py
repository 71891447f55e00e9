"""Aggregated events: what a trail's data events come to in five minutes, by operation, resource and user (spec 1.9).

Made of the events of one plan, and of nothing else, so that a plan gathered again gives the same aggregated events. An
event that is delivered later than others of its window, since it was recorded later or since the stretch ended in
between, comes in a further aggregated event of that window: their numbers add up.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from cairn.cloudtrail.selectors import Template
from cairn.core.clock import iso_seconds
from cairn.core.decoding import UNREADABLE
from cairn.core.records.event import Event, EventHeader

CATEGORY = "Aggregated"
WINDOW_S = 300
VALUES_MAX = 100
"""Values of a dimension that one aggregated event tells, the most frequent ones."""

_WINDOW_SIZE = "PT5M"
_VERSION = "1.0"
_PRIMARY: dict[Template, str] = {
    "API_ACTIVITY": "eventName",
    "RESOURCE_ACCESS": "resourceARN",
    "USER_ACTIONS": "userIdentity",
}
_DIMENSIONS = ("eventName", "resourceARN", "userIdentity", "userAgent", "sourceIpAddress", "errorCodes")
_IDS = uuid.UUID("5f0f4a52-8f43-4a53-a6cf-5d1b9b3b9a0e")
"""Namespace of the ids, which are functions of what is aggregated."""


class _Place(NamedTuple):
    """What one aggregated event is about."""

    account: str
    region: str
    source: str
    window: int
    """Its start, seconds since the epoch."""
    template: Template
    primary: str
    """The value of the template's primary dimension."""


class _Fields(msgspec.Struct, rename="camel"):
    """The members of a record that are dimensions. Of any type: strangers' records must stop nobody."""

    user_identity: Any = None
    user_agent: Any = None
    source_ip_address: Any = msgspec.field(name="sourceIPAddress", default=None)
    error_code: Any = None
    resources: Any = None


_decoder = msgspec.json.Decoder(_Fields)


class Aggregation:
    """The aggregated events of one plan to be.

    Args:
        origin: names the plan, for the events' ids.
    """

    def __init__(self, templates: tuple[Template, ...], origin: str) -> None:
        self._templates = templates
        self._origin = origin
        self._counts: dict[_Place, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))

    def add(self, event: Event) -> None:
        """Count a data event; others are none of its business."""
        header = event.header
        if header.category != "Data" or not self._templates:
            return
        values = _values(event)
        for template in self._templates:
            primary = values.get(_PRIMARY[template])
            if primary:
                window = header.time - header.time % WINDOW_S
                place = _Place(header.account, header.region, header.source, window, template, primary)
                counts = self._counts[place]
                for dimension, value in values.items():
                    counts[dimension][value] += 1

    def events(self) -> Iterator[Event]:
        """The aggregated events of all that was counted."""
        for place in sorted(self._counts):
            yield self._event(place, self._counts[place])

    def _event(self, place: _Place, counts: dict[str, Counter[str]]) -> Event:
        event_id = str(uuid.uuid5(_IDS, "\n".join(map(str, (self._origin, *place)))))
        primary = _PRIMARY[place.template]
        record = {
            "eventVersion": _VERSION,
            "accountId": place.account,
            "eventId": event_id,
            "eventCategory": CATEGORY,
            "eventType": "AwsAggregatedEvent",
            "awsRegion": place.region,
            "eventSource": place.source,
            "timeWindow": {
                "windowStart": iso_seconds(place.window),
                "windowEnd": iso_seconds(place.window + WINDOW_S),
                "windowSize": _WINDOW_SIZE,
            },
            "summary": {
                "primaryDimension": _dimension(primary, counts[primary]),
                "details": [
                    _dimension(name, counts[name]) for name in _DIMENSIONS if name != primary and name in counts
                ],
            },
        }
        header = EventHeader(event_id, place.account, place.region, CATEGORY, place.window, True, place.source, "")
        return Event(header, msgspec.json.encode(record))


def _dimension(name: str, counts: Counter[str]) -> dict[str, Any]:
    """The most frequent values first; of equally frequent ones the order is that of the alphabet."""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:VALUES_MAX]
    statistics = [{"name": value, "value": count} for value, count in most]
    return {"dimension": name, "statistics": statistics, "aggregationType": "Count"}


def _values(event: Event) -> dict[str, str]:
    """What an event says of each dimension; those of which it says nothing are missing."""
    try:
        fields = _decoder.decode(event.record)
    except UNREADABLE:
        fields = _Fields()
    values = {
        "eventName": event.header.name,
        "resourceARN": _resource(fields.resources),
        "userIdentity": _user(fields.user_identity),
        "userAgent": fields.user_agent,
        "sourceIpAddress": fields.source_ip_address,
        "errorCodes": fields.error_code,
    }
    return {name: value for name, value in values.items() if isinstance(value, str) and value}


def _resource(resources: Any) -> str:
    """The ARN of what was accessed: of an object its bucket's, which stands behind it."""
    arns = [found.get("ARN") for found in resources if isinstance(found, dict)] if isinstance(resources, list) else []
    return next((arn for arn in reversed(arns) if isinstance(arn, str)), "")


def _user(identity: Any) -> str:
    """The ARN of who called; where there is none, what is known: `AWSAccount:111122223333`, `AWSService:...`."""
    if not isinstance(identity, dict):
        return ""
    arn = identity.get("arn")
    if isinstance(arn, str) and arn:
        return arn
    known = (identity.get("type"), identity.get("accountId") or identity.get("invokedBy"))
    return ":".join(part for part in known if isinstance(part, str))
