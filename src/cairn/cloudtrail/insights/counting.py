"""From an event to what is counted of it."""

from __future__ import annotations

from typing import Any

import msgspec

from cairn.cloudtrail.insights.series import CATEGORIES, DATA, Call, Scope, SeriesKey, keys_of
from cairn.core.records.event import EventHeader

SECONDS_A_MINUTE = 60
TEXT_CHARS_MAX = 256
"""Of a source, name or error code; what a stranger's record has of more is cut."""
RESOURCES_MAX = 5
"""Of a data event that are attributed to."""


class _Members(msgspec.Struct, rename="camel"):
    """What a record has that its header has not. Of any type: strangers' records must stop nobody."""

    user_identity: Any = None
    user_agent: Any = None
    error_code: Any = None
    resources: Any = None


_decoder = msgspec.json.Decoder(_Members)


def counts_of(header: EventHeader, record: bytes) -> list[tuple[SeriesKey, int, Call]]:
    """The series that an event counts in, each with the minute, since the epoch, and the call: none, one or two."""
    if header.category not in CATEGORIES:
        return []
    try:
        members = _decoder.decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        members = _Members()
    error_code = _text(members.error_code)[:TEXT_CHARS_MAX]
    scope = Scope(header.account, header.region)
    source, name = header.source[:TEXT_CHARS_MAX], header.name[:TEXT_CHARS_MAX]
    keys = keys_of(scope, source, name, header.category, header.read_only, error_code)
    if not keys:
        return []
    identity = members.user_identity if isinstance(members.user_identity, dict) else {}
    resources = _resource_arns(members.resources) if header.category == DATA else ()
    call = Call(_text(identity.get("arn")), _text(members.user_agent), error_code, resources)
    return [(key, header.time // SECONDS_A_MINUTE, call) for key in keys]


def _resource_arns(resources: Any) -> tuple[str, ...]:
    if not isinstance(resources, list):
        return ()
    arns = (_text(resource.get("ARN")) for resource in resources[:RESOURCES_MAX] if isinstance(resource, dict))
    return tuple(arn for arn in arns if arn)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
