"""What Insights keeps: the state of detectors, and calls a minute, in `insights.db`.

Both are written in one transaction with the journal position up to which they are true.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from cairn.core.state import Schema

INSIGHTS = Schema("insights", sa.MetaData(), Path(__file__).parent / "migrations")

_metadata = INSIGHTS.metadata
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns

position = sa.Table(
    "insight_position",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, doc="1"),
    sa.Column("next", sa.BigInteger, nullable=False, doc="the journal position to read on at"),
)

detectors = sa.Table(
    "insight_detectors",
    _metadata,
    sa.Column("account", sa.String(12), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
    sa.Column(
        "trail", sa.String(300), primary_key=True, doc="ARN, where it is data events'; empty: management events'"
    ),
    sa.Column("since", sa.BigInteger, nullable=False, doc="minute; insights that began before are not told"),
    sa.Column("state", sa.LargeBinary, nullable=False, doc="as `saved.dump` gives it"),
)

series = sa.Table(
    "insight_series",
    _metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("trail", sa.String(300), nullable=False, doc="as the detector's"),
    sa.Column("source", sa.String(256), nullable=False),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("type", sa.String(32), nullable=False, doc="ApiCallRateInsight or ApiErrorRateInsight"),
    sa.Column("error_code", sa.String(256), nullable=False, doc="of error rates; empty for call rates"),
    sa.UniqueConstraint(
        "account", "region", "trail", "source", "name", "type", "error_code", name="insight_series_key"
    ),
)

counts = sa.Table(
    "insight_counts",
    _metadata,
    sa.Column("series", _ID, sa.ForeignKey("insight_series.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("period", sa.Integer, primary_key=True, doc="seconds: 60, 300 or 3600"),
    sa.Column("start", sa.BigInteger, primary_key=True, doc="of the period, seconds since the epoch"),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Index("insight_counts_start", "period", "start"),
    sqlite_with_rowid=False,
)
