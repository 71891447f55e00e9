"""The facts of a segment's events as columns of numbers, so that millions of them are counted at once.

    block: "CCB1" | events, 4 bytes | of each column its CRC-32, 4 bytes | the columns, 4 bytes an event

A file is blocks, one after the other, each of `BLOCK_EVENTS` events; only the last of a segment that grows no more
may hold fewer. All numbers are little-endian and without sign. Events stand in order of their numbers, which have no
gaps. What has no block, or a damaged one, is counted from the table of events.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isal.isal_zlib import crc32

from cairn.cloudtrail.history.facts import SINGLE
from cairn.core.errors import CairnError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint32]

MAGIC = b"CCB1"
NAMES = ("time", "scope", "read_only", *(field.name.lower() for field in SINGLE))
"""As in the table of events. Terms and scopes are numbers of the segment's; term 0: the event has no such value."""
BLOCK_EVENTS = 1 << 15
_CRC_AT = len(MAGIC) + 4
_HEADER_BYTES = _CRC_AT + 4 * len(NAMES)


class ColumnsDamaged(CairnError):
    """The file is not what was written."""


class NoColumns(CairnError):
    """Columns cannot hold what the segment has: a number has no event, or a time is before 1970 or far ahead."""


class Block:
    """Columns of some events that follow each other, as they are filled."""

    def __init__(self, first_seq: int) -> None:
        self._next = first_seq
        self._columns = [array("I") for _ in NAMES]

    def __len__(self) -> int:
        return len(self._columns[0])

    def add_all(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add events in order: the number of each, then its values of `NAMES`.

        Raises:
            NoColumns: they cannot be held.
        """
        for seq, *values in rows:
            if seq != self._next:
                raise NoColumns(f"event {self._next} is missing")
            self._next += 1
            try:
                for column, value in zip(self._columns, values, strict=True):
                    column.append(value or 0)
            except (OverflowError, TypeError):
                raise NoColumns(f"event {seq} has what is no number, or none that columns hold") from None

    def numbers(self) -> Mapping[str, Numbers]:
        """The columns by their names."""
        import numpy as np  # 25 MB of memory, which only those who count need

        return {name: np.frombuffer(column, np.uint32) for name, column in zip(NAMES, self._columns, strict=True)}

    def encode(self) -> bytes:
        parts = [_little_endian(column) for column in self._columns]
        sums = b"".join(crc32(part).to_bytes(4, "little") for part in parts)
        return b"".join((MAGIC, len(self).to_bytes(4, "little"), sums, *parts))


class ColumnsFile:
    """Columns on disk, as their one writer adds to them."""

    def __init__(self, path: Path) -> None:
        """What a crash left half written is written anew."""
        self._path = path
        blocks = _blocks(path)
        self.events = sum(blocks)
        self._end = sum(map(_size, blocks))

    def append(self, block: Block) -> None:
        """Add a block durably."""
        content = block.encode()
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.truncate(self._end)
            file.seek(self._end)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._end += len(content)
        self.events += len(block)


class Columns:
    """Columns on disk. Only those that are asked for are read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, names: Iterable[str]) -> Mapping[str, Numbers]:
        """Some columns by their names, of as many events as there are whole blocks of.

        Raises:
            ColumnsDamaged: the file is not what was written.
        """
        import numpy as np

        blocks = _blocks(self._path)
        found = {name: np.empty(sum(blocks), np.uint32) for name in names}
        if not blocks:
            return found
        try:
            with self._path.open("rb") as file:
                at = done = 0
                for events in blocks:
                    self._read_block(file, at, {name: column[done : done + events] for name, column in found.items()})
                    at += _size(events)
                    done += events
        except OSError as error:
            raise ColumnsDamaged(f"{self._path.name} cannot be read: {error}") from error
        return found

    def _read_block(self, file: BufferedReader, at: int, into: Mapping[str, Numbers]) -> None:
        file.seek(at)
        header = file.read(_HEADER_BYTES)
        if header[: len(MAGIC)] != MAGIC:
            raise ColumnsDamaged(f"{self._path.name} has no block at {at}")
        for name, column in into.items():
            place = NAMES.index(name)
            file.seek(at + _HEADER_BYTES + place * column.nbytes)
            file.readinto(column.data.cast("B"))
            if crc32(column) != int.from_bytes(header[_CRC_AT + 4 * place :][:4], "little"):
                raise ColumnsDamaged(f"the checksum of {name} at {at} in {self._path.name} does not fit")
            if sys.byteorder == "big":
                column.byteswap(inplace=True)


def _blocks(path: Path) -> list[int]:
    """How many events each whole block holds; nothing where there is no such file."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return []
            full, rest = divmod(os.fstat(file.fileno()).st_size, _size(BLOCK_EVENTS))
            blocks = [BLOCK_EVENTS] * full
            if rest:
                file.seek(full * _size(BLOCK_EVENTS) + len(MAGIC))
                last = int.from_bytes(file.read(4), "little")
                blocks += [last] if last < BLOCK_EVENTS and _size(last) == rest else []
            return blocks
    except FileNotFoundError:
        return []


def _size(events: int) -> int:
    return _HEADER_BYTES + events * 4 * len(NAMES)


def _little_endian(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()
