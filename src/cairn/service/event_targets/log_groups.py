"""Log groups: Cairn's own, or of a CloudWatch Logs elsewhere. A target has a stream a day."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from cairn.cloudwatch.logs.events import LogEvent
from cairn.cloudwatch.logs.intake import EVENT_BYTES_MAX, FUTURE_MS_MAX, PAST_MS_MAX
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.policies import ACTIONS, ResourcePolicies
from cairn.cloudwatch.logs.store import LogStore
from cairn.core.clock import Clock, iso_seconds, milliseconds_of
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import AwsError
from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError, Outcome
from cairn.eventbridge.inputs.paths import Document, parse_path
from cairn.service.embedded_clients import ClientOf
from cairn.service.event_targets.answers import TOGETHER, called, one_by_one, refusal
from cairn.service.event_targets.permissions import EVENTS

Allows = Callable[[GroupId, Address], bool]
"""Whether the resource policies of a group let EventBridge write to it for a rule."""
_SERVICES = (EVENTS, "delivery.logs.amazonaws.com")
"""Who writes there for EventBridge: AWS's policies name both, and either will do."""
_MILLISECONDS = re.compile("[0-9]{1,18}")
_NAMES = uuid.UUID("3f0b6c0e-5a51-5d5c-9d3e-1f6f2f9b8f10")


def group_allows(policies: ResourcePolicies) -> Allows:
    """By the resource policies of the group's account, and the group's own."""

    def allows(group: GroupId, address: Address) -> bool:
        resource = group.stream_arn(stream_name(address, 0.0))

        def may(service: str, action: str) -> bool:
            return policies.allows(
                group.account,
                group.region,
                service=service,
                action=action,
                resource=resource,
                source_arn=address.rule_arn,
                source_account=address.bus.account,
            )

        return any(all(may(service, action) for action in ACTIONS) for service in _SERVICES)

    return allows


class OwnLogGroups:
    """Cairn's own."""

    together = 50

    def __init__(self, store: LogStore, allows: Allows | None, clock: Clock) -> None:
        self._store = store
        self._allows = allows
        self._clock = clock

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        group = GroupId.of_arn(address.arn)
        if group is None:
            raise DeliveryError(codes.INVALID_PARAMETER, f"{address.arn} is no log group.", final=True)
        if self._allows is not None and not self._allows(group, address):
            text = f"No resource policy lets events.amazonaws.com write to {address.arn} for {address.rule_arn}."
            raise DeliveryError(codes.NO_PERMISSIONS, text, final=True)
        now = self._clock.now()
        stream = stream_name(address, now)
        events: list[LogEvent] = []

        def make(delivery: Delivery) -> None:
            events.append(LogEvent(*log_event(delivery, now)))

        outcomes = one_by_one(deliveries, make)
        events.sort(key=lambda each: each.timestamp_ms)
        if events:
            self._put(group, stream, events)
        return outcomes

    def _put(self, group: GroupId, stream: str, events: Sequence[LogEvent]) -> None:
        """All or none."""
        try:
            try:
                self._store.put(group, stream, events)
            except AwsError as error:
                if error.code != "ResourceNotFoundException":
                    raise
                self._store.streams.ensure(group, stream)  # raises the same if it is the group that is missing
                self._store.put(group, stream, events)
        except AwsError as error:
            raise refusal(error.code, error.message, error.status) from error


class LogGroupsElsewhere:
    """That service says whether we may write."""

    together = TOGETHER

    def __init__(self, client_of: ClientOf, clock: Clock) -> None:
        self._client_of = client_of
        self._clock = clock

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        client, now = self._client_of(address.arn), self._clock.now()
        group, stream = address.arn.split(":")[6], stream_name(address, now)

        def send(delivery: Delivery) -> None:
            timestamp, message = log_event(delivery, now)
            events = [{"timestamp": timestamp, "message": message}]
            put = partial(client.put_log_events, logGroupName=group, logStreamName=stream, logEvents=events)
            try:
                called(put)
            except DeliveryError as error:
                if error.code != codes.NO_RESOURCE:
                    raise
                called(lambda: client.create_log_stream(logGroupName=group, logStreamName=stream))
                called(put)

        return one_by_one(deliveries, send)


def stream_name(address: Address, now: float) -> str:
    """A UUID, as AWS's are, that is the same for a rule's target all day."""
    return str(uuid.uuid5(_NAMES, f"{address.rule_arn} {address.target} {iso_seconds(now)[:10]}"))


def log_event(delivery: Delivery, now: float) -> tuple[int, str]:
    """When, in milliseconds since the epoch, and what is logged of an event.

    A template makes `{"timestamp": ..., "message": ...}`; otherwise it is the event, at its own time. A time that
    CloudWatch Logs does not take any more, or not yet, is the present.
    """
    now_ms = int(now * 1000)
    if delivery.payload == delivery.event.envelope:
        time: Any = _text_at(delivery.payload, "$.time")
        message = delivery.payload.decode("utf-8", "replace")
    else:
        found = _decoded(delivery.payload)
        time, message = found.get("timestamp"), _message(found.get("message", ""))
    if len(message.encode("utf-8", "replace")) > EVENT_BYTES_MAX - 26:
        raise DeliveryError(codes.INVALID_PARAMETER, "The log event is too large.", final=True)
    timestamp = _milliseconds(time, now_ms)
    taken = now_ms - PAST_MS_MAX < timestamp < now_ms + FUTURE_MS_MAX
    return timestamp if taken else now_ms, message


def _decoded(payload: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(payload, type=dict[str, Any])
    except UNREADABLE as error:
        raise DeliveryError(codes.INVALID_PARAMETER, f"The input is no log event: {error}", final=True) from error


def _message(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _text_at(document: bytes, path: str) -> str:
    found = Document(document).find(parse_path(path))
    return msgspec.json.decode(found, type=str) if found and found[:1] == b'"' else ""


def _milliseconds(time: Any, now_ms: int) -> int:
    if isinstance(time, str) and not _MILLISECONDS.fullmatch(time):
        try:
            return milliseconds_of(time)
        except ValueError:
            return now_ms
    return int(time) if isinstance(time, int | str) and not isinstance(time, bool) else now_ms
