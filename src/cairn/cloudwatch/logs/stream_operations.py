"""Operations on log streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.identifiers import named_group, own_group
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.paging import LISTED_MAX, read_token, token
from cairn.cloudwatch.logs.streams import Place, Stream, Streams
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]


def stream_operations(streams: Streams) -> dict[str, Operation]:
    """By name."""
    doors = _StreamOperations(streams)
    return {
        "CreateLogStream": doors.create_log_stream,
        "DeleteLogStream": doors.delete_log_stream,
        "DescribeLogStreams": doors.describe_log_streams,
    }


class _StreamOperations:
    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def create_log_stream(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._streams.create(own_group(context, params["logGroupName"]), params["logStreamName"])
        return {}

    def delete_log_stream(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._streams.delete(own_group(context, params["logGroupName"]), params["logStreamName"])
        return {}

    def describe_log_streams(self, context: Context, params: Params) -> Mapping[str, Any]:
        group = named_group(context, params)
        prefix, limit = params.get("logStreamNamePrefix", ""), params.get("limit", LISTED_MAX)
        by_time = params.get("orderBy") == "LastEventTime"
        descending = params.get("descending", False)
        if by_time and prefix:
            raise refusals.invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
        scope = ["streams", *group, by_time, descending]
        found = self._streams.page(
            group,
            prefix=prefix,
            by_time=by_time,
            descending=descending,
            after=read_token(params.get("nextToken"), scope, Place),
            limit=limit + 1,
        )
        answer: dict[str, Any] = {"logStreams": [_description(group, stream) for stream in found[:limit]]}
        if len(found) > limit:
            last = found[limit - 1]
            answer["nextToken"] = token(scope, Place(last.last_event_ms, last.name))
        return answer


def sequence_token(stream: Stream) -> str:
    """A token as AWS made them when PutLogEvents still asked for one; nothing reads it."""
    return f"49{stream.row:020d}{stream.last_ingestion_ms or 0:034d}"


def _description(group: GroupId, stream: Stream) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "arn": group.stream_arn(stream.name),
        "storedBytes": 0,
    }
    if stream.first_event_ms is not None:
        answer |= {
            "firstEventTimestamp": stream.first_event_ms,
            "lastEventTimestamp": stream.last_event_ms,
            "lastIngestionTime": stream.last_ingestion_ms,
            "uploadSequenceToken": sequence_token(stream),
        }
    return answer
