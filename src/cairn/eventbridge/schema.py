"""The database of event buses: each package declares its tables on it, in a module named `tables.py`."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from cairn.core.state import Schema

EVENTS = Schema("events", sa.MetaData(), Path(__file__).parent / "migrations")

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""Of rows that number themselves: SQLite does that only in INTEGER columns."""
