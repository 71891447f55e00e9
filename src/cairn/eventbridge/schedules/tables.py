"""When rules on a schedule are due."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.eventbridge.schema import EVENTS, ID

schedules = sa.Table(
    "event_schedules",
    EVENTS.metadata,
    sa.Column("rule", ID, sa.ForeignKey("event_rules.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("expression", sa.String(256), nullable=False, doc="the rule's schedule as it was when this was written"),
    sa.Column("since", sa.BigInteger, nullable=False, doc="when the rule began to be on it, seconds since the epoch"),
    sa.Column("due", sa.BigInteger, doc="empty: never again"),
    sa.Index("event_schedules_due", "due"),
)
"""A row for each enabled rule with a schedule, written by the scheduler as it finds them."""
