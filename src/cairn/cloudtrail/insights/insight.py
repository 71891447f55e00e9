"""An insight's start or end: unusual activity of one series, as the record of it tells."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from cairn.cloudtrail.insights.attributions import Share
from cairn.cloudtrail.insights.series import SeriesKey


class State(Enum):
    START = "Start"
    END = "End"


class Statistics(NamedTuple):
    baseline: float
    """Calls a minute in the baseline."""
    insight: float
    """Calls a minute: at the start of its first minute, at the end of all of its minutes."""
    minutes: int
    """Of the insight: 1 at its start."""
    baseline_minutes: int


class Attribution(NamedTuple):
    attribute: str
    insight: tuple[Share, ...]
    baseline: tuple[Share, ...]


class Insight(NamedTuple):
    key: SeriesKey
    state: State
    start: int
    """Its first minute, since the epoch."""
    minute: int
    """Of this event: its first minute, or the first after it."""
    statistics: Statistics
    attributions: tuple[Attribution, ...]
