"""Deliveries that are not done."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.eventbridge.schema import EVENTS, ID

deliveries = sa.Table(
    "event_deliveries",
    EVENTS.metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("owner", sa.String(90), nullable=False, doc="queue.Owner as text: who waits"),
    sa.Column("about", sa.Text, nullable=False, doc="delivery.About as JSON"),
    sa.Column("envelope", sa.LargeBinary, nullable=False, doc="the event"),
    sa.Column("payload", sa.LargeBinary, doc="what is sent; none: the event"),
    sa.Column("since", sa.Float, nullable=False, doc="when the bus got it; of a dead one: when it was given up"),
    sa.Column("attempts", sa.Integer, nullable=False, doc="that failed; of a dead one: at the dead-letter queue"),
    sa.Column("due", sa.Float, nullable=False, doc="when it is tried next"),
    sa.Column("dead", sa.Boolean, nullable=False, doc="given up; it is on its way to the dead-letter queue"),
    sa.Column("failure", sa.Text, nullable=False, doc="delivery.Failure of the last attempt as JSON; empty: none"),
    sa.Index("event_deliveries_owner", "owner", "due", "id"),
    sa.Index("event_deliveries_due", "due"),
    sqlite_autoincrement=True,  # the numbers are their order
)
