"""Event buses. The default one has a row only once something was changed about it."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.eventbridge.schema import EVENTS, ID

buses = sa.Table(
    "event_buses",
    EVENTS.metadata,
    sa.Column("id", ID, primary_key=True, autoincrement=True),
    sa.Column("account", sa.String(12), nullable=False),
    sa.Column("region", sa.String(32), nullable=False),
    sa.Column("name", sa.String(256), nullable=False),
    sa.Column("settings", sa.Text, nullable=False, doc="Description, KmsKeyIdentifier, ... as they were put, as JSON"),
    sa.Column("policy", sa.Text, nullable=False, doc="empty: it has none"),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("modified", sa.Float, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, doc="grows with each change of a rule, a target, an archive"),
    sa.Column("archives", sa.Integer, nullable=False, doc="how many take its events in"),
    sa.UniqueConstraint("account", "region", "name", name="event_buses_name"),
    sqlite_autoincrement=True,  # a bus that is made again is another one to whoever holds its rules
)
