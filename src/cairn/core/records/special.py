"""Records of what no caller did: AWS services acting by themselves (`AwsServiceEvent`, spec 1.7)."""

from __future__ import annotations

from typing import Any

from cairn.core.clock import iso_seconds
from cairn.core.records.compose import EVENT_VERSION
from cairn.core.records.event import Event, EventHeader
from cairn.core.records.sizes import encode_within_limits


def compose_service_event(
    *,
    event_id: str,
    time: float,
    account: str,
    region: str,
    source: str,
    name: str,
    details: dict[str, Any] | None = None,
    additional: dict[str, Any] | None = None,
    shared_event_id: str = "",
) -> Event:
    """The event of what the service `source` (`kms.amazonaws.com`) did in an account by itself.

    `details` become serviceEventDetails; a few services put them in additionalEventData instead.
    """
    record: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        # No type: genuine service events have none.
        "userIdentity": {"accountId": account, "invokedBy": source},
        "eventTime": iso_seconds(time),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": source,
        "userAgent": source,
        "requestParameters": None,
        "responseElements": None,
    }
    if additional:
        record["additionalEventData"] = additional
    record |= {
        "eventID": event_id,
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": account,
    }
    if shared_event_id:
        record["sharedEventID"] = shared_event_id
    if details:
        record["serviceEventDetails"] = details
    record["eventCategory"] = "Management"
    header = EventHeader(
        id=event_id,
        account=account,
        region=region,
        category="Management",
        time=int(time),
        read_only=False,
        source=source,
        name=name,
    )
    return Event(header, encode_within_limits(record))
