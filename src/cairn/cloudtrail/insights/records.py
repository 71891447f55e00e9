"""Insights events as AWS writes them in a trail's files (spec 7)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from cairn.cloudtrail.insights.attributions import Share
from cairn.cloudtrail.insights.insight import Insight
from cairn.cloudtrail.insights.series import ERROR_RATE, SeriesKey
from cairn.core.clock import iso_seconds
from cairn.core.records.event import Event, EventHeader, encode_record

EVENT_VERSION = "1.11"
"""That of Cairn's other records."""
EVENT_TYPE = "AwsCloudTrailInsight"
EVENT_CATEGORY = "Insight"
DECIMALS = 10
"""Of averages, as in AWS's samples."""

_SPACE = uuid.UUID("5f0c2a52-6c0e-5d3b-9b0a-3f1d8f6f7c11")
"""Of ids that are made of what they name."""


def compose(insight: Insight, trail_arn: str = "") -> dict[str, Any]:
    """The record, its fields in AWS's order.

    Args:
        trail_arn: the trail whose data events are concerned; insights of management events name none.
    """
    key = insight.key
    shared = shared_event_id(key, insight.start, trail_arn)
    return {
        "eventVersion": EVENT_VERSION,
        "eventTime": iso_seconds(insight.minute * 60),
        "awsRegion": key.region,
        "eventID": str(uuid.uuid5(uuid.UUID(shared), insight.state.value)),
        "eventType": EVENT_TYPE,
        "recipientAccountId": key.account,
        "sharedEventID": shared,
        "insightDetails": _details(insight, trail_arn),
        "eventCategory": EVENT_CATEGORY,
    }


def event_of(insight: Insight, trail_arn: str = "") -> Event:
    """The record with its header, which names the calls that it is about: the record has none at the top."""
    key, record = insight.key, compose(insight, trail_arn)
    header = EventHeader(
        id=record["eventID"],
        account=key.account,
        region=key.region,
        category=EVENT_CATEGORY,
        time=insight.minute * 60,
        read_only=False,
        source=key.source,
        name=key.name,
    )
    return Event(header, encode_record(record))


def shared_event_id(key: SeriesKey, start: int, trail_arn: str = "") -> str:
    """The sharedEventID of an insight's Start and End: whoever finds the same insight gives it the same.

    Args:
        start: the insight's first minute.
    """
    return str(uuid.uuid5(_SPACE, "\n".join((*key, str(start), trail_arn))))


def _details(insight: Insight, trail_arn: str) -> dict[str, Any]:
    key = insight.key
    details: dict[str, Any] = {
        "state": insight.state.value,
        "eventSource": key.source,
        "eventName": key.name,
        "insightType": key.insight_type,
    }
    if key.insight_type == ERROR_RATE:
        details["errorCode"] = key.error_code
    details["sourceEventCategory"] = key.category
    statistics = insight.statistics
    details["insightContext"] = {
        "statistics": {
            "baseline": {"average": _average(statistics.baseline)},
            "insight": {"average": _average(statistics.insight)},
            "insightDuration": statistics.minutes,
            "baselineDuration": statistics.baseline_minutes,
        },
        "attributions": [
            {
                "attribute": attribution.attribute,
                "insight": _shares(attribution.insight),
                "baseline": _shares(attribution.baseline),
            }
            for attribution in insight.attributions
        ],
    }
    if trail_arn:
        details["insightSource"] = trail_arn
    return details


def _shares(shares: Sequence[Share]) -> list[dict[str, Any]]:
    return [{"value": share.value, "average": _average(share.average)} for share in shares]


def _average(calls: float) -> float | int:
    """Whole numbers without a decimal point, as in AWS's samples."""
    rounded = round(calls, DECIMALS)
    return int(rounded) if rounded == int(rounded) else rounded
