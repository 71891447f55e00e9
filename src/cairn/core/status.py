"""The board on which every process writes how its loops are doing, so that `cairn status` can tell."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State, metadata

board = sa.Table(
    "loop_status",
    metadata,
    sa.Column("process", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("written", sa.Float, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("behind", sa.BigInteger, nullable=False),
    sa.Column("last_success", sa.Float, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text, nullable=False),
    sa.Column("last_error_time", sa.Float, nullable=False),
)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one loop of one process stood when it was last written."""

    process: str
    name: str
    written: float = 0.0
    position: int = 0
    """The next journal position that it will read; 0 where it reads no journal."""
    behind: int = 0
    """Batches of the journal that it has not read yet."""
    last_success: float = 0.0
    failures: int = 0
    last_error: str = ""
    last_error_time: float = 0.0


class StatusBoard:
    """The board in the saved state."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def write(self, process: str, standings: Sequence[Standing]) -> None:
        """Replace all that stood there of `process`."""
        now = self._clock.now()
        with self._state.write() as connection:
            connection.execute(sa.delete(board).where(board.c.process == process))
            if standings:
                rows = [msgspec.to_builtins(standing) | {"process": process, "written": now} for standing in standings]
                connection.execute(sa.insert(board), rows)

    def read(self) -> list[Standing]:
        with self._state.read() as connection:
            rows = connection.execute(sa.select(board).order_by(board.c.process, board.c.name)).mappings()
            return [Standing(**row) for row in rows]
