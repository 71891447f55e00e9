"""Queues, functions and streams that topics deliver to: in the embedded account, or where `[upstreams]` says."""

from __future__ import annotations

import base64
import http.client
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.account.moto.wire_names import ACCOUNT, OPERATION, SECRET
from cairn.cloudwatch.sns.endpoints import AwsEndpoints, EndpointError, QueueMessage
from cairn.cloudwatch.sns.message import Attribute
from cairn.cloudwatch.sns.policies import SNS, Source, service_may
from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import Unreachable
from cairn.core.folder import Runtime
from cairn.core.policy import Kind
from cairn.service.elsewhere import Clients, elsewhere
from cairn.wire.endpoint import Endpoint

ANSWER_S = 20.0
REPLY_BYTES_MAX = 1 << 20
KEPT_S = 1.0
"""For how long what a policy said is believed."""
KEPT_MAX = 10_000

_GONE = re.compile("NonExistentQueue|QueueDoesNotExist|ResourceNotFound")


class Backend(Protocol):
    """Somebody who has queues, functions or streams. Each method raises `EndpointError`."""

    def send(self, queue: str, message: QueueMessage) -> None: ...

    def invoke(self, function: str, payload: bytes) -> None: ...

    def put(self, stream: str, data: bytes) -> None: ...


def aws_endpoints(settings: Settings, runtime: Runtime, questions: MotoQuestions, clock: Clock) -> AwsEndpoints:
    """All of them, each where it is. Of the embedded account's the policies are asked, where any are asked."""
    moto = MotoBackend(runtime)
    asked = PolicyAnswers(questions, clock) if settings.auth.mode == "verify" else None

    def of(service: str) -> tuple[Backend, PolicyAnswers | None]:
        endpoint = elsewhere(settings, service)
        return (moto, asked) if endpoint is None else (BackendElsewhere(service, endpoint), None)

    return JoinedEndpoints(of("sqs"), of("lambda"), of("firehose"))


class JoinedEndpoints:
    """`cloudwatch.sns.endpoints.AwsEndpoints`."""

    def __init__(
        self,
        queues: tuple[Backend, PolicyAnswers | None],
        functions: tuple[Backend, PolicyAnswers | None],
        streams: tuple[Backend, PolicyAnswers | None],
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

    def put(self, stream: str, role: str, data: bytes) -> None:
        if self._stream_policies is not None:
            self._stream_policies.check_role(role, stream)
        self._streams.put(stream, data)


class PolicyAnswers:
    """Whether resources of the embedded account let SNS use them."""

    def __init__(self, questions: MotoQuestions, clock: Clock) -> None:
        self._questions = questions
        self._clock = clock
        self._kept: dict[tuple[str, str, str], float] = {}  # by action, resource and topic: until when it is allowed

    def check(self, action: str, resource: str, topic: str) -> None:
        """Return if the resource's policy lets SNS act for a topic. Raises `EndpointError`."""
        account = topic.split(":")[4]
        source = Source(service=SNS, arn=topic, account=account)
        self._ask((action, resource, topic), lambda: self._allows(action, resource, source))

    def check_role(self, role: str, stream: str) -> None:
        """Return if SNS may assume a role. Raises `EndpointError`."""
        account = role.split(":")[4] if role.count(":") >= 5 else ""
        source = Source(service=SNS, arn=stream, account=account)

        def trusts() -> bool:
            trust = self._questions.policies(role).trust
            return service_may(trust, "sts:AssumeRole", role, source, kind=Kind.TRUST)

        self._ask(("sts:AssumeRole", role, stream), trusts)

    def _allows(self, action: str, resource: str, source: Source) -> bool:
        return service_may(self._questions.resource_policy(resource), action, resource, source)

    def _ask(self, key: tuple[str, str, str], question: Callable[[], bool]) -> None:
        now = self._clock.monotonic()
        if self._kept.get(key, 0.0) > now:
            return
        try:
            allowed = question()
        except NotFound as error:
            raise EndpointError(f"there is no {key[1]}", final=True) from error
        except Unreachable as error:
            raise EndpointError(error.message, unreachable=True) from error
        if not allowed:
            raise EndpointError(f"the policy of {key[1]} does not let {SNS} do {key[0]} for {key[2]}", final=True)
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[key] = now + KEPT_S


class MotoBackend:
    """The embedded account's, past the gateway: what arrives there is durable when it answers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._address = urlsplit(runtime.moto_url)

    def send(self, queue: str, message: QueueMessage) -> None:
        account, name = queue.split(":")[4:6]
        body = {"QueueUrl": f"{self._runtime.moto_url}/{account}/{name}"} | _queue_input(message, _encoded)
        self._post(queue, "SendMessage", msgspec.json.encode(body), target="AmazonSQS.SendMessage")

    def invoke(self, function: str, payload: bytes) -> None:
        path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations"
        self._post(function, "Invoke", payload, path=path, **{"x-amz-invocation-type": "Event"})

    def put(self, stream: str, data: bytes) -> None:
        name = stream.partition("/")[2]
        body = {"DeliveryStreamName": name, "Record": {"Data": base64.b64encode(data).decode()}}
        self._post(stream, "PutRecord", msgspec.json.encode(body), target="Firehose_20150804.PutRecord")

    def _post(self, arn: str, operation: str, body: bytes, *, path: str = "/", target: str = "", **more: str) -> None:
        _, _, service, region, account, _ = arn.split(":", 5)
        scope = f"Credential={account}/20200101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        headers = {
            "content-type": "application/x-amz-json-1.0" if target else "application/json",
            "authorization": f"AWS4-HMAC-SHA256 {scope}",
            SECRET: self._runtime.moto_secret,
            ACCOUNT: account,
            OPERATION: operation,
            **({"x-amz-target": target} if target else {}),
            **more,
        }
        connection = http.client.HTTPConnection(
            self._address.hostname or "", self._address.port, timeout=ANSWER_S, blocksize=1 << 16
        )
        try:
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            text = reply.read(REPLY_BYTES_MAX).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise EndpointError(f"the embedded account does not answer: {error}", unreachable=True) from error
        finally:
            connection.close()
        if reply.status >= 300:
            raise EndpointError(f"{arn} answered {reply.status}: {text[:300]}", final=400 <= reply.status < 500)


class BackendElsewhere:
    """At an endpoint that `[upstreams]` names, with its credentials: that service asks its policies itself."""

    def __init__(self, service: str, endpoint: Endpoint) -> None:
        self._clients = Clients(service, endpoint)
        self._urls: dict[str, str] = {}  # of queues, by ARN

    def send(self, queue: str, message: QueueMessage) -> None:
        account, name = queue.split(":")[4:6]

        def send(client: Any) -> None:
            if queue not in self._urls:
                found = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
                self._urls[queue] = found["QueueUrl"]
            client.send_message(QueueUrl=self._urls[queue], **_queue_input(message, _decoded))

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
            call(self._clients.of(arn))
        except ClientError as error:
            detail, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            final = bool(_GONE.search(detail["Code"])) or status == 403
            raise EndpointError(f"{arn}: {detail['Code']}: {detail.get('Message', '')}", final=final) from error
        except BotoCoreError as error:
            raise EndpointError(f"{arn}: {error}", unreachable=True) from error


def _queue_input(message: QueueMessage, binary: Callable[[str], object]) -> dict[str, Any]:
    attributes = {name: _queue_attribute(each, binary) for name, each in message.attributes.items()}
    found: dict[str, Any] = {"MessageBody": message.body}
    if attributes:
        found["MessageAttributes"] = attributes
    if message.group:
        found["MessageGroupId"] = message.group
    if message.deduplication:
        found["MessageDeduplicationId"] = message.deduplication
    return found


def _queue_attribute(attribute: Attribute, binary: Callable[[str], object]) -> Mapping[str, object]:
    if attribute.kind == "Binary":
        return {"DataType": attribute.type, "BinaryValue": binary(attribute.value)}
    return {"DataType": attribute.type, "StringValue": attribute.value}


def _encoded(value: str) -> str:
    return value


def _decoded(value: str) -> bytes:
    return base64.b64decode(value)
