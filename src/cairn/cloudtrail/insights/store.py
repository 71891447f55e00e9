"""Detectors and calls a minute, kept with the journal position up to which they are true."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from cairn.cloudtrail.insights import metric_data, saved
from cairn.cloudtrail.insights.detector import Detector
from cairn.cloudtrail.insights.lens import Lens
from cairn.cloudtrail.insights.series import SeriesKey
from cairn.cloudtrail.insights.tables import detectors, position
from cairn.core.state import State

log = logging.getLogger(__name__)

EXPIRE_ROUNDS_MAX = 20
"""Pieces that are let go at once; what is left then goes the next time."""

Counts = Mapping[tuple[str, SeriesKey, int], int]
"""Calls by the trail of a lens, series and minute."""


class Kept(NamedTuple):
    """A detector, and from which minute on its insights are told."""

    detector: Detector
    since: int


class InsightStore:
    """The worker alone writes."""

    def __init__(self, state: State) -> None:
        self._state = state

    def position(self) -> int:
        """The journal position to read on at; 0: never was any read."""
        with self._state.read() as connection:
            return connection.scalar(sa.select(position.c.next)) or 0

    def load(self) -> dict[Lens, Kept]:
        """All detectors. One of another version's form is left out: it is learnt anew."""
        found: dict[Lens, Kept] = {}
        with self._state.read() as connection:
            for row in connection.execute(sa.select(detectors)):
                lens = Lens(row.account, row.region, row.trail)
                try:
                    found[lens] = Kept(saved.load(row.state), row.since)
                except saved.FormError as error:
                    log.warning("the baseline of %s in %s is learnt anew: %s", lens.account, lens.region, error)
        return found

    def save(self, reached: int, changed: Mapping[Lens, Kept], gone: Collection[Lens], counted: Counts) -> None:
        """Everything that was learnt up to a journal position, in one transaction."""
        rows = [
            {**lens._asdict(), "since": kept.since, "state": saved.dump(kept.detector)}
            for lens, kept in changed.items()
        ]
        by_trail: dict[str, list[tuple[SeriesKey, int, int]]] = {}
        for (trail, key, minute), calls in counted.items():
            by_trail.setdefault(trail, []).append((key, minute, calls))
        with self._state.write() as connection:
            for lens in {*gone, *changed}:
                same = [detectors.c[name] == value for name, value in lens._asdict().items()]
                connection.execute(sa.delete(detectors).where(*same))
            if rows:
                connection.execute(sa.insert(detectors), rows)
            for trail, counts in by_trail.items():
                metric_data.add(connection, trail, counts)
            connection.execute(sa.delete(position))
            connection.execute(sa.insert(position).values(id=1, next=reached))

    def expire(self, now: float) -> None:
        """Let go of calls a minute that are kept no longer."""
        for _ in range(EXPIRE_ROUNDS_MAX):
            with self._state.write() as connection:
                if not metric_data.expire(connection, now):
                    return
