"""Saved state: everything Cairn knows that is no event, in SQLite on one machine, PostgreSQL on many."""

from cairn.core.state.state import State, metadata

__all__ = ["State", "metadata"]
