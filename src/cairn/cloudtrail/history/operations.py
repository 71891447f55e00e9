"""LookupEvents, as AWS answers it (spec 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cairn.cloudtrail.history.facts import VALUE_CHARS_MAX, Field
from cairn.cloudtrail.history.insights import of_management_events, sifted
from cairn.cloudtrail.history.lookup import TIME_MAX, Found, Lookup, behind
from cairn.cloudtrail.history.pages import BadToken, Bookmark, PageTokens
from cairn.cloudtrail.history.rate import LookupRate
from cairn.cloudtrail.history.segment_reader import StoredEvent
from cairn.core.clock import utc
from cairn.core.errors import AwsError
from cairn.wire.operation import Context, Operation

RESULTS_MAX = 50

_FIELDS = {
    "EventId": Field.ALL,
    "EventName": Field.NAME,
    "ReadOnly": Field.READ_ONLY,
    "Username": Field.USER,
    "ResourceType": Field.RESOURCE_TYPE,
    "ResourceName": Field.RESOURCE_NAME,
    "EventSource": Field.SOURCE,
    "AccessKeyId": Field.ACCESS_KEY,
}
_INSIGHT_KEYS = ("EventId", "EventName", "EventSource")
_CATEGORIES = {"": "Management", "insight": "Insight"}
_DOUBLE = "_ ,\n"
"""Characters of a value that count twice towards its length."""


def lookup_events(ask: Callable[[Lookup], Found], tokens: PageTokens, rate: LookupRate) -> Operation:
    """The operation LookupEvents. `ask` answers one question from the history."""

    def operation(context: Context, input: dict[str, Any]) -> Mapping[str, Any]:
        if not rate.admits(context.account, context.region):
            raise AwsError("ThrottlingException", "Rate exceeded")
        question = _question(context, input)
        token = input.get("NextToken")
        asked = question
        if token is not None:
            try:
                mark = tokens.open(str(token), question)
            except BadToken as error:
                raise AwsError("InvalidNextTokenException", f"Invalid token: {error}.") from None
            asked = behind(question, (mark.time, mark.seq), mark.seq_end)
        insights = question.scope[2] == "Insight"
        found = sifted(ask, asked, of_management_events) if insights else ask(asked)
        answer: dict[str, Any] = {"Events": [item(event) for event in found.events]}
        if found.more and found.last is not None:
            answer["NextToken"] = tokens.make(Bookmark(*found.last, found.seq_end), question)
        return answer

    return operation


def _question(context: Context, input: dict[str, Any]) -> Lookup:
    """The input as a question to the history.

    Raises:
        AwsError: whatever LookupEvents refuses.
    """
    category = _CATEGORIES.get(input.get("EventCategory") or "")
    if category is None:
        raise AwsError(
            "InvalidEventCategoryException", f"Event category {input['EventCategory']!r} is not valid: it is insight."
        )
    key, value = _attribute(input.get("LookupAttributes") or [], category)
    time_min, time_max = _times(input)
    limit = input.get("MaxResults")
    limit = RESULTS_MAX if limit is None else limit
    if not isinstance(limit, int) or not 1 <= limit <= RESULTS_MAX:
        raise AwsError("InvalidMaxResultsException", f"MaxResults must be between 1 and {RESULTS_MAX}.")
    return Lookup(
        scope=(context.account, context.region, category),
        event_id=value if key == "EventId" else "",
        field=_FIELDS[key] if key else Field.ALL,
        value=value if key != "EventId" else "",
        time_min=time_min,
        time_max=time_max,
        limit=limit,
    )


def _attribute(attributes: list[Any], category: str) -> tuple[str, str]:
    """The one attribute of the question; empty texts if there is none."""
    if len(attributes) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    if not attributes:
        return "", ""
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    if key not in _FIELDS:
        raise AwsError("InvalidLookupAttributesException", f"The lookup attribute key {key!r} is not valid.")
    if category == "Insight" and key not in _INSIGHT_KEYS:
        raise AwsError(
            "InvalidLookupAttributesException", f"The lookup attribute key {key!r} is not valid for Insights events."
        )
    if not isinstance(value, str) or not value:
        raise AwsError("InvalidLookupAttributesException", "The lookup attribute has no value.")
    if len(value) + sum(map(value.count, _DOUBLE)) > VALUE_CHARS_MAX:
        raise AwsError(
            "InvalidLookupAttributesException", f"The value of {key} is longer than {VALUE_CHARS_MAX} characters."
        )
    return key, value


def _times(input: dict[str, Any]) -> tuple[int, int]:
    """Start and end in whole seconds, both inclusive. Events have no fractions: a start is rounded up, an end down."""
    start, end = _seconds(input.get("StartTime"), "StartTime"), _seconds(input.get("EndTime"), "EndTime")
    if start is not None and end is not None and start > end:
        raise AwsError("InvalidTimeRangeException", "StartTime is after EndTime.")
    return -TIME_MAX if start is None else -int(-start // 1), TIME_MAX if end is None else int(end // 1)


def _seconds(value: object, member: str) -> float | None:
    try:
        return seconds_of(value)
    except ValueError as error:
        raise AwsError("InvalidTimeRangeException", f"{member} {error}.") from None


def seconds_of(value: object) -> float | None:
    """A time of an input in seconds since the epoch; None: it is not given.

    Raises:
        ValueError: it can be none; the message says what it is.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < TIME_MAX:
        raise ValueError("is outside the range of possible values")
    return value


def item(event: StoredEvent) -> dict[str, Any]:
    """An event as LookupEvents shows it. What it does not have is left out: Insights events have not even readOnly."""
    members: dict[str, Any] = {
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": "" if event.category == "Insight" else "true" if event.read_only else "false",
        "AccessKeyId": event.access_key,
        "EventTime": utc(event.time),
        "EventSource": event.source,
        "Username": event.user,
        "Resources": [_resource(kind, name) for kind, name in event.resources],
        "CloudTrailEvent": event.record.decode(),
    }
    return {member: value for member, value in members.items() if value != ""}


def _resource(kind: str, name: str) -> dict[str, str]:
    resource = {"ResourceType": kind, "ResourceName": name}
    return {member: value for member, value in resource.items() if value}
