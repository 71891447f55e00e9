"""The event: one CloudTrail record and the few facts by which sinks choose it.

A record travels as the JSON text it was written in, from the gateway to the log file, byte for byte. The
header stands beside it so that no sink has to parse JSON to pass over an event.
"""

from __future__ import annotations

import enum
import uuid
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class Kind(enum.IntEnum):
    """What an entry of the journal is."""

    EVENT = 0
    """A record of what happened. The only kind that history, files and rules see."""
    INTENT = 1
    """A write call about to be sent upstream. Its record is what stands if no outcome ever follows: the same
    `eventID`, with an errorCode that says the outcome is unknown."""


class EventHeader(msgspec.Struct, frozen=True, array_like=True):
    """What sinks choose by, without parsing the record."""

    id: str
    """eventID: a lower-case UUID, unique for ever."""
    account: str
    """recipientAccountId, 12 digits."""
    region: str
    """awsRegion."""
    category: str
    """eventCategory: Management, Data, Insight, NetworkActivity, Aggregated."""
    time: int
    """eventTime in seconds since the epoch."""
    read_only: bool
    source: str
    """eventSource, such as `s3.amazonaws.com`."""
    name: str
    """eventName."""
    kind: Kind = Kind.EVENT
    types: tuple[str, ...] = ()
    """The `type` of each of a data event's resources. Journals that older versions wrote do not have them."""


class Event(msgspec.Struct, frozen=True):
    """A record with its header."""

    header: EventHeader
    record: bytes
    """The record as one line of JSON, UTF-8, fields in CloudTrail's order (spec 1.2)."""

    def parse(self) -> dict[str, Any]:
        """The record as a dictionary."""
        record: dict[str, Any] = _decoder.decode(self.record)
        return record


def new_event_id() -> str:
    """A new eventID."""
    return str(uuid.uuid4())


def encode_record(record: dict[str, Any]) -> bytes:
    """`record` as the one line of JSON that travels and is delivered."""
    return _encoder.encode(record)
