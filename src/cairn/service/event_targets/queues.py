"""Queues of SQS, as targets and for dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cairn.eventbridge.deliveries.dead_letters import message_of
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import NO_RESOURCE, DeliveryError, Outcome
from cairn.service.embedded_clients import ClientOf
from cairn.service.event_targets.answers import called, one_by_one, refusal
from cairn.service.event_targets.permissions import Permissions

BATCH_MAX = 10
BATCH_BYTES_MAX = 200_000
"""Of messages that are sent together; SQS takes more, but not everywhere."""

THREADS = 8
"""That send to queues without an order: the embedded account saves together what comes at once."""

_ACTION = "sqs:SendMessage"


class Queues:
    """What arrives there is durable when it answers. Used by many threads.

    Args:
        permissions: None: whoever answers there says no himself.
    """

    together = 80

    def __init__(self, client_of: ClientOf, permissions: Permissions | None) -> None:
        self._client_of = client_of
        self._permissions = permissions
        self._urls: dict[str, str] = {}  # by ARN
        self._threads = ThreadPoolExecutor(THREADS, "event-queues")

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        if self._permissions is not None:
            self._permissions.check(address, _ACTION, address.arn)
        group = (address.settings.get("SqsParameters") or {}).get("MessageGroupId", "")
        more = {"MessageGroupId": group} if group else {}
        client, url = self._found(address.arn)

        def send(together: Sequence[Delivery]) -> list[Outcome]:
            entries = [
                {"Id": str(number), "MessageBody": _text(each.payload), **more} for number, each in enumerate(together)
            ]
            try:
                answer = self._sent(address.arn, lambda: client.send_message_batch(QueueUrl=url, Entries=entries))
            except DeliveryError as error:
                return [error] * len(together)
            failed = {each["Id"]: each for each in answer.get("Failed", [])}
            return [_outcome(failed.get(str(number))) for number in range(len(together))]

        batches = list(_batches(deliveries))
        ordered = bool(group) or len(batches) == 1
        sent = map(send, batches) if ordered else self._threads.map(send, batches)
        return [outcome for outcomes in sent for outcome in outcomes]

    def close(self) -> None:
        self._threads.shutdown()

    def bury(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        """To the address's dead-letter queue, as far as its policy lets EventBridge."""
        queue = address.dead_letter_queue
        if self._permissions is not None:
            self._permissions.check_resource(address, _ACTION, queue)

        def send(delivery: Delivery) -> None:
            client, url = self._found(queue)
            body, attributes = message_of(delivery)
            given = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
            self._sent(queue, lambda: client.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=given))

        return one_by_one(deliveries, send)

    def _found(self, arn: str) -> tuple[Any, str]:
        client = self._client_of(arn)
        if arn not in self._urls:
            account, name = arn.split(":")[4:6]
            found = called(lambda: client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account))
            self._urls[arn] = found["QueueUrl"]
        return client, self._urls[arn]

    def _sent(self, arn: str, call: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = called(call)
        except DeliveryError as error:
            if error.code == NO_RESOURCE:
                self._urls.pop(arn, None)
            raise
        return answer


def _batches(deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    together: list[Delivery] = []
    size = 0
    for each in deliveries:
        if together and (len(together) == BATCH_MAX or size + len(each.payload) > BATCH_BYTES_MAX):
            yield together
            together, size = [], 0
        together.append(each)
        size += len(each.payload)
    if together:
        yield together


def _outcome(failed: Mapping[str, Any] | None) -> Outcome:
    if failed is None:
        return None
    return refusal(failed["Code"], failed.get("Message", ""), 400 if failed["SenderFault"] else 500)


def _text(payload: bytes) -> str:
    return payload.decode("utf-8", "replace")
