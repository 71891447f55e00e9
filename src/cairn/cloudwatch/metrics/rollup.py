"""Rolling up: points grow coarser as they grow old, and the oldest go.

Points of a second become part of their minute's after 3 hours, those of minutes of 5 minutes' after 15 days, those of 5
minutes of the hour's after 63 days; after 455 days they are deleted. What moves is deleted and added in one
transaction, whole target periods at a time, so that no sum ever changes. Data that come later than that are added to
points of a minute or a second as always, and move at the next step.
"""

from __future__ import annotations

import sqlalchemy as sa

from cairn.cloudwatch.metrics.store import KEPT_S, MetricStore, PointKey, merge_points, read_points
from cairn.cloudwatch.metrics.summary import Summary
from cairn.cloudwatch.metrics.tables import points, series
from cairn.core.clock import Clock

POLL_S = 60.0
ROWS_A_STEP = 2_000
"""Rows that one transaction moves or deletes: about 100 ms in which nobody else writes."""
PAUSE_S = 0.1
"""Between two transactions, where there is more to do: others write then."""

_COARSER = {1: 60, 60: 300, 300: 3_600}


class RollUp:
    """Rolls up the points of all metrics. `step` is for one thread of one process."""

    name = "metrics-rollup"

    def __init__(self, store: MetricStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def step(self) -> float:
        """Move or delete some of what is too old. Returns the seconds until there may be more to do."""
        now = self._clock.now()
        moved = [self._move(now, resolution, target) for resolution, target in _COARSER.items()]
        gone = self._delete(now)
        return PAUSE_S if max(*moved, gone) >= ROWS_A_STEP else POLL_S

    def _move(self, now: float, resolution: int, target: int) -> int:
        """Returns how many rows went into coarser ones."""
        limit = int((now - KEPT_S[resolution]) // target) * target
        with self._store.write() as connection:
            old = sa.select(points).where(points.c.resolution == resolution, points.c.start < limit)
            old = old.order_by(points.c.start).limit(ROWS_A_STEP)
            self._store.hold(connection, sa.select(old.subquery().c.series))
            found = read_points(connection, old)
            gathered: dict[PointKey, Summary] = {}
            for key, summary in found:
                into = PointKey(key.series, key.start - key.start % target, target, key.unit)
                known = gathered.setdefault(into, summary)
                if known is not summary:
                    known.merge(summary)
            _remove(connection, [key for key, _ in found])
            merge_points(connection, gathered)
        return len(found)

    def _delete(self, now: float) -> int:
        """Delete points of hours that nobody may ask for any more, and metrics that have none left."""
        limit = now - KEPT_S[3_600]
        with self._store.write() as connection:
            old = sa.select(points).where(points.c.resolution == 3_600, points.c.start < limit)
            found = read_points(connection, old.limit(ROWS_A_STEP))
            _remove(connection, [key for key, _ in found])
            empty = ~sa.exists().where(points.c.series == series.c.id)
            connection.execute(sa.delete(series).where(series.c.active < limit, empty))
        return len(found)


_REMOVE = sa.delete(points).where(*(points.c[name] == sa.bindparam(f"of_{name}") for name in PointKey._fields))


def _remove(connection: sa.Connection, keys: list[PointKey]) -> None:
    if keys:
        connection.execute(_REMOVE, [{f"of_{name}": part for name, part in key._asdict().items()} for key in keys])
