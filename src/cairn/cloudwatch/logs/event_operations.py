"""Operations on log events: putting them, and reading them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.events import LogEvent, Place, StoredEvent
from cairn.cloudwatch.logs.groups import DELIVERY, STANDARD, Group
from cairn.cloudwatch.logs.identifiers import named_group, own_group
from cairn.cloudwatch.logs.intake import Taken, check_sizes, take
from cairn.cloudwatch.logs.joints import CompilePattern
from cairn.cloudwatch.logs.pages import END, PAGE_EVENTS_MAX, START, Gap, filtered_page, stream_page
from cairn.cloudwatch.logs.paging import read_token, token
from cairn.cloudwatch.logs.reading import FOREVER_MS
from cairn.cloudwatch.logs.records import fields_of, pointed, shares
from cairn.cloudwatch.logs.store import LogStore
from cairn.cloudwatch.logs.stream_operations import sequence_token
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

FIELDS_EVENTS_MAX = 10_000
"""Events whose fields GetLogGroupFields counts."""
_LATELY_MS = 15 * 60_000
_AROUND_MS = 8 * 60_000


def event_operations(store: LogStore, compile_pattern: CompilePattern) -> dict[str, Operation]:
    """By name."""
    doors = _EventOperations(store, compile_pattern)
    return {
        "PutLogEvents": doors.put_log_events,
        "GetLogEvents": doors.get_log_events,
        "FilterLogEvents": doors.filter_log_events,
        "GetLogRecord": doors.get_log_record,
        "GetLogGroupFields": doors.get_log_group_fields,
    }


class _EventOperations:
    def __init__(self, store: LogStore, compile_pattern: CompilePattern) -> None:
        self._store = store
        self._compile_pattern = compile_pattern

    def put_log_events(self, context: Context, params: Params) -> Mapping[str, Any]:
        events = [LogEvent(event["timestamp"], event["message"]) for event in params["logEvents"]]
        check_sizes(events)
        group, stream = self._store.destination(own_group(context, params["logGroupName"]), params["logStreamName"])
        taken = take(events, group, self._store.now_ms())
        if taken.events:
            self._store.put(group.id, stream.name, taken.events)
        answer: dict[str, Any] = {"nextSequenceToken": sequence_token(stream)}
        rejected = _rejected(taken)
        return answer | ({"rejectedLogEventsInfo": rejected} if rejected else {})

    def get_log_events(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = _readable(self._store.groups.get(named_group(context, params)), "GetLogEvents")
        stream = self._store.streams.get(group.id, params["logStreamName"])
        given = params.get("nextToken")
        first = START if params.get("startFromHead", False) else END
        page = stream_page(
            self._store,
            group.id,
            stream.name,
            start_ms=params.get("startTime", 0),
            end_ms=params.get("endTime", FOREVER_MS) - 1,
            limit=params.get("limit", PAGE_EVENTS_MAX),
            gap=first if given is None else Gap.of_token(given),
        )
        return {
            "events": [_output(event) for event in page.events],
            "nextForwardToken": page.forward.token,
            "nextBackwardToken": page.backward.token,
        }

    def filter_log_events(self, context: Context, params: Params) -> Mapping[str, Any]:
        streams, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix", "")
        if streams is not None and prefix:
            text = "logStreamNames and logStreamNamePrefix cannot be given together."
            raise refusals.invalid_parameter(text)  # (ours)
        pattern = params.get("filterPattern", "")
        matches = self._compile_pattern(pattern) if pattern else None
        group = _readable(self._store.groups.get(named_group(context, params)), "FilterLogEvents")
        for name in streams or ():
            self._store.streams.get(group.id, name)
        scope = ["filter", group.row]
        going_on = read_token(params.get("nextToken"), scope, tuple[bool, Place])
        descending, after = not params.get("startFromHead", True), None
        if going_on is not None:
            descending, after = going_on
        page = filtered_page(
            self._store,
            group.id,
            streams=streams,
            prefix=prefix,
            start_ms=params.get("startTime", 0),
            end_ms=params.get("endTime", FOREVER_MS),
            limit=params.get("limit", PAGE_EVENTS_MAX),
            descending=descending,
            after=after,
            matches=matches,
        )
        answer: dict[str, Any] = {
            "events": [{"logStreamName": event.stream, **_output(event), "eventId": event.id} for event in page.events],
            "searchedLogStreams": [],
        }
        if page.next is not None:
            answer["nextToken"] = token(scope, [descending, page.next])
        return answer

    def get_log_record(self, context: Context, params: Params) -> Mapping[str, Any]:
        group, event = pointed(self._store, context.account, context.region, params["logRecordPointer"])
        return {"logRecord": fields_of(group, event)}

    def get_log_group_fields(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = self._store.groups.get(named_group(context, params))
        now_ms, time = self._store.now_ms(), params.get("time")
        if time is not None and time < 10_000_000_000:
            time *= 1000  # the reference says seconds, and some send milliseconds as everywhere else
        start_ms, end_ms = (now_ms - _LATELY_MS, now_ms) if time is None else (time - _AROUND_MS, time + _AROUND_MS)
        events = self._store.read(group.id, start_ms=start_ms, end_ms=end_ms, descending=True)
        found = shares(itertools.islice(events, FIELDS_EVENTS_MAX))
        return {"logGroupFields": [{"name": name, "percent": percent} for name, percent in found.items()]}


def _readable(group: Group, operation: str) -> Group:
    """The group, if events are read one by one from groups of its class."""
    if group.log_class not in (STANDARD, DELIVERY):
        raise refusals.not_of_class(operation, group.log_class)
    return group


def _rejected(taken: Taken) -> dict[str, int]:
    rejected = {}
    if taken.too_new_start is not None:
        rejected["tooNewLogEventStartIndex"] = taken.too_new_start
    if taken.too_old_end:
        rejected["tooOldLogEventEndIndex"] = taken.too_old_end
    if taken.expired_end:
        rejected["expiredLogEventEndIndex"] = taken.expired_end
    return rejected


def _output(event: StoredEvent) -> dict[str, Any]:
    return {"timestamp": event.timestamp_ms, "message": event.message, "ingestionTime": event.ingestion_ms}
