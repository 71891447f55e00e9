"""How far each source was read, in the transaction in which what it gave was taken in; and the tags of buses and
rules."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.eventbridge.schema import EVENTS

positions = sa.Table(
    "event_positions",
    EVENTS.metadata,
    sa.Column("source", sa.String(128), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False, doc="everything before it is taken in"),
)

tags = sa.Table(
    "event_tags",
    EVENTS.metadata,
    sa.Column("arn", sa.String(512), primary_key=True, doc="of a bus or a rule"),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("value", sa.String(256), nullable=False),
)
