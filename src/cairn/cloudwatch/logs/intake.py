"""What AWS takes of a PutLogEvents: a whole batch or nothing, and of that what is neither too old nor too new. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.events import LogEvent, size_of_message
from cairn.cloudwatch.logs.groups import DAY_MS, Group

EVENT_BYTES_MAX = 1 << 20
BATCH_BYTES_MAX = 1 << 20
"""Both with `EVENT_OVERHEAD_BYTES` for each event."""
SPAN_MS_MAX = DAY_MS
PAST_MS_MAX = 14 * DAY_MS
FUTURE_MS_MAX = 2 * 3_600_000


class Taken(msgspec.Struct, frozen=True):
    """The events that are taken, and where the others stood."""

    events: Sequence[LogEvent]
    too_old_end: int
    """Index behind the last event that is older than AWS takes any."""
    expired_end: int
    """Index behind the last event that is older than the group keeps any."""
    too_new_start: int | None
    """Index of the first event that is too far in the future."""


def check_sizes(events: Sequence[LogEvent]) -> None:
    """Raise InvalidParameterException where an event or the batch is too large."""
    total = 0
    for event in events:
        size = size_of_message(event.message)
        if size > EVENT_BYTES_MAX:
            raise refusals.event_too_large(size, EVENT_BYTES_MAX)
        total += size
    if total > BATCH_BYTES_MAX:
        raise refusals.upload_too_large(total, BATCH_BYTES_MAX)


def take(events: Sequence[LogEvent], group: Group, now_ms: int) -> Taken:
    """The events that the group takes now.

    Raises:
        AwsError: InvalidParameterException: they are not in order, or those that could be taken span too long.
    """
    if any(one.timestamp_ms > following.timestamp_ms for one, following in itertools.pairwise(events)):
        raise refusals.not_chronological()
    too_old_end = sum(event.timestamp_ms < now_ms - PAST_MS_MAX for event in events)
    expired_end = sum(event.timestamp_ms < group.oldest_ms(now_ms) for event in events)
    too_new_start = sum(event.timestamp_ms <= now_ms + FUTURE_MS_MAX for event in events)
    taken = events[max(too_old_end, expired_end) : too_new_start]
    if taken and taken[-1].timestamp_ms - taken[0].timestamp_ms > SPAN_MS_MAX:
        raise refusals.spans_too_long()
    return Taken(taken, too_old_end, expired_end, too_new_start if too_new_start < len(events) else None)
