"""Saved state: everything Cairn knows that is no event, in SQLite on one machine, PostgreSQL on many."""

from cairn.core.state.state import SAVED, Schema, State, counted, metadata

__all__ = ["SAVED", "Schema", "State", "counted", "metadata"]
