"""What a record is on an event bus: its kind, whose bus it goes to, and which rules it is kept from (spec 9). Pure."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from cairn.core.clock import iso_seconds
from cairn.core.records.event import Event, EventHeader

RECORD_BYTES_MAX = 256 << 10
"""Records that are larger reach no bus (spec 9)."""

API_CALL = "AWS API Call via CloudTrail"
INSIGHT = "AWS Insight via CloudTrail"
NETWORK_ACTIVITY = "AWS Network Activity Event via CloudTrail"

_BY_TYPE = {
    "AwsConsoleSignIn": "AWS Console Sign In via CloudTrail",
    "AwsConsoleAction": "AWS Console Action via CloudTrail",
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
    "AwsCloudTrailInsight": INSIGHT,
    "AwsVpceEvent": NETWORK_ACTIVITY,
}
_BY_CATEGORY = {"Insight": INSIGHT, "NetworkActivity": NETWORK_ACTIVITY}
_DOMAIN = ".amazonaws.com"
_CLOUDTRAIL = "aws.cloudtrail"
_READING = ("Get", "List", "Describe")
_SIGN_IN = "signin.amazonaws.com"
_NOT_WITHHELD = frozenset({("sts.amazonaws.com", "GetFederationToken"), ("sts.amazonaws.com", "GetSessionToken")})
_ROOM = 100
_decoder = msgspec.json.Decoder()
_IDS = uuid.UUID("5f0b3c2e-7d59-4f0e-9b86-1f6d4a3c8e71")


class TrailEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A record on its way to the default bus of its account and region."""

    id: str
    """A UUID, the same whenever the record is sent."""
    source: str
    detail_type: str
    account: str
    region: str
    time: str
    """The record's, as `2026-11-28T12:00:00Z`."""
    record: bytes
    """The record as it is logged."""
    withheld: bool
    """Whether only rules see it that ask for all management events."""


def trail_event(event: Event) -> TrailEvent | None:
    """The event that a record becomes; None where it is no JSON object, or nested too deeply."""
    header, record = event.header, _parse(event.record)
    if record is None:
        return None
    detail_type = _BY_CATEGORY.get(header.category) or _BY_TYPE.get(str(record.get("eventType")), API_CALL)
    return TrailEvent(
        id=str(uuid.uuid5(_IDS, f"{header.id} {header.account} {header.region}")),
        source=_CLOUDTRAIL if detail_type == INSIGHT else f"aws.{header.source.removesuffix(_DOMAIN)}",
        detail_type=detail_type,
        account=header.account,
        region=header.region,
        time=iso_seconds(header.time),
        record=event.record,
        withheld=is_withheld(header),
    )


def _parse(record: bytes) -> dict[str, Any] | None:
    """A record's members. It must be nested less deeply than can be parsed: whoever parses the event that it is the
    detail of stands deeper in calls, and must not fail for it."""
    try:
        found = _decoder.decode(b"[" * _ROOM + record + b"]" * _ROOM)
        for _ in range(_ROOM):
            (found,) = found
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def is_withheld(header: EventHeader) -> bool:
    """Whether a call is kept from rules that do not ask for all management events: it reads, by its name. Calls that
    read and are named otherwise are not; nor are data events and what happens at the console's sign-in (spec 9)."""
    if header.category != "Management" or header.source == _SIGN_IN or not header.name.startswith(_READING):
        return False
    return (header.source, header.name) not in _NOT_WITHHELD
