"""The log groups of trails: Cairn's own, or wherever `[upstreams]` says they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from cairn.cloudtrail.log_groups import LogGroupError, LogGroups, LogStreams, TrailStream
from cairn.cloudwatch.logs.events import LogEvent, size_of_message
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.store import LogStore, Once
from cairn.core.clock import Clock
from cairn.core.errors import AwsError, Unreachable
from cairn.service.elsewhere import Clients
from cairn.wire.endpoint import Endpoint

ASKED_S = 5.0
"""How long it is believed that a role may write to a stream."""
PUT_BYTES_MAX = 1 << 20
PUT_EVENTS_MAX = 10_000
"""What PutLogEvents takes at once."""

_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


class Roles(Protocol):
    """What roles let CloudTrail do: see `cloudtrail.log_groups.LogGroups`."""

    def trusts(self, role: str, source: str) -> bool: ...

    def may(self, role: str, action: str, resource: str) -> bool: ...


class UnseenRoles:
    """Roles of an IAM that is elsewhere: we are not CloudTrail there, so that nothing can be asked of them."""

    def trusts(self, role: str, source: str) -> bool:
        return True

    def may(self, role: str, action: str, resource: str) -> bool:
        return True


class TrailLogGroups(LogGroups, LogStreams, Protocol):
    """All that trails need of log groups."""


class OwnLogGroups:
    """`TrailLogGroups` over Cairn's own log groups. Nobody else asks the role that CloudTrail writes with: it is asked
    here."""

    def __init__(self, store: LogStore, roles: Roles, clock: Clock) -> None:
        self._store = store
        self._roles = roles
        self._clock = clock
        self._asked: dict[tuple[str, str, str], float] = {}  # when, monotonic; by role, stream's ARN and source
        self._lock = threading.Lock()

    def exists(self, group: str) -> bool:
        return self._store.group(group) is not None

    def trusts(self, role: str, source: str) -> bool:
        return self._roles.trusts(role, source)

    def may(self, role: str, action: str, resource: str) -> bool:
        return self._roles.may(role, action, resource)

    def put(self, stream: TrailStream, records: Sequence[bytes], *, reader: str, position: int) -> None:
        named = GroupId.of_arn(stream.group)
        assert named is not None, "a trail's log group was checked when it was set"
        try:
            self._check_role(stream.role, named.stream_arn(stream.name), stream.source)
            now_ms = int(self._clock.now() * 1000)
            events = [LogEvent(now_ms, record.decode()) for record in records]
            self._put(named, stream.name, events, Once(reader, position))
        except AwsError as error:
            raise LogGroupError(error.code, f"{stream.group}: {error.message}") from error
        except Unreachable as error:
            raise LogGroupError("", error.message) from error

    def position_of(self, reader: str) -> int:
        return self._store.position_of(reader)

    def _put(self, group: GroupId, stream: str, events: Sequence[LogEvent], once: Once) -> None:
        try:
            self._store.put(group, stream, events, once=once)
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            self._store.streams.ensure(group, stream)  # raises the same if it is the group that is missing
            self._store.put(group, stream, events, once=once)

    def _check_role(self, role: str, stream: str, source: str) -> None:
        now = self._clock.monotonic()
        with self._lock:
            if now - self._asked.get((role, stream, source), -ASKED_S) < ASKED_S:
                return
        if not self._roles.trusts(role, source):
            raise LogGroupError("AccessDenied", f"the role {role} does not let CloudTrail assume it for {source}")
        for action in _ACTIONS:
            if not self._roles.may(role, action, stream):
                raise LogGroupError("AccessDeniedException", f"the role {role} is not allowed {action} on {stream}")
        with self._lock:
            self._asked = {asked: when for asked, when in self._asked.items() if now - when < ASKED_S}
            self._asked[role, stream, source] = now


class LogGroupsElsewhere(UnseenRoles):
    """`TrailLogGroups` over a CloudWatch Logs that is not ours: that service says whether we may write, as whom its URL
    or boto3 makes us."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._clients = Clients("logs", endpoint)
        self._clock = clock

    def exists(self, group: str) -> bool:
        name = group.split(":", 6)[6]
        try:
            found = self._clients.of(group).describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        except (ClientError, BotoCoreError) as error:
            raise AwsError("ServiceUnavailable", f"CloudWatch Logs does not answer: {error}", 503) from error
        return any(each["logGroupName"] == name for each in found)

    def put(self, stream: TrailStream, records: Sequence[bytes], *, reader: str, position: int) -> None:
        client = self._clients.of(stream.group)
        place = {"logGroupName": stream.group.split(":", 6)[6], "logStreamName": stream.name}
        now_ms = int(self._clock.now() * 1000)
        try:
            for part in _parts(records):
                events = [{"timestamp": now_ms, "message": message} for message in part]
                try:
                    client.put_log_events(**place, logEvents=events)
                except client.exceptions.ResourceNotFoundException:
                    client.create_log_stream(**place)
                    client.put_log_events(**place, logEvents=events)
        except ClientError as error:
            detail = error.response["Error"]
            raise LogGroupError(detail["Code"], f"{stream.group}: {detail.get('Message', '')}") from error
        except BotoCoreError as error:
            raise LogGroupError("", f"{stream.group}: {error}") from error

    def position_of(self, reader: str) -> int:
        return 0


def _parts(records: Sequence[bytes]) -> Iterator[list[str]]:
    """Messages, as many together as one put takes."""
    part: list[str] = []
    size = 0
    for record in records:
        message = record.decode()
        bytes_ = size_of_message(message)
        if part and (size + bytes_ > PUT_BYTES_MAX or len(part) == PUT_EVENTS_MAX):
            yield part
            part, size = [], 0
        part.append(message)
        size += bytes_
    if part:
        yield part
