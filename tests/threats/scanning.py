"""Looking for texts in every byte of a folder, however they are packed there."""

from __future__ import annotations

import base64
import re
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from cairn.eventbridge.archives.packing import _DICTIONARY

PLAIN_BYTES_MAX = 64 << 20
DEPTH_MAX = 4
"""Of what is packed within what is packed."""

_PACKED = re.compile(rb"\x1f\x8b\x08|[\x08\x18\x28\x38\x48\x58\x68\x78][\x01\x5e\x9c\xda\x20\x7d\xbb\xf9]")
_SQLITE = b"SQLite format 3\x00"


class Needles:
    """Texts to look for, by what they are, also where they are written in base64, in hex or in two bytes a letter."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._names: dict[bytes, str] = {}
        for name, text in texts.items():
            assert len(text) >= 8, f"{name} is too short to be told from chance"
            for form in _forms(text):
                self._names[form] = name
        self._any = re.compile(b"|".join(map(re.escape, sorted(self._names, key=len, reverse=True))))

    def within(self, content: bytes) -> set[str]:
        return {self._names[found] for found in self._any.findall(content)}


def found_in(folder: Path, needles: Needles) -> dict[str, set[str]]:
    """Which of the texts stand in which files, by their paths in the folder."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            names = set().union(
                *(needles.within(content) for content in _contents(path)), needles.within(str(path).encode())
            )
            for name in names:
                found.setdefault(name, set()).add(str(path.relative_to(folder)))
    return found


def _contents(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield from _unpacked(content, {})
    if content.startswith(_SQLITE):
        yield from _values(path)


def _values(path: Path) -> Iterator[bytes]:
    """Every value of a database: on disk it may be cut into pages."""
    database = sqlite3.connect(path)
    try:
        tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
        rows = [row for table in tables for row in database.execute(f'select * from "{table}"')]
    finally:
        database.close()
    values = [value.encode() if isinstance(value, str) else value for row in rows for value in row]
    blobs = [value for value in values if isinstance(value, bytes)]
    dictionaries = {zlib.adler32(blob): blob for blob in [*blobs, _DICTIONARY] if 0 < len(blob) <= 32 << 10}
    for blob in blobs:
        yield from _unpacked(blob, dictionaries)


def _unpacked(content: bytes, dictionaries: Mapping[int, bytes], depth: int = 0) -> Iterator[bytes]:
    """The bytes, and what any stream of gzip or zlib in them holds."""
    yield content
    if depth == DEPTH_MAX:
        return
    for start in _PACKED.finditer(content):
        plain = _plain(content, start.start(), dictionaries)
        if plain:
            yield from _unpacked(plain, dictionaries, depth + 1)


def _plain(content: bytes, start: int, dictionaries: Mapping[int, bytes]) -> bytes:
    head = content[start : start + 6]
    is_gzip = head.startswith(b"\x1f\x8b")
    if not is_gzip and int.from_bytes(head[:2], "big") % 31:
        return b""
    known = dictionaries.get(int.from_bytes(head[2:6], "big")) if not is_gzip and head[1] & 0x20 else None
    unpacker = (
        zlib.decompressobj(31) if is_gzip else zlib.decompressobj(15, zdict=known) if known else zlib.decompressobj()
    )
    plain = b""
    try:
        plain = unpacker.decompress(memoryview(content)[start:], 256)
        while len(plain) < PLAIN_BYTES_MAX and not unpacker.eof:
            more = unpacker.decompress(unpacker.unconsumed_tail, 1 << 20)
            if not more:
                break
            plain += more
    except zlib.error:
        pass
    return plain


def _forms(text: str) -> Iterator[bytes]:
    plain = text.encode()
    yield plain
    yield plain.hex().encode()
    yield text.encode("utf-16-le")
    for before in range(3):  # base64 of the text somewhere in other bytes
        packed = base64.b64encode(b"\0" * before + plain)
        whole = packed[-(-before * 4 // 3) :].rstrip(b"=")
        yield whole[: (len(plain) * 8 - (-before % 3) * 2) // 6 // 4 * 4] or whole
