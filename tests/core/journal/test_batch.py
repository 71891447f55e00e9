"""Framing: what goes in comes out, and nothing damaged gets through."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.journal.batch import MAGIC, NO_DIGEST, BatchDamaged, decode, digest, encode, read_header
from cairn.core.records.event import Event, EventHeader, Kind

headers = st.builds(
    EventHeader,
    id=st.uuids().map(str),
    account=st.text("0123456789", min_size=12, max_size=12),
    region=st.text(max_size=20),
    category=st.sampled_from(["Management", "Data", "Insight"]),
    time=st.integers(0, 2**40),
    read_only=st.booleans(),
    source=st.text(max_size=30),
    name=st.text(max_size=30),
    kind=st.sampled_from(Kind),
)
event_lists = st.lists(st.builds(Event, header=headers, record=st.binary(max_size=200)), max_size=8)


def framed(events: list[Event]) -> bytes:
    return encode("gateway-0", "e1", 7, "gateway", NO_DIGEST, events)


@given(events=event_lists, sequence=st.integers(1, 2**60), previous=st.binary(min_size=32, max_size=32))
def test_a_batch_comes_back_as_it_was(events: list[Event], sequence: int, previous: bytes) -> None:
    header, batch = decode(encode("w", "epoch", sequence, "import", previous, events))
    assert batch.events == tuple(events)
    assert (batch.writer, batch.epoch, batch.origin) == ("w", "epoch", "import")
    assert (header.sequence, header.previous) == (sequence, previous)


@given(events=event_lists, data=st.data())
def test_a_flipped_bit_is_found_wherever_it_is(events: list[Event], data: st.DataObject) -> None:
    frame = bytearray(framed(events))
    bit = data.draw(st.integers(0, len(frame) * 8 - 1))
    frame[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BatchDamaged):
        decode(bytes(frame))


@given(events=event_lists, data=st.data())
def test_cut_bytes_are_damaged(events: list[Event], data: st.DataObject) -> None:
    frame = framed(events)
    cut = frame[: data.draw(st.integers(0, len(frame) - 1))]
    with pytest.raises(BatchDamaged):
        decode(cut)
    with pytest.raises(BatchDamaged):
        read_header(cut)


@given(events=event_lists, data=st.data())
def test_a_header_of_damaged_bytes_is_read_or_refused(events: list[Event], data: st.DataObject) -> None:
    frame = bytearray(framed(events))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BatchDamaged):
        read_header(bytes(frame))


@given(garbage=st.binary(max_size=400))
def test_garbage_with_a_right_checksum_is_still_refused(garbage: bytes) -> None:
    body = MAGIC + b"\x01" + len(garbage).to_bytes(4, "big") + garbage
    with pytest.raises(BatchDamaged):
        decode(body + hashlib.sha256(body).digest())


def test_another_version_says_so() -> None:
    frame = framed([])
    body = MAGIC + b"\x02" + frame[len(MAGIC) + 1 : -32]
    with pytest.raises(BatchDamaged, match="version 2"):
        decode(body + hashlib.sha256(body).digest())


@given(events=event_lists)
def test_headers_are_read_without_records(events: list[Event]) -> None:
    frame = bytearray(framed(events))
    length = sum(len(event.record) for event in events)
    start = len(frame) - 32 - length
    frame[start : start + length] = bytes(length)
    assert read_header(bytes(frame)).event_headers == tuple(event.header for event in events)


def test_the_digest_is_that_of_everything_before_it() -> None:
    frame = framed([])
    assert digest(frame) == hashlib.sha256(frame[:-32]).digest()
