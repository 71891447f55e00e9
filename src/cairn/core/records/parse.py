"""From a CloudTrail record that somebody else wrote to an `Event`, for import.

Records of every age are taken: before 1.01 they have no eventID and no readOnly, before 1.02 no recipientAccountId,
before 1.06 no managementEvent, before 1.07 no eventCategory. What is missing is worked out for the header; the
record itself stays as it was.
"""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from cairn.core.clock import from_iso
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import CairnError
from cairn.core.records.data_events import is_data_event, resource_types
from cairn.core.records.event import Event, EventHeader, encode_record
from cairn.core.records.read_only import is_read_only

_decoder = msgspec.json.Decoder()
_WITHOUT_ID = uuid.UUID(
    "5f1c7a52-5d0e-4c63-9e57-6f0a2c6b1d34"
)  # namespace of the ids we give to records that have none
_ID_CHARS_MAX = 128

_CATEGORY_BY_TYPE = {
    "AwsCloudTrailInsight": "Insight",
    "AwsVpceEvent": "NetworkActivity",
    "AwsVpceEvents": "NetworkActivity",
    "AwsAggregatedEvent": "Aggregated",
}


class DamagedRecord(CairnError):
    """This is no CloudTrail record, or one that lacks what every record has. `field` names what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}" if field else problem, advice="Look at the file that it came from.")
        self.field = field


def event_from_record(raw: bytes | dict[str, Any], *, account: str = "", region: str = "") -> Event:
    """The event of a record in JSON or already decoded. Its record is one line of JSON with its fields in order.

    `account` and `region` stand in where the record does not say them, as the name of its log file does.

    Raises:
        DamagedRecord: `raw` is no JSON object, or has no eventTime, no account, or a member of the wrong type.
    """
    record = decode_record(raw) if isinstance(raw, bytes) else raw
    try:
        encoded = encode_record(record)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise DamagedRecord("", f"the record is no JSON: {error}") from None
    source = _text(record, "eventSource")
    name = _text(record, "eventName")
    category = _category(record, source, name)
    if category not in ("Insight", "Aggregated") and not (source and name):
        raise DamagedRecord("eventSource" if not source else "eventName", "is missing")
    header = EventHeader(
        id=_event_id(record, encoded),
        account=_account(record) or account or _missing("recipientAccountId"),
        region=_text(record, "awsRegion") or region or _missing("awsRegion"),
        category=category,
        time=_time(record),
        read_only=_read_only(record, source, name),
        source=source,
        name=name,
        types=_types(record, source, name) if category == "Data" else (),
    )
    return Event(header, encoded)


def decode_record(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`.

    Raises:
        DamagedRecord: it is not one.
    """
    try:
        record = _decoder.decode(raw)
    except UNREADABLE as error:
        raise DamagedRecord("", f"the record is no JSON: {error}") from None
    if not isinstance(record, dict):
        raise DamagedRecord("", f"a record is a JSON object, and this is a {type(record).__name__}")
    return record


def _missing(field: str) -> str:
    raise DamagedRecord(field, "is missing")


def _text(record: dict[str, Any], field: str) -> str:
    value = record.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DamagedRecord(field, f"is a {type(value).__name__}, not a text")
    return value


def _types(record: dict[str, Any], source: str, name: str) -> tuple[str, ...]:
    resources = record.get("resources")
    entries = resources if isinstance(resources, list) else []
    return resource_types(source, name, [entry for entry in entries if isinstance(entry, dict)])


def _event_id(record: dict[str, Any], encoded: bytes) -> str:
    event_id = _text(record, "eventID") or _text(record, "eventId")
    if not event_id:
        # The same record always gets the same id, so that a second import of it is seen as a repeat.
        return str(uuid.uuid5(_WITHOUT_ID, encoded.decode()))
    if len(event_id) > _ID_CHARS_MAX or not event_id.isprintable():
        raise DamagedRecord("eventID", f"is no identifier of at most {_ID_CHARS_MAX} characters")
    return event_id


def _account(record: dict[str, Any]) -> str:
    account = _text(record, "recipientAccountId") or _text(record, "accountId")
    if not account:
        identity = record.get("userIdentity")
        if isinstance(identity, dict):
            account = _text(identity, "accountId")
    return account


def _time(record: dict[str, Any]) -> int:
    value = record.get("eventTime")
    if value is None and isinstance(record.get("timeWindow"), dict):  # aggregated events have a window instead
        value = record["timeWindow"].get("windowEnd")
    if not isinstance(value, str):
        raise DamagedRecord("eventTime", "is missing" if value is None else "is not a text")
    try:
        return from_iso(value)
    except (ValueError, OverflowError):
        raise DamagedRecord("eventTime", f"is no time: {value[:40]!r}") from None


def _category(record: dict[str, Any], source: str, name: str) -> str:
    category = _text(record, "eventCategory")
    if category:
        return category
    kind = _text(record, "eventType")
    if kind in _CATEGORY_BY_TYPE:
        return _CATEGORY_BY_TYPE[kind]
    management = record.get("managementEvent")
    if isinstance(management, bool):
        return "Management" if management else "Data"
    return "Data" if is_data_event(source, name) else "Management"


def _read_only(record: dict[str, Any], source: str, name: str) -> bool:
    value = record.get("readOnly")
    if value is None:
        return is_read_only(source, name)
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):  # as collectors that flatten records write it
        return bool(value == "true")
    raise DamagedRecord("readOnly", f"is a {type(value).__name__}, not true or false")
