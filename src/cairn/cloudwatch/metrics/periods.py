"""Points read in periods: which of what is stored falls into a period, and where periods begin."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.cloudwatch.metrics.datum import Metric
from cairn.cloudwatch.metrics.store import HOUR_S, KEPT_S, MetricStore
from cairn.cloudwatch.metrics.summary import Summary

SHORT_S = (1, 5, 10, 20, 30)
"""Periods of less than a minute."""
MINUTE_S = 60


def is_period(period: float) -> bool:
    """Whether CloudWatch has such a period, in seconds."""
    return period in SHORT_S or (0 < period < 1 << 31 and period % MINUTE_S == 0)


def round_start(start: float, period: int, now: float) -> int:
    """Where the first period of a question begins, in seconds since the epoch; ever older ones begin ever rounder."""
    if period in SHORT_S:
        step = period
    elif start > now - KEPT_S[60]:
        step = 60
    else:
        step = 300 if start > now - KEPT_S[300] else HOUR_S
    return int(start // step) * step


def read_periods(
    store: MetricStore,
    connection: sa.Connection,
    metric: Metric,
    start: int,
    end: float,
    period: int,
    *,
    unit: str = "",
    spread: bool = True,
) -> dict[str, dict[int, Summary]]:
    """What is known of the periods from `start` to before `end`, by unit and begin, in order; empty ones are left out.

    Points of a resolution that a period does not divide into are not there for it: what is older than 3 hours has
    periods of whole minutes, older than 15 days of 5 minutes, older than 63 days of hours. A metric that was published
    by the minute has, in shorter periods, its value in the one that the minute begins with.

    Without `spread` nothing is known of how the values are distributed, which is quicker.
    """
    found: dict[str, dict[int, Summary]] = {}
    if not spread and period >= MINUTE_S:
        for of_unit, begin, summary in store.sums(connection, metric, start, end, period, unit=unit):
            found.setdefault(of_unit, {})[begin] = summary
        return found
    recent = store.clock.now() - KEPT_S[1]
    for key, summary in store.rows(connection, metric, start, end, unit=unit):
        if period % key.resolution != 0 and not (period < key.resolution == MINUTE_S and key.start >= recent):
            continue
        begin = key.start - (key.start - start) % period
        periods = found.setdefault(key.unit, {})
        known = periods.get(begin)
        if known is None:
            periods[begin] = summary
        else:
            known.merge(summary)
    return found


def over_units(found: dict[str, dict[int, Summary]]) -> dict[int, Summary]:
    """Periods of all units as if they were one unit, by begin, in order."""
    if len(found) == 1:
        return next(iter(found.values()))
    joined: dict[int, Summary] = {}
    for periods in found.values():
        for begin, summary in periods.items():
            known = joined.get(begin)
            if known is None:
                joined[begin] = summary
            else:
                known.merge(summary)
    return dict(sorted(joined.items()))
