"""Checksums that S3's clients send with a body: computed while it streams, compared at its end."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import Protocol

from awscrt import checksums as crt

from cairn.core.errors import AwsError

PREFIX = "x-amz-checksum-"


class Checksum(Protocol):
    """What hashlib's objects are."""

    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    """A cyclic checksum with the face of hashlib's objects."""

    def __init__(self, function: Callable[[bytes, int], int], size: int) -> None:
        self._function = function
        self._size = size
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


class _Xxhash:
    """awscrt's XXH with the face of hashlib's objects."""

    def __init__(self, hasher: crt.XXHash) -> None:
        self._hasher = hasher

    def update(self, data: bytes, /) -> None:
        self._hasher.update(data)

    def digest(self) -> bytes:
        return bytes(self._hasher.finalize())


def _md5() -> Checksum:
    return hashlib.md5(usedforsecurity=False)


def _sha1() -> Checksum:
    return hashlib.sha1(usedforsecurity=False)


ALGORITHMS: dict[str, Callable[[], Checksum]] = {
    "crc32": lambda: _Crc(zlib.crc32, 4),
    "crc32c": lambda: _Crc(crt.crc32c, 4),
    "crc64nvme": lambda: _Crc(crt.crc64nvme, 8),
    "sha1": _sha1,
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "md5": _md5,
    "xxhash64": lambda: _Xxhash(crt.XXHash.new_xxhash64()),
    "xxhash3": lambda: _Xxhash(crt.XXHash.new_xxhash3_64()),
    "xxhash128": lambda: _Xxhash(crt.XXHash.new_xxhash3_128()),
}
"""By the end of the header's name, `x-amz-checksum-crc32`."""


class Expected:
    """A checksum that is computed, and what it must come to.

    Args:
        wanted: the digest, or None where it is not known yet.
        mismatch: the error if it does not.
    """

    def __init__(self, checksum: Checksum, wanted: bytes | None, mismatch: Callable[[bytes], AwsError]) -> None:
        self._checksum = checksum
        self.wanted = wanted
        self._mismatch = mismatch
        self.update = checksum.update

    def verify(self) -> None:
        """Compare, once the whole body was seen.

        Raises:
            AwsError: the body is not what was sent.
        """
        digest = self._checksum.digest()
        if digest != self.wanted:
            raise self._mismatch(digest)


def payload_sha256(declared: str) -> Expected:
    """The body's hash as x-amz-content-sha256 declares it, which the signature covers."""

    def mismatch(digest: bytes) -> AwsError:
        return AwsError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ClientComputedContentSHA256=declared,
            S3ComputedContentSHA256=digest.hex(),
        )

    return Expected(hashlib.sha256(), bytes.fromhex(declared), mismatch)


def content_md5(value: str) -> Expected:
    """Of the header Content-MD5.

    Raises:
        AwsError: it is no MD5.
    """
    wanted = _decoded(value, 16)
    if wanted is None:
        raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.")
    return Expected(
        _md5(),
        wanted,
        lambda digest: AwsError(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            ExpectedDigest=wanted.hex(),
            CalculatedDigest=base64.b64encode(digest).decode(),
        ),
    )


def header_checksum(name: str, value: str) -> Expected | None:
    """Of a header `x-amz-checksum-ALGORITHM`; None if `name` is that of another header.

    Raises:
        AwsError: the value is none of that algorithm.
    """
    expected = trailing_checksum(name)
    if expected is not None:
        expect(expected, name, value)
    return expected


def trailing_checksum(name: str) -> Expected | None:
    """Of a trailer `x-amz-checksum-ALGORITHM` whose value is still to come; None if it is no checksum."""
    algorithm = name.removeprefix(PREFIX)
    make = ALGORITHMS.get(algorithm) if name.startswith(PREFIX) else None
    if make is None:
        return None
    text = f"The {algorithm.upper()} you specified did not match the calculated checksum."
    return Expected(make(), None, lambda digest: AwsError("BadDigest", text))


def expect(expected: Expected, name: str, value: str) -> None:
    """Give `expected` the value that header or trailer `name` has.

    Raises:
        AwsError: the value is none of that algorithm.
    """
    size = len(ALGORITHMS[name.removeprefix(PREFIX)]().digest())
    expected.wanted = _decoded(value, size)
    if expected.wanted is None:
        raise AwsError("InvalidRequest", f"Value for {name} header is invalid.")


def declared_checksums(headers: Iterable[tuple[str, str]], *, whole_object: bool) -> list[Expected]:
    """Everything that the headers of a request to S3 say of its body.

    Args:
        whole_object: the checksum headers are of an object that is put together from parts, not of this body.

    Raises:
        AwsError: a value is malformed.
    """
    found = []
    for name, value in headers:
        if name == "content-md5":
            found.append(content_md5(value))
        elif not whole_object and (expected := header_checksum(name, value)) is not None:
            found.append(expected)
    return found


def _decoded(value: str, size: int) -> bytes | None:
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == size else None
