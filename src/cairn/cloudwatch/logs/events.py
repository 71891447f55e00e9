"""Log events: as they are put, and as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from isal import isal_zlib

from cairn.cloudwatch.logs.names import GroupId

EVENT_OVERHEAD_BYTES = 26
"""What AWS counts for an event besides its message."""

_TIMESTAMP_BITS, _NUMBER_BITS = 144, 64
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

    def as_int(self) -> int:
        """In the order of places; AWS's ids of events too begin with the timestamp."""
        return self.timestamp_ms << _TIMESTAMP_BITS | self.seq << _NUMBER_BITS | self.number

    @classmethod
    def of_int(cls, value: int) -> Place:
        """The place of an `as_int`; any other number is a place between events."""
        seq = value >> _NUMBER_BITS & (1 << _TIMESTAMP_BITS - _NUMBER_BITS) - 1
        return cls(value >> _TIMESTAMP_BITS, seq, value & (1 << _NUMBER_BITS) - 1)


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
        """56 digits, in the order of places."""
        return f"{self.place.as_int():056d}"


class LogBatch(msgspec.Struct, frozen=True):
    """What one put brought."""

    seq: int
    """Greater than that of every put that was durable before it, whatever its group."""
    group: GroupId
    group_row: int
    """Tells a group from a later one of the same name."""
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
