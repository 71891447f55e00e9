"""Results as they are kept: pages of rows, compressed."""

from __future__ import annotations

import msgspec
from isal import isal_zlib

from cairn.cloudwatch.queries.language.query import Shown
from cairn.cloudwatch.queries.language.refusals import QueryTooLarge

PAGE_ROWS = 1000
RESULT_BYTES_MAX = 64 << 20
"""Of one query's results, not compressed."""

_LEVEL = 1
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[list[tuple[str, str]]]).decode


class Results:
    """The results of one query in the making."""

    def __init__(self, *, bytes_max: int = RESULT_BYTES_MAX) -> None:
        self.pages: list[bytes] = []
        self.rows = 0
        self._open: list[Shown] = []
        self._bytes = bytes_max

    def add(self, row: Shown) -> None:
        """
        Raises:
            QueryTooLarge: results are larger than a query may have.
        """
        self._bytes -= sum(len(name) + len(value) for name, value in row)
        if self._bytes < 0:
            raise QueryTooLarge("The results are too large; narrow the query down, or limit it")
        self.rows += 1
        self._open.append(row)
        if len(self._open) == PAGE_ROWS:
            self._close()

    def end(self) -> None:
        """No more rows come."""
        if self._open:
            self._close()

    def _close(self) -> None:
        self.pages.append(isal_zlib.compress(_encode(self._open), _LEVEL))
        self._open = []


def rows_of(page: bytes) -> list[list[tuple[str, str]]]:
    """The rows of a page."""
    return _decode(isal_zlib.decompress(page))
