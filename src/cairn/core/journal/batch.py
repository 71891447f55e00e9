"""The framing of a batch as bytes: a header that can be read alone, the records, a checksum that chains.

    "CRN" version=1 | header length, 4 bytes big-endian | header, msgpack | records | SHA-256 of all before

The header holds each event's `EventHeader` and its record's length, so that whoever passes over a batch touches no
record. The checksum of a writer's batch is the `previous` of its next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from cairn.core.decoding import UNREADABLE
from cairn.core.errors import CairnError
from cairn.core.journal.journal import Batch
from cairn.core.records.event import Event, EventHeader

MAGIC = b"CRN"
VERSION = 1
DIGEST_BYTES = 32
NO_DIGEST = bytes(DIGEST_BYTES)
"""The `previous` of a writer's first batch."""

_PREFIX_BYTES = len(MAGIC) + 1 + 4


class BatchDamaged(CairnError):
    """Bytes that are no whole batch: cut, altered, or of a version that is not read here."""


class BatchHeader(msgspec.Struct, frozen=True, array_like=True):
    """Everything of a batch but its records."""

    writer: str
    epoch: str
    sequence: int
    origin: str
    previous: bytes
    events: tuple[tuple[EventHeader, int], ...]
    """Each event's header and its record's length in bytes."""

    @property
    def event_headers(self) -> tuple[EventHeader, ...]:
        return tuple(header for header, _ in self.events)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(BatchHeader)


def encode(writer: str, epoch: str, sequence: int, origin: str, previous: bytes, events: Sequence[Event]) -> bytes:
    """A batch as bytes. `digest` of them is the `previous` of the writer's next batch."""
    header = _encoder.encode(
        BatchHeader(
            writer, epoch, sequence, origin, previous, tuple((event.header, len(event.record)) for event in events)
        )
    )
    parts = [MAGIC, bytes([VERSION]), len(header).to_bytes(4, "big"), header, *(event.record for event in events)]
    body = b"".join(parts)
    return body + hashlib.sha256(body).digest()


def digest(data: bytes) -> bytes:
    """The checksum that `data`, the bytes of a batch, ends with. It is not verified here."""
    return data[-DIGEST_BYTES:]


def next_link(last: bytes | None) -> tuple[int, bytes]:
    """`sequence` and `previous` of the batch that follows `last` of the same writer; None: it has none.

    Behind a damaged batch the chain starts anew.
    """
    try:
        return (read_header(last).sequence + 1, digest(last)) if last is not None else (1, NO_DIGEST)
    except BatchDamaged:
        return 1, NO_DIGEST


def read_header(data: bytes) -> BatchHeader:
    """The header alone. It verifies its own shape, not the checksum, and touches no record.

    Raises:
        BatchDamaged: the bytes do not begin with a header, or the records do not fill the rest exactly.
    """
    return _parse(data)[0]


def decode(data: bytes) -> tuple[BatchHeader, Batch]:
    """A whole batch, its checksum verified.

    Raises:
        BatchDamaged: any byte of it is not as it was written.
    """
    if len(data) < _PREFIX_BYTES + DIGEST_BYTES:
        raise BatchDamaged(f"{len(data)} bytes are no batch")
    end = len(data) - DIGEST_BYTES
    if hashlib.sha256(memoryview(data)[:end]).digest() != data[end:]:
        raise BatchDamaged("the checksum does not fit the batch")
    header, start = _parse(data)
    events = []
    for event, length in header.events:
        events.append(Event(event, data[start : start + length]))
        start += length
    return header, Batch(header.writer, header.origin, tuple(events), header.epoch)


def _parse(data: bytes) -> tuple[BatchHeader, int]:
    """The header and where the first record begins."""
    if data[: len(MAGIC)] != MAGIC or len(data) < _PREFIX_BYTES + DIGEST_BYTES:
        raise BatchDamaged("the bytes are no batch")
    if data[len(MAGIC)] != VERSION:
        raise BatchDamaged(f"the batch is of version {data[len(MAGIC)]}, and {VERSION} is what is read here")
    start = _PREFIX_BYTES + int.from_bytes(data[len(MAGIC) + 1 : _PREFIX_BYTES], "big")
    room = len(data) - DIGEST_BYTES - start
    if room < 0:
        raise BatchDamaged("the header is longer than the batch")
    try:
        header = _decoder.decode(memoryview(data)[_PREFIX_BYTES:start])
    except UNREADABLE as error:
        raise BatchDamaged(f"the header cannot be read: {error}") from error
    lengths = [length for _, length in header.events]
    if sum(lengths) != room or min(lengths, default=0) < 0:
        raise BatchDamaged("the records do not fill the batch")
    if len(header.previous) != DIGEST_BYTES:
        raise BatchDamaged("the header's digest of the batch before has the wrong length")
    return header, start
