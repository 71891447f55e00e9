"""What a query may hold in memory at once, whatever it asks for and however much it reads."""

from __future__ import annotations

from cairn.cloudwatch.queries.language.refusals import QueryTooLarge
from cairn.cloudwatch.queries.language.rows import Row

CELLS_MAX = 1_000_000
"""Values of groups: counters, distinct values, percentiles' values. About 64 MB."""
HELD_BYTES_MAX = 64 << 20
"""Rows that wait to be sorted."""
ROW_BYTES = 500
"""What a row takes besides its message."""


class Budget:
    """Counts what one query holds."""

    def __init__(self, *, cells_max: int = CELLS_MAX, held_bytes_max: int = HELD_BYTES_MAX) -> None:
        self._cells = cells_max
        self._bytes = held_bytes_max

    def take_cells(self, count: int) -> None:
        """
        Raises:
            QueryTooLarge: those are too many.
        """
        self._cells -= count
        if self._cells < 0:
            raise QueryTooLarge("The query has too many groups or distinct values; narrow it down")

    def take_row(self, row: Row) -> None:
        """
        Raises:
            QueryTooLarge: there are too many rows.
        """
        self._bytes -= size_of(row)
        if self._bytes < 0:
            raise QueryTooLarge("The query holds too many rows to sort; narrow it down, or limit it")

    def give_row(self, row: Row) -> None:
        """A row is no longer held."""
        self._bytes += size_of(row)


def size_of(row: Row) -> int:
    """About how many bytes a row takes."""
    return ROW_BYTES + (len(row.record.message) if row.record is not None else 0)
