"""Pages of log events: what GetLogEvents and FilterLogEvents read of a group at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.events import Place, StoredEvent, size_of_message
from cairn.cloudwatch.logs.joints import Matches
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.store import LogStore

PAGE_BYTES_MAX = 1 << 20
PAGE_EVENTS_MAX = 10_000
SCAN_BYTES_MAX = 64 << 20
"""Messages that one FilterLogEvents looks at; it answers with what it has then, and a token."""

_TOKEN = re.compile(r"(?P<way>[fb])/(?P<gap>\d{56})/s")


class Gap(msgspec.Struct, frozen=True):
    """A place between two events of a stream, and the way that a page goes from there: what tokens of GetLogEvents
    say."""

    forward: bool
    at: int
    """The `as_int` of the first place behind the gap."""

    @classmethod
    def of_token(cls, text: str) -> Gap:
        """Raises AwsError (InvalidParameterException) where it is no token."""
        match = _TOKEN.fullmatch(text)
        if match is None:
            raise refusals.invalid_token()
        return cls(match["way"] == "f", int(match["gap"]))

    @property
    def token(self) -> str:
        return f"{'f' if self.forward else 'b'}/{self.at:056d}/s"


class StreamPage(msgspec.Struct, frozen=True):
    """A page of one stream, in ascending order, with the gaps at both ends of it."""

    events: Sequence[StoredEvent]
    forward: Gap
    backward: Gap


def stream_page(
    store: LogStore, group: GroupId, stream: str, *, start_ms: int, end_ms: int, limit: int, gap: Gap
) -> StreamPage:
    """The events of a stream next to a gap, on its way."""
    if gap == Gap(False, 0):
        return StreamPage([], START, gap)
    after = Place.of_int(gap.at - gap.forward) if gap.at else None
    events: list[StoredEvent] = []
    size = 0
    for event in store.read(
        group, streams=[stream], start_ms=start_ms, end_ms=end_ms, after=after, descending=not gap.forward
    ):
        size += size_of_message(event.message)
        if events and size > PAGE_BYTES_MAX:
            break
        events.append(event)
        if len(events) == limit:
            break
    if not gap.forward:
        events.reverse()
    if not events:
        return StreamPage(events, Gap(True, gap.at), Gap(False, gap.at))
    return StreamPage(events, Gap(True, events[-1].place.as_int() + 1), Gap(False, events[0].place.as_int()))


START = Gap(True, 0)
END = Gap(False, 10**56 - 1)
"""Behind every event that there will ever be."""


class FilteredPage(msgspec.Struct, frozen=True):
    """The events of a group that match, and where the next page begins: None: there is none."""

    events: Sequence[StoredEvent]
    next: Place | None


def filtered_page(
    store: LogStore,
    group: GroupId,
    *,
    streams: Sequence[str] | None,
    prefix: str,
    start_ms: int,
    end_ms: int,
    limit: int,
    descending: bool,
    after: Place | None,
    matches: Matches | None,
) -> FilteredPage:
    """The events behind a place that match, as many as fit and as a call may look for."""
    events: list[StoredEvent] = []
    size = seen = 0
    for event in store.read(
        group,
        streams=streams,
        prefix=prefix,
        start_ms=start_ms,
        end_ms=end_ms,
        after=after,
        descending=descending,
    ):
        event_bytes = size_of_message(event.message)
        seen += event_bytes
        if matches is None or matches(event.message):
            size += event_bytes
            if events and size > PAGE_BYTES_MAX:
                return FilteredPage(events, after)
            events.append(event)
        after = event.place
        if len(events) == limit or seen > SCAN_BYTES_MAX:
            return FilteredPage(events, after)
    return FilteredPage(events, None)
