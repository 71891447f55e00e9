"""What can be wrong with a query, and what can be too much for it."""

from __future__ import annotations


class MalformedQuery(Exception):
    """The query cannot be understood. `start` and `end` are offsets in its text, in characters, the end behind it."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = max(end, start)


class QueryTooLarge(Exception):
    """The query would hold more rows or groups than a query may."""
