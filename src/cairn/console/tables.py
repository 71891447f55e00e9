"""The tables of this room in saved state. Nothing in them lets anybody in: tokens, names and codes are hashes."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import metadata

sessions = sa.Table(
    "console_sessions",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True, doc="what `Seal.digest` makes of the cookie's token"),
    sa.Column("key", sa.String(128), nullable=False, doc="id of the access key that its calls are signed with"),
    sa.Column("proof", sa.String(128), doc="id of the access key that somebody signed in with, if they did"),
    sa.Column("role", sa.Text, doc="the `Role` that it switched to, as JSON"),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
    sa.Index("console_sessions_expires", "expires"),
)

guesses = sa.Table(
    "console_guesses",
    metadata,
    sa.Column("subject", sa.String(64), primary_key=True, doc="digest of whom, or from where, was guessed"),
    sa.Column("minute", sa.BigInteger, primary_key=True, doc="since the epoch"),
    sa.Column("guesses", sa.Integer, nullable=False),
)

used_codes = sa.Table(
    "console_used_codes",
    metadata,
    sa.Column("device", sa.String(64), primary_key=True, doc="digest of its serial number and seed"),
    sa.Column("step", sa.BigInteger, nullable=False, doc="the time step of the last code that let somebody in"),
)
