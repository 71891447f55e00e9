"""Metric filters, in the database of the log groups that they belong to."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.cloudwatch.logs.tables import LOGS

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns
_NAME = sa.String(512).with_variant(sa.String(512, collation="C"), "postgresql")  # in the order of ASCII

metric_filters = sa.Table(
    "metric_filters",
    LOGS.metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True, doc="another one whenever the filter is put"),
    sa.Column("log_group", _ID, sa.ForeignKey("log_groups.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", _NAME, nullable=False),
    sa.Column("pattern", sa.String(1024), nullable=False),
    sa.Column("regexes", sa.Integer, nullable=False, doc="regular expressions in the pattern"),
    sa.Column("namespace", sa.String(255), nullable=False),
    sa.Column("metric", sa.String(255), nullable=False),
    sa.Column("value", sa.String(100), nullable=False, doc="a number, `$.selector` or `$field`"),
    sa.Column("default_value", sa.Float),
    sa.Column("dimensions", sa.Text, nullable=False, doc="pairs of name and selector as JSON, as they were given"),
    sa.Column("system_fields", sa.Text, nullable=False, doc="names as JSON"),
    sa.Column("unit", sa.String(20), nullable=False, doc="empty: none was given"),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False, doc="seq of the first put that it looks at"),
    sa.Index("metric_filters_name", "log_group", "name", unique=True),
    sa.Index("metric_filters_metric", "namespace", "metric"),
    sqlite_autoincrement=True,  # so that `MetricFilters.stamp` never repeats
)
