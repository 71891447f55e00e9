"""A body whose checksum follows it: aws-chunked with one chunk, and the checksum as its trailer.

The one way to give a server a checksum that is known only when the last byte has passed.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

from cairn.wire.checksums import ALGORITHMS, PREFIX
from cairn.wire.http import Headers


class Trailing:
    """Around one body.

    Args:
        length: bytes of the body.
        algorithm: of the checksum, such as `crc32`.
    """

    def __init__(self, length: int, algorithm: str) -> None:
        self._checksum = ALGORITHMS[algorithm]()
        self._name = PREFIX + algorithm
        self._length = length
        self._head = b"%x\r\n" % length if length else b""
        self._foot = b"\r\n0\r\n" if length else b"0\r\n"
        digest_bytes = len(base64.b64encode(ALGORITHMS[algorithm]().digest()))
        self.size = len(self._head) + length + len(self._foot) + len(self._name) + 1 + digest_bytes + 4
        """Bytes of all of it."""

    def declare(self, headers: Headers) -> None:
        """Say in `headers` what comes."""
        headers.set("x-amz-trailer", self._name)
        headers.set("x-amz-decoded-content-length", str(self._length))
        headers.set("content-length", str(self.size))

    async def around(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """`pieces` as they are sent."""
        held = self._head
        async for piece in pieces:
            self._checksum.update(piece)
            yield held + piece if held else piece
            held = b""
        digest = base64.b64encode(self._checksum.digest())
        yield held + self._foot + f"{self._name}:".encode() + digest + b"\r\n\r\n"
