"""Streams of Kinesis and Firehose, which are written to in the target's role."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import Outcome
from cairn.eventbridge.inputs.paths import Document, parse_path
from cairn.service.embedded_clients import ClientOf
from cairn.service.event_targets.answers import called, of_batch
from cairn.service.event_targets.permissions import Permissions

KEY_CHARACTERS_MAX = 256


class KinesisStreams:
    """Records of an event each; PartitionKeyPath says which key they have, by default the event's id."""

    together = 100

    def __init__(self, client_of: ClientOf, permissions: Permissions | None) -> None:
        self._client_of = client_of
        self._permissions = permissions

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        if self._permissions is not None:
            role = address.role or address.rule_role
            self._permissions.check_role(address, "kinesis:PutRecord", address.arn, role)
        client = self._client_of(address.arn)
        path = (address.settings.get("KinesisParameters") or {}).get("PartitionKeyPath", "$.id")
        records = [{"Data": each.payload, "PartitionKey": partition_key(each, path)} for each in deliveries]
        answer = called(lambda: client.put_records(StreamARN=address.arn, Records=records))
        return of_batch(deliveries, answer["Records"])


class FirehoseStreams:
    """Delivery streams, a record an event."""

    together = 100

    def __init__(self, client_of: ClientOf, permissions: Permissions | None) -> None:
        self._client_of = client_of
        self._permissions = permissions

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        if self._permissions is not None:
            role = address.role or address.rule_role
            self._permissions.check_role(address, "firehose:PutRecord", address.arn, role)
        client, name = self._client_of(address.arn), address.arn.rpartition("/")[2]
        records = [{"Data": each.payload} for each in deliveries]
        answer = called(lambda: client.put_record_batch(DeliveryStreamName=name, Records=records))
        return of_batch(deliveries, answer["RequestResponses"])


def partition_key(delivery: Delivery, path: str) -> str:
    """What the event has at a path, as text; the event's id where it has nothing there."""
    found = Document(delivery.event.envelope).find(parse_path(path))
    value = msgspec.json.decode(found) if found and found[:1] == b'"' else (found or b"").decode()
    return str(value)[:KEY_CHARACTERS_MAX] or delivery.event.id
