"""A log file against the hash that a digest says of it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, Protocol, cast

from isal import igzip_lib, isal_zlib

from cairn.cloudtrail.verify.places import NotThere, Place
from cairn.cloudtrail.verify.verdicts import INVALID, VALID, Verdict, What

CHUNK_BYTES = 1 << 20

_PLAIN_GZIP = b"\x1f\x8b\x08\x00"
_NOT_GZIP = cast(type[Exception], igzip_lib.IsalError)  # its stub takes the class for an instance


def check_log_file(place: Place, named: Mapping[str, Any]) -> Verdict:
    """The verdict on one entry of a digest's `logFiles`."""
    bucket, key = str(named["s3Bucket"]), str(named["s3Object"])
    try:
        content = place.read(bucket, key).content
    except NotThere:
        verdict = f"{INVALID}not found"
    else:
        verdict = judge(content, named["hashValue"])
    return Verdict(what=What.log, verdict=verdict, bucket=bucket, key=key)


def judge(content: bytes, sha256: str) -> str:
    """What the CLI says of a log file as stored that should have this hash, lower-case hex, unpacked.

    Only what is well is settled by the fast library; whatever is not is judged by zlib, as the CLI does it, so that
    both give the same reason.
    """
    if content.startswith(_PLAIN_GZIP):
        try:
            found, rest = _unpacked_hash(isal_zlib.decompressobj(wbits=31), content)
            if found == sha256 and not rest:
                return VALID
        except _NOT_GZIP:
            pass
    try:
        found, rest = _unpacked_hash(zlib.decompressobj(16 + zlib.MAX_WBITS), content)
    except zlib.error:
        return f"{INVALID}invalid format"
    if rest:
        return f"{INVALID}unexpected data after end of compressed stream"
    return VALID if found == sha256 else f"{INVALID}hash value doesn't match"


class _Unpacker(Protocol):
    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _unpacked_hash(unpacker: _Unpacker, content: bytes) -> tuple[str, bytes]:
    """The hash of what is in a gzip stream, a piece at a time, and what stands behind its end."""
    digest = hashlib.sha256()
    while content:
        digest.update(unpacker.decompress(content, CHUNK_BYTES))
        content = unpacker.unconsumed_tail
    while rest := unpacker.decompress(b"", CHUNK_BYTES):
        digest.update(rest)
    return digest.hexdigest(), unpacker.unused_data
