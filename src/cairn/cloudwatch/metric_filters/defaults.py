"""Default values: which minutes of which groups may need one. Pure.

A filter's default value is for minutes in which its group got events and none matched. Whether one did is known when
the minute is over, and so is the minute in which its events came in. Until then it is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cairn.cloudwatch.logs.events import LogBatch

MINUTE_S = 60
GRACE_S = 2.0
"""After a minute, for what comes in just at its end."""
OPEN_MAX = 20_000
"""Minutes of all groups; when there are more, the oldest are over."""


class Minute(NamedTuple):
    """A minute of a group's events, by their timestamps."""

    group: int
    """Its row."""
    start: int
    """Seconds since the epoch."""


class Puts(NamedTuple):
    """The puts that brought a minute's events."""

    first: int
    last: int
    """Their numbers."""
    over: float
    """When the minute is over, in seconds since the epoch."""


class OpenMinutes:
    """Minutes that have events and are not over. For one thread."""

    def __init__(self) -> None:
        self._open: dict[Minute, Puts] = {}

    @property
    def first(self) -> int | None:
        """The number of the first put that is needed to find the open minutes again; None: there is none open."""
        return next(iter(self._open.values())).first if self._open else None  # since puts are noted in order

    def note(self, batch: LogBatch) -> None:
        """Take in the minutes of a put. The same put twice is as good as once."""
        came = batch.ingestion_ms // 60_000
        for minute in {event.timestamp_ms // 60_000 for event in batch.events}:
            key = Minute(batch.group_row, minute * MINUTE_S)
            known = self._open.get(key)
            if known is not None:
                self._open[key] = known._replace(last=max(known.last, batch.seq))
            else:
                # A client's clock may be ahead: then it is this minute or the next that has to pass.
                ends = min(max(minute, came), came + 1) + 1
                self._open[key] = Puts(batch.seq, batch.seq, ends * MINUTE_S + GRACE_S)

    def over(self, now: float) -> list[tuple[Minute, Puts]]:
        """Minutes that are over, those whose events came first at the begin."""
        surplus = len(self._open) - OPEN_MAX
        return [each for number, each in enumerate(self._open.items()) if each[1].over <= now or number < surplus]

    def close(self, minutes: Iterable[Minute]) -> None:
        for minute in minutes:
            self._open.pop(minute, None)
