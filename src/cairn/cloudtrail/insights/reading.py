"""Insights as people read them: a Start and an End event are one thing that happened. From records of Cairn's and of
AWS's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from cairn.core.clock import from_iso, iso_seconds
from cairn.core.errors import CairnError

START = "Start"


class Value(msgspec.Struct, frozen=True):
    """One value of an attribution, and calls a minute."""

    value: str
    average: float


class Contribution(msgspec.Struct, frozen=True):
    """An attribution: the most frequent values of an attribute in the insight, and in its baseline."""

    attribute: str
    insight: tuple[Value, ...] = ()
    baseline: tuple[Value, ...] = ()


class _Average(msgspec.Struct):
    average: float = 0.0


class _Statistics(msgspec.Struct, rename="camel"):
    baseline: _Average = msgspec.field(default_factory=_Average)
    insight: _Average = msgspec.field(default_factory=_Average)
    insight_duration: int = 1
    baseline_duration: int = 0


class _Context(msgspec.Struct):
    statistics: _Statistics = msgspec.field(default_factory=_Statistics)
    attributions: tuple[Contribution, ...] = ()


class _Details(msgspec.Struct, rename="camel"):
    state: str
    event_source: str
    event_name: str
    insight_type: str
    error_code: str = ""
    source_event_category: str = "Management"
    insight_source: str = ""
    insight_context: _Context = msgspec.field(default_factory=_Context)


class _Record(msgspec.Struct, rename={"event_id": "eventID", "shared_event_id": "sharedEventID"}):
    event_id: str
    shared_event_id: str
    time: str = msgspec.field(name="eventTime")
    region: str = msgspec.field(name="awsRegion")
    account: str = msgspec.field(name="recipientAccountId")
    details: _Details = msgspec.field(name="insightDetails")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """An insight. Times are in seconds since the epoch, averages in calls a minute."""

    id: str
    """sharedEventID."""
    start: int
    end: int | None
    """None: no End is known."""
    minutes: int
    """As the newest of its events has them."""
    type: str
    source: str
    name: str
    error_code: str
    category: str
    """Of the events that were counted."""
    trail: str
    """ARN, of data events'."""
    account: str
    region: str
    baseline: float
    average: float
    baseline_minutes: int
    contributions: tuple[Contribution, ...]

    @property
    def times(self) -> float | None:
        """How many times the usual; None: there were no such calls."""
        return self.average / self.baseline if self.baseline > 0 else None

    @property
    def baseline_start(self) -> int:
        return self.start - self.baseline_minutes * 60

    def row(self) -> dict[str, Any]:
        """As tables show it."""
        return {
            "time": iso_seconds(self.start),
            "end": None if self.end is None else iso_seconds(self.end),
            "minutes": self.minutes,
            "name": self.name,
            "source": self.source,
            "error": self.error_code,
            "usual": round(self.baseline, 3),
            "insight": round(self.average, 3),
            "times": None if self.times is None else round(self.times, 1),
            "account": self.account,
            "region": self.region,
            "id": self.id,
        }


def readings(records: Iterable[dict[str, Any]]) -> list[Reading]:
    """The insights of Insights events, in any order; the oldest first.

    Raises:
        CairnError: one of them is not as AWS writes them.
    """
    pairs: dict[str, dict[str, _Record]] = {}
    for raw in records:
        try:
            record = msgspec.convert(raw, _Record)
            pairs.setdefault(record.shared_event_id, {})[record.details.state] = record
            from_iso(record.time)
        except (msgspec.ValidationError, ValueError) as error:
            raise CairnError(f"the record of an Insights event cannot be read: {error}") from None
    return sorted(map(_reading, pairs.values()), key=lambda reading: (reading.start, reading.id))


def _reading(pair: dict[str, _Record]) -> Reading:
    start, end = pair.get(START), next((record for state, record in pair.items() if state != START), None)
    newest = end or start
    assert newest is not None
    details = newest.details
    statistics = details.insight_context.statistics
    ended = None if end is None else from_iso(end.time)
    return Reading(
        id=newest.shared_event_id,
        start=from_iso(start.time) if start else from_iso(newest.time) - statistics.insight_duration * 60,
        end=ended,
        minutes=statistics.insight_duration,
        type=details.insight_type,
        source=details.event_source,
        name=details.event_name,
        error_code=details.error_code,
        category=details.source_event_category,
        trail=details.insight_source,
        account=newest.account,
        region=newest.region,
        baseline=statistics.baseline.average,
        average=statistics.insight.average,
        baseline_minutes=statistics.baseline_duration,
        contributions=details.insight_context.attributions,
    )
