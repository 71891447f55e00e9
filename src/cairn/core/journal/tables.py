"""What the journal's own readers keep in the saved state."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import metadata

journal_readers = sa.Table(
    "journal_readers",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False, doc="where it reads on; nothing before it is needed"),
)
