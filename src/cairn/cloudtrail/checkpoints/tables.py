"""The checkpoint logs as they stand in the saved state: entries and hashes, never changed once they are there."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import metadata

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by itself only in INTEGER columns

logs = sa.Table(
    "checkpoint_logs",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("trail", sa.String(300), nullable=False, unique=True, doc="ARN; a trail made again goes on in its log"),
    sa.Column("key", sa.Text, nullable=False, doc="verifier key of what signs it"),
    sa.Column("cursor", sa.BigInteger, nullable=False, doc="row of the last digest in it"),
    sa.Column("size", sa.BigInteger, nullable=False, doc="entries"),
    sa.Column("note", sa.Text, nullable=False, doc="the checkpoint signed last; empty before the first"),
    sa.Column("published_size", sa.BigInteger, nullable=False),
    sa.Column("published_note", sa.Text, nullable=False, doc="the checkpoint that its bucket has"),
    sa.Column("published_place", sa.String(1300), nullable=False, doc="BUCKET/FOLDER that has it"),
)

entries = sa.Table(
    "checkpoint_entries",
    metadata,
    sa.Column("log", _ID, sa.ForeignKey("checkpoint_logs.id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="Leaf as JSON"),
)

hashes = sa.Table(
    "checkpoint_hashes",
    metadata,
    sa.Column("log", _ID, sa.ForeignKey("checkpoint_logs.id"), primary_key=True),
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False, doc="of tiles"),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)
