"""The tables of this room in saved state."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import counted, metadata

access_keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, index=True, doc="`ACCOUNT:user/NAME`, `ACCOUNT:role/NAME`, `ACCOUNT`"),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("token", sa.Text, nullable=False, doc="The session token; empty for keys that last."),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("expires", sa.Float, nullable=True, index=True, doc="Seconds since the epoch; null for keys that last."),
    sa.Column("identity", sa.Text, nullable=False, doc="The `Identity` of whoever uses it, as JSON."),
    sa.Column("policies", sa.Text, nullable=True, doc="A session's policies, a JSON list of texts; null: no limit."),
)
"""Who owns which access key. Secrets stand here in the clear, as SigV4 needs them: the file is private."""
counted(access_keys)
