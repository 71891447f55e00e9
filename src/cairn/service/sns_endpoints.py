"""Queues, functions and streams that topics deliver to: in the embedded account, or where `[upstreams]` says."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.cloudwatch.sns.endpoints import AwsEndpoints, EndpointError, QueueMessage
from cairn.cloudwatch.sns.message import Attribute
from cairn.cloudwatch.sns.policies import SNS, Source, service_may
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import Unreachable
from cairn.core.folder import Runtime
from cairn.service.elsewhere import elsewhere
from cairn.service.embedded_clients import ClientOf, clients_of
from cairn.service.roles import sns_roles

MESSAGE_CHARACTERS_MAX = 300
"""Of what is told of an error."""
KEPT_S = 1.0
"""For how long what a policy said is believed."""
KEPT_MAX = 10_000

_GONE = re.compile("NonExistentQueue|QueueDoesNotExist|ResourceNotFound")


def aws_endpoints(settings: Settings, runtime: Runtime, questions: MotoQuestions, clock: Clock) -> AwsEndpoints:
    """All of them, each where it is. Of the embedded account's the policies are asked, where any are asked."""
    asked = PolicyAnswers(questions, clock) if settings.auth.mode == "verify" else None

    def of(service: str) -> tuple[ServiceBackend, PolicyAnswers | None]:
        client_of, is_embedded = clients_of(service, settings, runtime)
        return ServiceBackend(client_of, is_embedded=is_embedded), asked if is_embedded else None

    streams, stream_policies = of("firehose")
    if elsewhere(settings, "iam") is not None:  # nothing can be asked of its roles
        stream_policies = None
    return JoinedEndpoints(of("sqs"), of("lambda"), (streams, stream_policies))


class JoinedEndpoints:
    """`cloudwatch.sns.endpoints.AwsEndpoints`."""

    def __init__(
        self,
        queues: tuple[ServiceBackend, PolicyAnswers | None],
        functions: tuple[ServiceBackend, PolicyAnswers | None],
        streams: tuple[ServiceBackend, PolicyAnswers | None],
    ) -> None:
        self._queues, self._queue_policies = queues
        self._functions, self._function_policies = functions
        self._streams, self._stream_policies = streams

    def send(self, queue: str, topic: str, message: QueueMessage) -> None:
        if self._queue_policies is not None:
            self._queue_policies.check("sqs:SendMessage", queue, topic)
        self._queues.send(queue, message)

    def invoke(self, function: str, topic: str, payload: bytes) -> None:
        if self._function_policies is not None:
            self._function_policies.check("lambda:InvokeFunction", function, topic)
        self._functions.invoke(function, payload)

    def put(self, stream: str, topic: str, role: str, data: bytes) -> None:
        if self._stream_policies is not None:
            self._stream_policies.check_role(role, "firehose:PutRecord", stream, topic)
        self._streams.put(stream, data)


class PolicyAnswers:
    """Whether resources of the embedded account let SNS use them."""

    def __init__(self, questions: MotoQuestions, clock: Clock) -> None:
        self._questions = questions
        self._clock = clock
        self._roles = sns_roles(questions)
        self._kept: dict[tuple[str, ...], float] = {}  # by what was asked: until when it is allowed

    def check(self, action: str, resource: str, topic: str) -> None:
        """Return if the resource's policy lets SNS act for a topic. Raises `EndpointError`."""
        account = topic.split(":")[4]
        source = Source(service=SNS, arn=topic, account=account)
        refusal = f"the policy of {resource} does not let {SNS} do {action} for {topic}"
        self._ask((action, resource, topic), lambda: "" if self._allows(action, resource, source) else refusal)

    def check_role(self, role: str, action: str, resource: str, topic: str) -> None:
        """Return if SNS may assume a role for a topic, and the role may act on a resource. Raises `EndpointError`."""

        def refusal() -> str:
            if not self._roles.trusts(role, topic):
                return f"the role {role} does not let {SNS} assume it for {topic}"
            return (
                "" if self._roles.may(role, action, resource) else f"the role {role} may not do {action} on {resource}"
            )

        self._ask((action, resource, topic, role), refusal)

    def _allows(self, action: str, resource: str, source: Source) -> bool:
        return service_may(self._questions.resource_policy(resource), action, resource, source)

    def _ask(self, key: tuple[str, ...], refusal: Callable[[], str]) -> None:
        """Raise for what `refusal` says, unless it said nothing a moment ago. The resource stands second in `key`."""
        now = self._clock.monotonic()
        if self._kept.get(key, 0.0) > now:
            return
        try:
            refused = refusal()
        except NotFound as error:
            raise EndpointError(f"there is no {key[1]}", final=True) from error
        except Unreachable as error:
            raise EndpointError(error.message, unreachable=True) from error
        if refused:
            raise EndpointError(refused, final=True)
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[key] = now + KEPT_S


class ServiceBackend:
    """A service wherever it is: what arrives there is durable when it answers."""

    def __init__(self, client_of: ClientOf, *, is_embedded: bool) -> None:
        self._client_of = client_of
        self._is_embedded = is_embedded
        self._urls: dict[str, str] = {}  # of queues, by ARN

    def send(self, queue: str, message: QueueMessage) -> None:
        account, name = queue.split(":")[4:6]

        def send(client: Any) -> None:
            if queue not in self._urls:
                found = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
                self._urls[queue] = found["QueueUrl"]
            client.send_message(QueueUrl=self._urls[queue], **_queue_input(message))

        self._call(queue, send)

    def invoke(self, function: str, payload: bytes) -> None:
        self._call(
            function, lambda lambda_: lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
        )

    def put(self, stream: str, data: bytes) -> None:
        name = stream.partition("/")[2]
        self._call(stream, lambda firehose: firehose.put_record(DeliveryStreamName=name, Record={"Data": data}))

    def _call(self, arn: str, call: Callable[[Any], None]) -> None:
        try:
            call(self._client_of(arn))
        except ClientError as error:
            detail, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise EndpointError(
                f"{arn}: {detail['Code']}: {detail.get('Message', '')[:MESSAGE_CHARACTERS_MAX]}",
                final=self._is_final(detail["Code"], status),
            ) from error
        except BotoCoreError as error:
            wrong = isinstance(error, ParamValidationError)  # this message alone
            raise EndpointError(f"{arn}: {error}", final=wrong, unreachable=not wrong) from error

    def _is_final(self, code: str, status: int) -> bool:
        """Elsewhere a refusal may be one of the moment: of too many calls, of a clock that is wrong."""
        return 400 <= status < 500 if self._is_embedded else bool(_GONE.search(code)) or status == 403


def _queue_input(message: QueueMessage) -> dict[str, Any]:
    attributes = {name: _queue_attribute(each) for name, each in message.attributes.items()}
    found: dict[str, Any] = {"MessageBody": message.body}
    if attributes:
        found["MessageAttributes"] = attributes
    if message.group:
        found["MessageGroupId"] = message.group
    if message.deduplication:
        found["MessageDeduplicationId"] = message.deduplication
    return found


def _queue_attribute(attribute: Attribute) -> Mapping[str, object]:
    if attribute.kind == "Binary":
        return {"DataType": attribute.type, "BinaryValue": base64.b64decode(attribute.value)}
    return {"DataType": attribute.type, "StringValue": attribute.value}
