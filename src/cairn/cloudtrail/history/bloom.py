"""A Bloom filter in a file: which segments may hold a key, so that an exact lookup opens no other.

    "CBF1" | bits, 8 bytes little-endian | CRC-32 of the filter, 4 bytes little-endian | the filter

Twelve bits a key and four probes leave about 0.7 % of the other keys as false positives.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from cairn.core.durable import write_durably
from cairn.core.errors import CairnError

MAGIC = b"CBF1"
BITS_PER_KEY = 12
PROBES = 4
_HEADER_BYTES = len(MAGIC) + 8 + 4


class FilterDamaged(CairnError):
    """The file is no whole Bloom filter."""


def probe(key: bytes) -> tuple[int, int]:
    """The two numbers from which `key`'s bits follow in a filter of any size. Work them out once, ask many filters."""
    digest = blake2b(key, digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little") | 1


class BloomBuilder:
    """A filter that is being filled."""

    def __init__(self, keys: int) -> None:
        self._bits = max(keys, 64) * BITS_PER_KEY // 8 * 8
        self._filter = bytearray(self._bits // 8)

    def add_all(self, keys: Iterable[bytes]) -> None:
        bits, content = self._bits, self._filter
        for key in keys:
            first, step = probe(key)
            for bit in (first % bits, (first + step) % bits, (first + 2 * step) % bits, (first + 3 * step) % bits):
                content[bit >> 3] |= 1 << (bit & 7)

    def save(self, path: Path) -> None:
        """Store the filter durably."""
        content = bytes(self._filter)
        write_durably(
            path, MAGIC + self._bits.to_bytes(8, "little") + zlib.crc32(content).to_bytes(4, "little") + content
        )


class Bloom:
    """A filter on disk, mapped and not read."""

    def __init__(self, path: Path) -> None:
        """Open the filter at `path`.

        Raises:
            FilterDamaged: it is cut, altered or missing.
        """
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise FilterDamaged(f"the filter {path.name} cannot be read: {error}") from error
        self._bits = int.from_bytes(self._map[len(MAGIC) : len(MAGIC) + 8], "little")
        if self._map[: len(MAGIC)] != MAGIC or len(self._map) - _HEADER_BYTES != self._bits // 8 or not self._bits:
            raise FilterDamaged(f"the filter {path.name} is not whole")
        checksum = int.from_bytes(self._map[len(MAGIC) + 8 : _HEADER_BYTES], "little")
        if zlib.crc32(memoryview(self._map)[_HEADER_BYTES:]) != checksum:
            raise FilterDamaged(f"the checksum of the filter {path.name} does not fit")

    def may_hold(self, key: tuple[int, int]) -> bool:
        """False: the key, given as `probe` made it, is surely not there."""
        bits, content = self._bits, self._map
        value, step = key
        for _ in range(PROBES):
            bit = value % bits
            if not content[_HEADER_BYTES + (bit >> 3)] >> (bit & 7) & 1:
                return False
            value += step
        return True
