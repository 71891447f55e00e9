"""The network activity event of a call: what the owner of the VPC endpoint that it came through is told (spec 1.8)."""

from __future__ import annotations

import uuid
from typing import Any

from cairn.core.clock import iso_seconds
from cairn.core.records.compose import EVENT_VERSION, source_and_name
from cairn.core.records.event import Event, EventHeader
from cairn.core.records.facts import CallFacts
from cairn.core.records.names import event_region
from cairn.core.records.read_only import is_read_only
from cairn.core.records.sizes import encode_within_limits

DENIED = "VpceAccessDenied"
DENIED_MESSAGE = "The request was denied due to a VPC endpoint policy"

_IDS = uuid.UUID("0d9be2f0-6d0c-4f4e-9b3a-6a3f6f0f3f21")
"""Namespace of the ids, which are functions of the calls' own: composed twice, it is the same event."""


def network_activity_header(facts: CallFacts) -> EventHeader:
    """The header of the event, which does not depend on what became of the call."""
    source, name = source_and_name(facts)
    return EventHeader(
        id=str(uuid.uuid5(_IDS, facts.event_id)),
        account=facts.vpc_endpoint_account,
        region=event_region(facts.service, facts.region),
        category="NetworkActivity",
        time=int(facts.time),
        read_only=is_read_only(source, name),
        source=source,
        name=name,
    )


def compose_network_activity(facts: CallFacts) -> Event:
    """The event of a call that came through a VPC endpoint. It has no parameters and no outcome but a denial."""
    header = network_activity_header(facts)
    record: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": _identity(facts),
        "eventTime": iso_seconds(facts.time),
        "eventSource": header.source,
        "eventName": header.name,
        "awsRegion": header.region,
        "sourceIPAddress": facts.source_ip,
    }
    if facts.vpc_endpoint_denied:
        record |= {"errorCode": DENIED, "errorMessage": DENIED_MESSAGE}
    record |= {
        "requestID": facts.request_id,
        "eventID": header.id,
        "eventType": "AwsVpceEvent",
        "recipientAccountId": header.account,
        "sharedEventID": str(uuid.uuid5(_IDS, header.id)),
        "vpcEndpointId": facts.vpc_endpoint_id,
        "vpcEndpointAccountId": facts.vpc_endpoint_account,
        "eventCategory": "NetworkActivity",
    }
    return Event(header, encode_within_limits(record))


def _identity(facts: CallFacts) -> dict[str, Any]:
    """The caller; of a foreigner no more than the account."""
    identity = facts.identity
    if identity.account == facts.vpc_endpoint_account:
        return identity.record()
    if not identity.account:
        return {"type": "Unknown"}
    return {"type": "AWSAccount", "principalId": identity.principal_id, "accountId": identity.account}
