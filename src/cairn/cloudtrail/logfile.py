"""The log file: its key and name, its bytes, and reading one back.

Names and bytes are functions of what is delivered, so that delivering again overwrites the same objects.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from isal import isal_zlib

from cairn.core.clock import utc
from cairn.core.decoding import UNREADABLE
from cairn.core.errors import CairnError

FOLDERS = {
    "Aggregated": "CloudTrail-Aggregated",
    "Insight": "CloudTrail-Insight",
    "NetworkActivity": "CloudTrail-NetworkActivity",
}
"""Where files of a category are, which others do not share; by eventCategory."""
FOLDER = "CloudTrail"
"""Of all other categories."""

HEAD = b'{"Records":['
TAIL = b"]}"
FRAME_BYTES = len(HEAD) + len(TAIL)

UNIQUE_CHARACTERS = 16
GZIP_LEVEL = 3
"""isal's best: 6 times as fast as zlib's best, and its files are 1.1 times as large."""
CHUNK_BYTES = 1 << 20
FILE_BYTES_MAX = 256 << 20
"""Largest log file, unpacked, that is read back."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GZIP = 16 + zlib.MAX_WBITS


class LogFileDamaged(CairnError):
    """The bytes are no log file."""


class LogFileName(NamedTuple):
    """All that decides how a log file is called."""

    arn: str
    account: str
    region: str
    slot: int
    """End of the collection slot, seconds since the epoch."""
    first: int
    """First journal position of the plan."""
    next: int
    """One past its last."""
    part: int
    """Number of the file among those of its account and region in the plan, from 0."""

    def key(self, prefix: str, *, organization: str = "", folder: str = FOLDER) -> str:
        """The object's key.

        Args:
            organization: `o-...` for an organization's trail.
            folder: that of the category whose events the file holds.
        """
        minute = utc(-(-self.slot // 60) * 60)
        name = f"{self.account}_{folder}_{self.region}_{minute:%Y%m%dT%H%MZ}_{self._unique(folder)}.json.gz"
        place = (
            prefix.strip("/"),
            "AWSLogs",
            organization,
            self.account,
            folder,
            self.region,
            f"{minute:%Y/%m/%d}",
            name,
        )
        return "/".join(filter(None, place))

    def _unique(self, folder: str) -> str:
        """16 characters that look random and are not."""
        text = "\n".join(map(str, (*self, folder)))
        number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        digits = []
        for _ in range(UNIQUE_CHARACTERS):
            number, digit = divmod(number, len(_ALPHABET))
            digits.append(_ALPHABET[digit])
        return "".join(digits)


class Written(NamedTuple):
    """A log file's measures."""

    bytes: int
    """Before compression."""
    sha256: str
    """Of the bytes before compression, lower-case hex."""
    stored_sha256: str
    """Of the bytes as stored."""


def slot_end(time: float, interval_s: float) -> float:
    """The end of the collection slot that `time` lies in. Slots are aligned to the wall clock."""
    return (time // interval_s + 1) * interval_s


def write_log_file(path: Path, records: Sequence[bytes]) -> Written:
    """Write `records`, each the JSON of one record, to `path`. Takes little memory beside them."""
    packer = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP)  # mtime 0: the same bytes every time
    plain, stored = hashlib.sha256(), hashlib.sha256()
    size = 0
    with path.open("wb") as file:
        for chunk in _body(records):
            plain.update(chunk)
            size += len(chunk)
            packed = packer.compress(chunk)
            stored.update(packed)
            file.write(packed)
        packed = packer.flush()
        stored.update(packed)
        file.write(packed)
    return Written(size, plain.hexdigest(), stored.hexdigest())


def unpack(content: bytes) -> bytes:
    """The bytes before compression, over which digests are computed.

    Raises:
        LogFileDamaged: `content` is not gzip, is cut short, or is larger than `FILE_BYTES_MAX`.
    """
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(content, FILE_BYTES_MAX)
    except zlib.error as error:
        raise LogFileDamaged(f"not a gzip file: {error}") from error
    if unpacker.unconsumed_tail:
        raise LogFileDamaged(f"more than {FILE_BYTES_MAX} bytes unpacked")
    if not unpacker.eof or unpacker.unused_data:
        raise LogFileDamaged("a gzip file that is cut short or goes on behind its end")
    return plain


class _Body(msgspec.Struct):
    Records: list[msgspec.Raw]


_decoder = msgspec.json.Decoder(_Body)


def read_log_file(content: bytes) -> list[bytes]:
    """The records of a log file as stored, each byte for byte as it was written.

    Raises:
        LogFileDamaged: `content` is no log file.
    """
    try:
        return [bytes(record) for record in _decoder.decode(unpack(content)).Records]
    except UNREADABLE as error:
        raise LogFileDamaged(f"not the JSON of a log file: {error}") from error


def _body(records: Iterable[bytes]) -> Iterator[bytes]:
    """The file's bytes, in chunks of about CHUNK_BYTES."""
    pending: list[bytes] = [HEAD]
    size = 0
    comma = b""
    for record in records:
        pending += (comma, record)
        comma = b","
        size += len(record)
        if size >= CHUNK_BYTES:
            yield b"".join(pending)
            pending, size = [], 0
    pending.append(TAIL)
    yield b"".join(pending)
