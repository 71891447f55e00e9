"""Running the detector over what happened: which insights it would have made. Delivers nothing."""

from __future__ import annotations

from collections.abc import Iterable

from cairn.cloudtrail.insights.detector import WATCHED_MINUTES_MIN, Detector
from cairn.cloudtrail.insights.insight import Insight
from cairn.cloudtrail.insights.series import Call, SeriesKey


class Replay:
    """Takes calls in the order of their minutes. The same calls give the same insights, however they come in pieces."""

    def __init__(self) -> None:
        self.found: list[Insight] = []
        """What started and ended so far, in order."""
        self.series: set[SeriesKey] = set()
        self.calls = 0
        """Counted in a series: one of an error that also is a write is two."""
        self.first: int | None = None
        """The first minute with calls, since the epoch."""
        self._detector = Detector()
        self._minute = 0
        self._open: dict[tuple[SeriesKey, Call], int] = {}

    @property
    def judged_from(self) -> int | None:
        """The first minute in which anything can be called unusual; None: there were no calls."""
        return None if self.first is None else self.first + WATCHED_MINUTES_MIN

    def take(self, counted: Iterable[tuple[SeriesKey, int, Call, int]]) -> None:
        """Count calls: series, minute since the epoch, who called, and how often.

        Raises:
            ValueError: a minute is before one that was taken.
        """
        for key, minute, call, calls in counted:
            if self.first is None:
                self.first = self._minute = minute
            if minute < self._minute:
                raise ValueError(f"minute {minute} comes after {self._minute}")
            if minute > self._minute:
                self._count()
                self.found += self._detector.close(minute - 1)
                self._minute = minute
            self._open[key, call] = self._open.get((key, call), 0) + calls

    def finish(self, minute: int) -> None:
        """Nothing comes any more, and `minute` is over: insights that are not by then go on."""
        if self.first is not None:
            self._count()
            self.found += self._detector.close(max(minute, self._minute))

    def _count(self) -> None:
        """Count a minute in an order that says nothing of how its calls came in."""
        for key, call in sorted(self._open):
            calls = self._open[key, call]
            self.series.add(key)
            self.calls += calls
            self._detector.add(key, self._minute, call, calls)
        self._open.clear()
