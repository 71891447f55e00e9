"""Log events: as they are put, and as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from isal import isal_zlib

from cairn.cloudwatch.logs.names import GroupId

EVENT_OVERHEAD_BYTES = 26
"""What AWS counts for an event besides its message."""

_LEVEL = 1  # of 0 to 3: the next gains 3 % and takes a third longer


class LogEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event as it is put."""

    timestamp_ms: int
    message: str


class Place(NamedTuple):
    """Where an event stands in its group: events are ordered by this, and no two have the same."""

    timestamp_ms: int
    seq: int
    """Of the put that it came with."""
    number: int
    """In that put."""

    @property
    def event_id(self) -> str:
        """56 digits, in the order of places; AWS's too begin with the timestamp."""
        return f"{self.timestamp_ms << 144 | self.seq << 64 | self.number:056d}"

    @classmethod
    def of_event_id(cls, text: str) -> Place:
        """The place of an event by its id; what is no id is the place of no event."""
        number = int(text) if text.isdecimal() and len(text) <= 60 else 0
        return cls(number >> 144, number >> 64 & (1 << 80) - 1, number & (1 << 64) - 1)


class StoredEvent(NamedTuple):
    """One event as it is read."""

    place: Place
    stream: str
    ingestion_ms: int
    message: str

    @property
    def timestamp_ms(self) -> int:
        return self.place.timestamp_ms

    @property
    def id(self) -> str:
        return self.place.event_id


class LogBatch(msgspec.Struct, frozen=True):
    """What one put brought."""

    seq: int
    """Greater than that of every put that was durable before it, whatever its group."""
    group: GroupId
    stream: str
    ingestion_ms: int
    events: Sequence[LogEvent]


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event of a chunk, which holds events of many streams and puts."""

    timestamp_ms: int
    seq: int
    number: int
    stream: int
    """The stream's row: streams that were deleted since are found by no name."""
    ingestion_ms: int
    message: str


_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(list[LogEvent])
_rows = msgspec.msgpack.Decoder(list[Row])


def size_of(events: Iterable[LogEvent]) -> int:
    """Bytes as AWS counts them."""
    return sum(size_of_message(event.message) for event in events)


def size_of_message(message: str) -> int:
    """Bytes as AWS counts them for an event."""
    return (len(message) if message.isascii() else len(message.encode())) + EVENT_OVERHEAD_BYTES


def pack(events: Sequence[LogEvent] | Sequence[Row]) -> bytes:
    """Compressed; what `unpack_events` or `unpack_rows` reads."""
    packed: bytes = isal_zlib.compress(_encoder.encode(events), _LEVEL)
    return packed


def unpack_events(content: bytes) -> list[LogEvent]:
    return _events.decode(isal_zlib.decompress(content))


def unpack_rows(content: bytes) -> list[Row]:
    return _rows.decode(isal_zlib.decompress(content))
