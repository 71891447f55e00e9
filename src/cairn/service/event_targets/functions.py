"""Functions of Lambda, invoked without waiting for what they do."""

from __future__ import annotations

from collections.abc import Sequence

from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import Outcome
from cairn.service.embedded_clients import ClientOf
from cairn.service.event_targets.answers import TOGETHER, called, one_by_one
from cairn.service.event_targets.permissions import Permissions


class Functions:
    """In the embedded account or elsewhere."""

    together = TOGETHER

    def __init__(self, client_of: ClientOf, permissions: Permissions | None) -> None:
        self._client_of = client_of
        self._permissions = permissions

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        if self._permissions is not None:
            self._permissions.check(address, "lambda:InvokeFunction", address.arn)
        client = self._client_of(address.arn)

        def send(delivery: Delivery) -> None:
            called(lambda: client.invoke(FunctionName=address.arn, InvocationType="Event", Payload=delivery.payload))

        return one_by_one(deliveries, send)
