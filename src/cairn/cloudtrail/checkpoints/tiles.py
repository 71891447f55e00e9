"""A tree as files that never change: tiles of hashes and bundles of entries, as C2SP's tlog-tiles names them. Pure.

A tile at level L holds hashes of height 8 * L, 256 of them, or fewer at the right edge of the tree. Whoever has a tree
of some size knows which files there are, and reads any proof from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cairn.cloudtrail.checkpoints.merkle import HASH_BYTES, node_hash
from cairn.core.errors import CairnError

HEIGHT = 8
WIDTH = 1 << HEIGHT
ENTRY_BYTES_MAX = (1 << 16) - 1
_GROUP = 1000
_PATH = re.compile(r"tile/(?P<level>entries|\d{1,2})/(?P<number>(?:x\d{3}/){0,5}\d{3})(?:\.p/(?P<width>\d{1,3}))?")


class TileDamaged(CairnError):
    """The bytes are no tile, or no bundle, of that width."""


class Tile(NamedTuple):
    """A file of the log: a tile of hashes, or where `level` is None a bundle of entries."""

    level: int | None
    number: int
    width: int = WIDTH
    """Hashes, or entries, in it; fewer than `WIDTH` at the right edge."""

    @property
    def path(self) -> str:
        """Its place below the log's folder: `tile/0/x001/234.p/7`."""
        part = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level is None else self.level}/{_number(self.number)}{part}"

    @property
    def start(self) -> int:
        """Its first hash, counted at its level."""
        return self.number * WIDTH


def parse_path(path: str) -> Tile | None:
    """The file of a path; None if it names none."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = None if match["level"] == "entries" else int(match["level"])
    tile = Tile(level, int(re.sub(r"[x/]", "", match["number"])), int(match["width"] or WIDTH))
    return tile if tile.path == path else None


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """The files of a tree of `size` entries that a tree of `since` did not have, entries first."""
    yield from _row(None, since, size)
    level = 0
    while size:
        yield from _row(level, since, size)
        size, since, level = size >> HEIGHT, since >> HEIGHT, level + 1


def tile_with(level: int | None, position: int, size: int) -> Tile:
    """The file with one hash (or entry) of a tree of `size` entries; `position` counts at its level."""
    index = position // WIDTH
    there = size >> (HEIGHT * (level or 0))
    return Tile(level, index, min(WIDTH, there - index * WIDTH))


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """A bundle: each entry behind its length, two bytes, the larger first."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_entries(content: bytes, width: int) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        TileDamaged: it does not hold exactly `width`.
    """
    entries = []
    place = 0
    while place < len(content):
        end = place + 2 + int.from_bytes(content[place : place + 2], "big")
        if end > len(content) or place + 2 > len(content):
            raise TileDamaged("a bundle of entries that is cut short")
        entries.append(content[place + 2 : end])
        place = end
    if len(entries) != width:
        raise TileDamaged(f"a bundle of {len(entries)} entries where {width} should be")
    return entries


def unpack_hashes(content: bytes, width: int) -> list[bytes]:
    """The hashes of a tile.

    Raises:
        TileDamaged: it does not hold exactly `width`.
    """
    if len(content) != width * HASH_BYTES:
        raise TileDamaged(f"a tile of {len(content)} bytes where {width} hashes should be")
    return [content[place : place + HASH_BYTES] for place in range(0, len(content), HASH_BYTES)]


class TileNodes:
    """`merkle.Nodes` over hashes by level: `read(level, start, count)` gives what tiles of that level hold."""

    def __init__(self, read: Callable[[int, int, int], Sequence[bytes]]) -> None:
        self._read = read

    def node(self, height: int, index: int) -> bytes:
        level, rest = divmod(height, HEIGHT)
        return perfect_root(self._read(level, index << rest, 1 << rest))


def perfect_root(row: Sequence[bytes]) -> bytes:
    """The hash over a power of two of hashes."""
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


def published_nodes(fetch: Callable[[str], bytes], size: int) -> TileNodes:
    """The nodes of a published tree of `size` entries; `fetch` gives a file by its path.

    Raises, when nodes are read:
        TileDamaged: a tile has not its width.
    """

    def read(level: int, start: int, count: int) -> Sequence[bytes]:
        tile = tile_with(level, start, size)  # a perfect subtree never crosses a tile's edge
        return unpack_hashes(fetch(tile.path), tile.width)[start - tile.start :][:count]

    return TileNodes(read)


def _row(level: int | None, since: int, size: int) -> Iterator[Tile]:
    for index in range(since // WIDTH, -(-size // WIDTH)):
        tile = Tile(level, index, min(WIDTH, size - index * WIDTH))
        if tile.start + tile.width > since:
            yield tile


def _number(index: int) -> str:
    """An index in groups of three digits, all but the last behind an `x`."""
    groups = [f"{index % _GROUP:03}"]
    while index := index // _GROUP:
        groups.append(f"x{index % _GROUP:03}")
    return "/".join(reversed(groups))
