"""A source is read once up to a position, whoever says so and how often."""

from __future__ import annotations

from pathlib import Path

from cairn.core.state import State
from cairn.eventbridge.positions import Once, move, position_of
from cairn.eventbridge.schema import EVENTS


def test_a_position_moves_forward_once(tmp_path: Path) -> None:
    state = State.in_folder(tmp_path, EVENTS)
    state.migrate()
    with state.write() as connection:
        assert position_of(connection, "journal") == 0
        assert move(connection, Once("journal", 5))
        assert not move(connection, Once("journal", 5))
        assert not move(connection, Once("journal", 3))
        assert move(connection, Once("other", 1))
        assert move(connection, Once("journal", 6))
    with state.read() as connection:
        assert (position_of(connection, "journal"), position_of(connection, "other")) == (6, 1)
    state.close()
