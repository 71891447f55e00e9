"""Topics: Cairn's own, or of an SNS elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cairn.cloudwatch.sns.policies import Source
from cairn.cloudwatch.sns.topics import TopicError, Topics
from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError, Outcome
from cairn.service.embedded_clients import ClientOf
from cairn.service.event_targets.answers import TOGETHER, called, one_by_one
from cairn.service.event_targets.permissions import EVENTS

_CODES = {"NotFound": codes.NO_RESOURCE, "InvalidParameter": codes.INVALID_PARAMETER}


class OwnTopics:
    """Cairn's own, which publish an event that they are told again no second time."""

    together = TOGETHER

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        source = Source(service=EVENTS, arn=address.rule_arn, account=address.bus.account)

        def send(delivery: Delivery) -> None:
            text = delivery.payload.decode("utf-8", "replace")
            try:
                self._topics.publish(address.arn, text, source=source, once=_once(delivery))
            except TopicError as error:
                raise _refusal(error) from error

        return one_by_one(deliveries, send)


class TopicsElsewhere:
    """That SNS says whether we may publish."""

    together = TOGETHER

    def __init__(self, client_of: ClientOf) -> None:
        self._client_of = client_of

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        client = self._client_of(address.arn)

        def send(delivery: Delivery) -> None:
            text = delivery.payload.decode("utf-8", "replace")
            called(lambda: client.publish(TopicArn=address.arn, Message=text))

        return one_by_one(deliveries, send)


def _once(delivery: Delivery) -> str:
    """Names this very delivery, however often it is tried."""
    named = (delivery.event.id, delivery.address.rule_arn, delivery.address.target, delivery.since, delivery.id)
    return hashlib.sha256(repr(named).encode()).hexdigest()


def _refusal(error: TopicError) -> DeliveryError:
    if not error.code:
        return DeliveryError(codes.CONNECTION_FAILURE, error.message, unreachable=True)
    return DeliveryError(_CODES.get(error.code, codes.NO_PERMISSIONS), f"{error.code}: {error.message}", final=True)
