"""What destinations get: log events of one stream as JSON, compressed.

Source: CloudWatch Logs user guide, "Log group-level subscription filters".
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cairn.cloudwatch.logs import GroupId, Place
from cairn.cloudwatch.logs.events import size_of_message

PAYLOAD_BYTES_MAX = 256 << 10
"""Of messages in a payload, as AWS counts; one event more where a single one has more."""
OWNER = "CloudwatchLogs"
"""Who owns a control message."""
_LEVEL = 5


class Event(msgspec.Struct, frozen=True):
    """A log event as it is delivered."""

    id: str
    timestamp: int
    message: str


class Payload(msgspec.Struct, frozen=True):
    """One message; the members are AWS's."""

    messageType: str
    owner: str
    logGroup: str
    logStream: str
    subscriptionFilters: list[str]
    logEvents: list[Event]


_decode = msgspec.json.Decoder(Payload).decode


def control_message(now_ms: int) -> bytes:
    """What shows whether a destination can be reached."""
    text = "CWL CONTROL MESSAGE: Checking health of destination"
    event = Event("", now_ms, text)
    return _packed(Payload("CONTROL_MESSAGE", OWNER, "", "", [], [event]))


def data_message(group: GroupId, stream: str, filter: str, events: Sequence[Event]) -> bytes:
    """What a filter let through of a stream."""
    return _packed(Payload("DATA_MESSAGE", group.account, group.name, stream, [filter], list(events)))


def event_of(place: Place, message: str) -> Event:
    return Event(f"{place.as_int():056d}", place.timestamp_ms, message)


def parts(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events, as many together as one payload holds."""
    part: list[Event] = []
    size = 0
    for event in events:
        bytes_ = size_of_message(event.message)
        if part and size + bytes_ > PAYLOAD_BYTES_MAX:
            yield part
            part, size = [], 0
        part.append(event)
        size += bytes_
    if part:
        yield part


def halves(content: bytes) -> tuple[bytes, ...]:
    """A data message as two of half its events; none if it has but one."""
    found = _decode(gzip.decompress(content))
    middle = len(found.logEvents) // 2
    if not middle:
        return ()
    parts = found.logEvents[:middle], found.logEvents[middle:]
    return tuple(_packed(msgspec.structs.replace(found, logEvents=part)) for part in parts)


def _packed(payload: Payload) -> bytes:
    return gzip.compress(msgspec.json.encode(payload), _LEVEL, mtime=0)
