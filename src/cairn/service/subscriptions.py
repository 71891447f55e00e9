"""The destinations of subscription filters: in the embedded account, or wherever `[upstreams]` says they are."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudwatch.subscriptions import Destination, DestinationError
from cairn.cloudwatch.subscriptions.destinations import Kind
from cairn.core.config import Settings
from cairn.core.errors import Unreachable
from cairn.core.folder import Runtime
from cairn.service.as_cloudwatch_logs import logs_may
from cairn.service.elsewhere import elsewhere
from cairn.service.embedded_clients import clients_of
from cairn.service.roles import logs_roles

_ROLE_ACTIONS = {Kind.STREAM: "kinesis:PutRecord", Kind.FIREHOSE: "firehose:PutRecord"}
_POLICY_ACTIONS = {Kind.FUNCTION: "lambda:InvokeFunction", Kind.QUEUE: "sqs:SendMessage"}

_TOO_LARGE = {
    Kind.FUNCTION: ("RequestTooLargeException", "RequestEntityTooLargeException", "413"),
    Kind.QUEUE: ("InvalidParameterValue",),  # no other parameter of ours depends on what is sent
    Kind.STREAM: ("ValidationException", "InvalidArgumentException"),
    Kind.FIREHOSE: ("ValidationException", "InvalidArgumentException"),
}
"""Errors of a message that is too large; those of streams can have other reasons too."""
_BYTES_TAKEN = {Kind.STREAM: 256 << 10, Kind.FIREHOSE: 256 << 10}
"""What every stream takes: whatever one says of so little, it is not too large."""


class UpstreamDestinations:
    """`cloudwatch.subscriptions.Destinations`. The embedded account lets us do anything, so that what its policies and
    roles say is asked here; elsewhere whoever answers says so, as whom the URL or boto3 makes us."""

    def __init__(self, settings: Settings, runtime: Runtime, questions: MotoQuestions) -> None:
        self._questions = questions
        self._roles = logs_roles(questions)
        self._is_own_iam = elsewhere(settings, "iam") is None
        found = {kind: clients_of(kind.value, settings, runtime) for kind in Kind}
        self._clients = {kind: client_of for kind, (client_of, _) in found.items()}
        self._embedded = {kind for kind, (_, is_embedded) in found.items() if is_embedded}

    def deliver(self, destination: Destination, payload: bytes, *, group_arn: str, partition_key: str) -> None:
        try:
            self._ask(destination, group_arn)
            client = self._clients[destination.kind](destination.arn)
            _SENDERS[destination.kind](client, destination, payload, partition_key)
        except ClientError as error:
            raise _refused(destination, error, len(payload)) from error
        except (BotoCoreError, Unreachable) as error:
            raise DestinationError("", f"{destination.arn}: {error}") from error

    def check(self, destination: Destination, *, group_arn: str) -> None:
        try:
            self._ask(destination, group_arn)
            if destination.kind is Kind.FUNCTION and destination.kind not in self._embedded:
                self._clients[destination.kind](destination.arn).get_function(FunctionName=destination.arn)
        except ClientError as error:
            raise _refused(destination, error, 0) from error
        except (BotoCoreError, Unreachable) as error:
            raise DestinationError("", f"{destination.arn}: {error}") from error

    def _ask(self, destination: Destination, group_arn: str) -> None:
        """Raise unless CloudWatch Logs may deliver there for a group, as far as the embedded account knows."""
        action = _ROLE_ACTIONS.get(destination.kind)
        if action is not None:
            if self._is_own_iam:
                self._ask_role(destination, group_arn, action)
        elif destination.kind in self._embedded:
            self._ask_policy(destination, group_arn)

    def _ask_role(self, destination: Destination, group_arn: str, action: str) -> None:
        role = destination.role
        if not self._roles.trusts(role, group_arn):
            raise DestinationError("AccessDenied", f"the role {role} does not let CloudWatch Logs assume it")
        if not self._roles.may(role, action, destination.arn):
            raise DestinationError("AccessDeniedException", f"{role} is not allowed {action} on {destination.arn}")

    def _ask_policy(self, destination: Destination, group_arn: str) -> None:
        action, resource = _POLICY_ACTIONS[destination.kind], destination.arn
        try:
            policy = self._questions.resource_policy(resource)
        except NotFound as error:
            raise DestinationError("ResourceNotFoundException", f"there is no {resource}") from error
        if not logs_may(policy, action, resource, group_arn):
            raise DestinationError("AccessDeniedException", f"the policy of {resource} does not let us {action}")


def _refused(destination: Destination, error: ClientError, size: int) -> DestinationError:
    """What a client's error says; `size` is the payload's, in bytes."""
    detail = error.response["Error"]
    code, told = detail["Code"], f"{destination.arn}: {detail.get('Message', '')}"
    taken = _BYTES_TAKEN.get(destination.kind, 0)
    return DestinationError(code, told, too_large=size > taken and code in _TOO_LARGE[destination.kind])


def _invoke(client: Any, destination: Destination, payload: bytes, _key: str) -> None:
    client.invoke(FunctionName=destination.arn, InvocationType="Event", Payload=_as_event(payload))


def _put_record(client: Any, destination: Destination, payload: bytes, key: str) -> None:
    client.put_record(StreamName=destination.name, Data=payload, PartitionKey=key)


def _put_to_firehose(client: Any, destination: Destination, payload: bytes, _key: str) -> None:
    client.put_record(DeliveryStreamName=destination.name, Record={"Data": payload})


def _send_message(client: Any, destination: Destination, payload: bytes, _key: str) -> None:
    url = f"{client.meta.endpoint_url.rstrip('/')}/{destination.account}/{destination.name}"
    client.send_message(QueueUrl=url, MessageBody=_as_event(payload).decode())


def _as_event(payload: bytes) -> bytes:
    """What a function gets as its event, and a queue as its message: the payload in base64."""
    return msgspec.json.encode({"awslogs": {"data": base64.b64encode(payload).decode()}})


_SENDERS: dict[Kind, Callable[[Any, Destination, bytes, str], None]] = {
    Kind.FUNCTION: _invoke,
    Kind.STREAM: _put_record,
    Kind.FIREHOSE: _put_to_firehose,
    Kind.QUEUE: _send_message,
}
