"""Metrics and their points, as they stand in `metrics.db`."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from cairn.core.state import Schema

METRICS = Schema("metrics", sa.MetaData(), Path(__file__).parent / "migrations")

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns

series = sa.Table(
    "metric_series",
    METRICS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True, doc="Metric.key"),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("namespace", sa.String(255), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("dimensions", sa.Text, nullable=False, doc="pairs as JSON, sorted"),
    sa.Column("active", sa.BigInteger, nullable=False, doc="about when somebody last published, seconds"),
    sa.Index("metric_series_name", "account", "region", "namespace", "name"),
)

points = sa.Table(
    "metric_points",
    METRICS.metadata,
    sa.Column("series", _ID, sa.ForeignKey("metric_series.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("start", sa.BigInteger, primary_key=True, doc="seconds since the epoch, a multiple of the resolution"),
    sa.Column("resolution", sa.Integer, primary_key=True, doc="seconds: 1, 60, 300 or 3600"),
    sa.Column("unit", sa.String(20), primary_key=True),
    sa.Column("count", sa.Float, nullable=False),
    sa.Column("sum", sa.Float, nullable=False),
    sa.Column("min", sa.Float, nullable=False),
    sa.Column("max", sa.Float, nullable=False),
    sa.Column("spread", sa.LargeBinary, doc="Distribution, as in Summary"),
    sa.Index("metric_points_age", "resolution", "start"),
    sqlite_with_rowid=False,
)

positions = sa.Table(
    "metric_positions",
    METRICS.metadata,
    sa.Column("reader", sa.String(200), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)

detectors = sa.Table(
    "anomaly_detectors",
    METRICS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(64), nullable=False, unique=True, doc="Detector.key"),
    sa.Column("name", sa.String(128), nullable=False, unique=True, doc="AnomalyDetectorId"),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("body", sa.Text, nullable=False, doc="Detector as JSON"),
    sa.Index("anomaly_detectors_account", "account", "region"),
)
