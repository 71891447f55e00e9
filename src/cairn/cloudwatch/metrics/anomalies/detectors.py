"""Anomaly detectors: what somebody says of how a metric's band is to be learned."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.metrics import refusals
from cairn.cloudwatch.metrics.datum import Metric
from cairn.cloudwatch.metrics.store import MetricStore
from cairn.cloudwatch.metrics.tables import detectors
from cairn.core.clock import utc

DETECTORS_MAX = 500
"""Of one account in one region."""
EXCLUDED_MAX = 100
"""Time ranges of one detector."""


class Detector(msgspec.Struct, frozen=True, kw_only=True):
    """How the band of a statistic of a metric is learned."""

    metric: Metric
    statistic: str
    excluded: tuple[tuple[float, float], ...] = ()
    """Time ranges that are not learned from, in seconds since the epoch, the end excluded."""
    timezone: str = ""
    """Where days and weeks begin, by its IANA name; empty: UTC."""
    periodic_spikes: bool | None = None
    """Kept and shown; the band does not depend on it."""
    speed: str = ""
    """As `periodic_spikes`."""
    strictness: str = ""
    """As `periodic_spikes`."""
    id: str = ""

    @property
    def key(self) -> str:
        """Names what it is for: there is one detector of each statistic."""
        return hashlib.sha256(msgspec.json.encode([self.metric, self.statistic])).hexdigest()

    def learns_from(self, time: float) -> bool:
        return not any(start <= time < end for start, end in self.excluded)

    def offset(self) -> Callable[[int], int]:
        """Seconds ahead of UTC of its days and weeks, by time."""
        if not self.timezone:
            return lambda time: 0
        zone = ZoneInfo(self.timezone)

        def ahead(time: int) -> int:
            offset = utc(time).astimezone(zone).utcoffset()
            return int(offset.total_seconds()) if offset is not None else 0

        return ahead


class Detectors:
    """The detectors of all accounts."""

    def __init__(self, store: MetricStore) -> None:
        self._state = store.state

    def put(self, detector: Detector) -> str:
        """Make a detector, or change the one of its metric and statistic. Returns its id.

        Raises:
            AwsError: the account has as many as it may have.
        """
        with self._state.write() as connection:
            known = connection.execute(sa.select(detectors).where(detectors.c.key == detector.key)).first()
            values = {"body": msgspec.json.encode(detector).decode()}
            if known is not None:
                connection.execute(sa.update(detectors).where(detectors.c.id == known.id).values(values))
                return str(known.name)
            metric = detector.metric
            place = sa.and_(detectors.c.account == metric.account, detectors.c.region == metric.region)
            if (connection.scalar(sa.select(sa.func.count()).where(place)) or 0) >= DETECTORS_MAX:
                raise refusals.too_many_detectors(DETECTORS_MAX)
            name = str(uuid.uuid4())
            row = {"key": detector.key, "name": name, "account": metric.account, "region": metric.region, **values}
            connection.execute(sa.insert(detectors).values(row))
            return name

    def delete(self, account: str, region: str, *, key: str = "", id: str = "") -> bool:
        """Delete a detector by its key or by its id. Returns whether there was one."""
        wanted = detectors.c.key == key if key else detectors.c.name == id
        ours = sa.and_(wanted, detectors.c.account == account, detectors.c.region == region)
        with self._state.write() as connection:
            return bool(connection.execute(sa.delete(detectors).where(ours)).rowcount)

    def all(self, account: str, region: str) -> list[Detector]:
        """In the order in which they were made."""
        wanted = sa.select(detectors).where(detectors.c.account == account, detectors.c.region == region)
        with self._state.read() as connection:
            return [_detector(row) for row in connection.execute(wanted.order_by(detectors.c.id))]


def find_detector(connection: sa.Connection, metric: Metric, statistic: str) -> Detector | None:
    """The detector of a statistic of a metric."""
    key = Detector(metric=metric, statistic=statistic).key
    row = connection.execute(sa.select(detectors).where(detectors.c.key == key)).first()
    return _detector(row) if row is not None else None


def _detector(row: sa.Row[tuple[object, ...]]) -> Detector:
    return msgspec.structs.replace(msgspec.json.decode(row.body, type=Detector), id=row.name)
