"""PutEvents and TestEventPattern."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cairn.core.clock import Clock, iso_seconds
from cairn.eventbridge import refusals
from cairn.eventbridge.arns import bus_named
from cairn.eventbridge.event import TIME_BYTES, BusEvent, BusId, envelope
from cairn.eventbridge.operations.arguments import Answer, Params
from cairn.eventbridge.patterns import event_patterns
from cairn.eventbridge.routing import Router
from cairn.wire.operation import Context, Operation
from cairn.wire.validate import validate

ENTRIES_MAX = 10
ENTRIES_BYTES_MAX = 1 << 20
"""All entries of a call must stay below it. AWS raised it from 256 KB to 1 MB in January 2026."""
DETAIL_DEPTH_MAX = 256
"""How deep an event's detail may be nested."""

_SHOWN_CHARACTERS = 65_536  # of entries that are too many
_SHOWN = {
    "time": "Time",
    "source": "Source",
    "resources": "Resources",
    "detailType": "DetailType",
    "detail": "Detail",
    "eventBusName": "EventBusName",
    "traceHeader": "TraceHeader",
}
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"')


class _Refused(Exception):
    """Of one entry; the others are taken in."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class EventOperations:
    def __init__(self, router: Router, clock: Clock) -> None:
        self._router = router
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        return {"PutEvents": self.put_events, "TestEventPattern": self.test_event_pattern}

    def put_events(self, context: Context, params: Params) -> Answer:
        entries: list[dict[str, Any]] = params.get("Entries") or []
        _check_count(entries)
        validate("events", "PutEvents", params)
        if params.get("EndpointId"):
            raise refusals.endpoint_not_found(params["EndpointId"])
        if sum(map(_size, entries)) >= ENTRIES_BYTES_MAX:
            raise refusals.invalid("Total size of the entries in the request is over the limit.")
        batches: dict[BusId, list[BusEvent]] = {}
        results: list[dict[str, str]] = []
        for entry in entries:
            bus = bus_named(entry.get("EventBusName"), context.account, context.region)
            try:
                event = self._read(context, entry)
            except _Refused as refused:
                results.append({"ErrorCode": refused.code, "ErrorMessage": refused.message})
            else:
                batches.setdefault(bus, []).append(event)
                results.append({"EventId": event.id})
        self._router.put_all(batches)
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def test_event_pattern(self, context: Context, params: Params) -> Answer:
        return {"Result": event_patterns.test(params["EventPattern"], params["Event"])}

    def _read(self, context: Context, entry: Mapping[str, Any]) -> BusEvent:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                text = f"Parameter {name} is not valid. Reason: {name} is a required argument."
                raise _Refused("InvalidArgument", text)
        source: str = entry["Source"]
        if source.startswith("aws."):
            raise _Refused("NotAuthorizedForSourceException", "Not authorized for the source.")
        time: datetime | None = entry.get("Time")
        given = {"id": str(uuid.uuid4()), "source": source, "detail_type": entry["DetailType"]}
        given |= {"account": context.account, "region": context.region}
        try:
            line = envelope(
                **given,
                time=iso_seconds(time.timestamp() if time is not None else self._clock.now()),
                resources=entry.get("Resources", []),
                detail=_one_line(entry["Detail"]),
            )
        except (UnicodeEncodeError, ValueError, OverflowError):  # half of a surrogate pair, a year that has no date
            raise _Refused("InvalidArgument", "The entry is not valid.") from None  # (ours)
        return BusEvent(**given, envelope=line)


def _one_line(detail: str) -> bytes:
    """A detail as it was given but for the white space around its values."""
    try:
        text = detail.encode()
        if not isinstance(msgspec.json.decode(text), dict) or _depth(text) > DETAIL_DEPTH_MAX:
            raise _Refused("MalformedDetail", "Detail is malformed.")
        return msgspec.json.format(text, indent=-1)
    except (UnicodeEncodeError, msgspec.DecodeError, RecursionError):
        raise _Refused("MalformedDetail", "Detail is malformed.") from None


def _depth(text: bytes) -> int:
    """How deep a JSON text is nested; 0 where it cannot be too deep. In time that grows with its length alone."""
    if text.count(b"{") + text.count(b"[") <= DETAIL_DEPTH_MAX:
        return 0
    depth = deepest = 0
    for character in _STRINGS.sub(b"", text):
        if character in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in b"}]":
            depth -= 1
    return deepest


def _size(entry: Mapping[str, Any]) -> int:
    """Bytes that an entry counts for (spec 9.2)."""
    texts: list[str] = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    texts += [resource for resource in entry.get("Resources") or [] if resource]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return size + (TIME_BYTES if entry.get("Time") is not None else 0)


def _check_count(entries: Sequence[Mapping[str, Any]]) -> None:
    """Too many entries are shown as AWS shows them."""
    if len(entries) <= ENTRIES_MAX:
        return
    texts, length = [], 0
    for entry in entries:
        texts.append(_shown(entry))
        length += len(texts[-1])
        if length > _SHOWN_CHARACTERS:
            break
    raise refusals.invalid(
        f"1 validation error detected: Value '[{', '.join(texts)}]' at 'entries' failed to satisfy constraint: "
        f"Member must have length less than or equal to {ENTRIES_MAX}"
    )


def _shown(entry: Mapping[str, Any]) -> str:
    members = [f"{name}={_text(entry.get(member))}" for name, member in _SHOWN.items()]
    return f"PutEventsRequestEntry({', '.join([*members, 'kmsKeyIdentifier=null', 'internalMetadata=null'])})"


def _text(value: Any) -> str:
    if value is None:
        return "null"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
