"""Events come out of an archive as they went in."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.core.clock import from_iso, iso_seconds
from cairn.eventbridge.archives.packing import pack, unpack
from cairn.eventbridge.event import BusEvent, envelope

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(), lambda inner: st.lists(inner), max_leaves=8
)
details = st.dictionaries(st.text(), values)


def made(source: str, detail_type: str, time: float, resources: list[str], detail: bytes, replay: str = "") -> BusEvent:
    parts = {"source": source, "detail_type": detail_type, "account": "111122223333", "region": "eu-west-2"}
    when = iso_seconds(time)
    text = envelope(id="i", time=when, resources=resources, detail=detail, replay=replay, **parts)
    return BusEvent(id="i", envelope=text, replay=replay, **parts)


@given(st.text(), st.text(), st.integers(0, 2**33), st.lists(st.text(), max_size=3), details)
def test_only_the_name_of_the_replay_is_new(
    source: str, kind: str, time: int, resources: list[str], detail: dict[str, object]
) -> None:
    text = msgspec.json.encode(detail)
    kept = pack(made(source, kind, time, resources, text))
    assert unpack(kept.packed, "again") == made(source, kind, time, resources, text, "again")
    assert kept.time == time == from_iso(iso_seconds(time))


@given(st.binary())
def test_what_was_not_packed_here_is_refused(garbage: bytes) -> None:
    for text in (garbage, b"\x01" + garbage):
        with pytest.raises(ValueError, match="archived event"):
            unpack(text, "r")


def test_genuine_records_shrink_to_less_than_half(shared_data: Path) -> None:
    size, packed = 0, 0
    for path in sorted((shared_data / "real-logs").rglob("*.json"))[:20]:
        for record in msgspec.json.decode(path.read_bytes()).get("Records", [])[:50]:
            event = made("aws.x", "AWS API Call via CloudTrail", 1e9, [], msgspec.json.encode(record))
            size += len(event.envelope)
            packed += len(pack(event).packed)
    if not size:
        pytest.skip("no genuine records in that form")
    assert packed < size / 2
