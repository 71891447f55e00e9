"""Events to put into journals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cairn.core.records.event import Event, EventHeader, Kind, encode_record, new_event_id

MakeEvent = Callable[..., Event]


def make_event(*, id: str | None = None, kind: Kind = Kind.EVENT, name: str = "CreateTrail", padding: int = 0) -> Event:
    event_id = id or new_event_id()
    record = {"eventVersion": "1.11", "eventName": name, "eventID": event_id, "padding": "x" * padding}
    header = EventHeader(
        event_id,
        "000000000000",
        "us-east-1",
        "Management",
        1_700_000_000,
        False,
        "cloudtrail.amazonaws.com",
        name,
        kind,
    )
    return Event(header, encode_record(record))


@pytest.fixture
def event() -> MakeEvent:
    """Makes an event: `event(id=..., kind=..., name=..., padding=...)`."""
    return make_event
