"""Request bodies that are verified while they stream: plain ones and S3's aws-chunked encoding.

Whoever reads such a body gets its last bytes only after everything about it was verified: the hash in the signature,
each chunk's signature, checksums in headers and trailers, its length. What is wrong raises before the end, so that an
upstream that was promised a length never gets a whole body that failed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Iterable, Sequence

from cairn.core.errors import AwsError
from cairn.wire.checksums import Expected, expect, trailing_checksum
from cairn.wire.sigv4 import Proof
from cairn.wire.sigv4_fields import EMPTY_SHA256

CHUNK_HEADER_BYTES_MAX = 256
CHUNK_BYTES_MAX = 5 << 30
TRAILER_BYTES_MAX = 8 << 10

_CHUNK_HEADER = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-fA-F]{64}))?")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"


async def verified(
    pieces: AsyncIterator[bytes], checks: Sequence[Expected], length: int | None
) -> AsyncIterator[bytes]:
    """`pieces`, the last of them held back until the whole of it was verified.

    Args:
        pieces: the payload. It raises by itself where its encoding is wrong.
        checks: what the payload must come to; a value may become known as late as at the end of `pieces`.
        length: bytes that must come, if that is known.

    Raises:
        AwsError: too few or too many bytes, or a checksum that does not fit.
    """
    held = b""
    size = 0
    async for piece in pieces:
        if not piece:
            continue
        size += len(piece)
        if length is not None and size > length:
            raise incomplete_body()
        for check in checks:
            check.update(piece)
        if held:
            yield held
        held = piece
    if length is not None and size != length:
        raise incomplete_body()
    for check in checks:
        check.verify()
    if held:
        yield held


async def primed(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first of them already read.

    An empty body has no last bytes to hold back, so its verdict must be known before anything is sent upstream.

    Raises:
        AwsError: the body is empty and wrong, or wrong from the start.
    """
    first = await anext(pieces, None)

    async def again() -> AsyncIterator[bytes]:
        if first is not None:
            yield first
            async for piece in pieces:
                yield piece

    return again()


class ChunkSigner:
    """The chain of signatures of one body: each covers the chunk's hash and the signature before it."""

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self._previous = proof.signature

    def check_chunk(self, digest: str, signature: bytes) -> None:
        """Raises AwsError unless `signature` is that of the next chunk, whose hex SHA-256 is `digest`."""
        self._check("AWS4-HMAC-SHA256-PAYLOAD", f"{EMPTY_SHA256}\n{digest}", signature)

    def check_trailers(self, canonical: bytes, signature: bytes) -> None:
        """Raises AwsError unless `signature` is that of the trailers, each as `name:value` and a line feed."""
        self._check("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(canonical).hexdigest(), signature)

    def _check(self, algorithm: str, end: str, signature: bytes) -> None:
        text = f"{algorithm}\n{self._proof.timestamp}\n{self._proof.scope}\n{self._previous}\n{end}"
        expected = hmac.digest(self._proof.signing_key, text.encode(), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), signature.lower()):
            raise AwsError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key and "
                "signing method.",
                403,
                StringToSign=text,
                SignatureProvided=signature.decode("latin-1"),
            )
        self._previous = expected


class ChunkedBody:
    """The payload of an aws-chunked body, decoded and verified as it is iterated.

    Args:
        source: the body as it arrives.
        signer: the chain that the chunks' signatures continue; None where nobody checks them.
        trailers: names that the header x-amz-trailer announces.
        checks: further checks of the payload.
        length: bytes of the payload, from x-amz-decoded-content-length.
    """

    def __init__(
        self,
        source: AsyncIterator[bytes],
        *,
        length: int,
        signer: ChunkSigner | None = None,
        trailers: Iterable[str] = (),
        checks: Iterable[Expected] = (),
    ) -> None:
        self._reader = _Reader(source)
        self._signer = signer
        self._announced = {name: trailing_checksum(name) for name in trailers}
        known = [check for check in self._announced.values() if check is not None]
        self._pieces = verified(self._decoded(), [*checks, *known], length)
        self.trailers: dict[str, str] = {}
        """Names in lower case and their values, once the body was read to its end."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def _decoded(self) -> AsyncIterator[bytes]:
        while True:
            size, signature = self._header(await self._reader.line(CHUNK_HEADER_BYTES_MAX))
            digest = hashlib.sha256() if self._signer is not None else None
            left = size
            while left:
                piece = await self._reader.some(left)
                left -= len(piece)
                if digest is not None:
                    digest.update(piece)
                yield piece
            if size:
                await self._reader.line(0)
            if self._signer is not None and digest is not None:
                self._signer.check_chunk(digest.hexdigest(), signature)
            if not size:
                break
        await self._read_trailers()
        if not await self._reader.at_end():
            raise AwsError("InvalidRequest", "Data follows the last chunk of the request's body.")

    def _header(self, line: bytes) -> tuple[int, bytes]:
        match = _CHUNK_HEADER.fullmatch(line)
        if match is None or (self._signer is not None and match[2] is None):
            raise AwsError("InvalidRequest", "The header of a chunk of the request's body is malformed.")
        size = int(match[1], 16)
        if size > CHUNK_BYTES_MAX:
            raise AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
        return size, match[2] or b""

    async def _read_trailers(self) -> None:
        canonical = b""
        signature = b""
        size = 0
        while line := await self._reader.line(TRAILER_BYTES_MAX):
            size += len(line)
            name, colon, value = line.decode("latin-1").partition(":")
            name, value = name.strip().lower(), value.strip()
            if size > TRAILER_BYTES_MAX or not colon or name in self.trailers or signature:
                raise _malformed_trailer()
            if name == _TRAILER_SIGNATURE:
                signature = value.encode("latin-1")
                continue
            self.trailers[name] = value
            canonical += f"{name}:{value}\n".encode("latin-1")
        if set(self.trailers) != set(self._announced):
            raise _malformed_trailer()
        if self._signer is not None and self._announced:
            self._signer.check_trailers(canonical, signature)
        for name, expected in self._announced.items():
            if expected is not None:
                expect(expected, name, self.trailers[name])


class _Reader:
    """Lines and counted bytes out of pieces of any size. It holds one piece and copies as little as it can."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._piece = b""
        self._at = 0

    async def line(self, bytes_max: int) -> bytes:
        """The next line, without the CRLF that ends it.

        Raises:
            AwsError: it is longer than `bytes_max`, or the body ends before it does.
        """
        while (end := self._piece.find(b"\r\n", self._at)) < 0:
            if len(self._piece) - self._at > bytes_max + 1:
                raise incomplete_body()
            rest = self._piece[self._at :]
            if not await self._next():
                raise incomplete_body()
            self._piece = rest + self._piece
        if end - self._at > bytes_max:
            raise incomplete_body()
        line = self._piece[self._at : end]
        self._at = end + 2
        return line

    async def some(self, bytes_max: int) -> bytes:
        """What is there of the next `bytes_max` bytes: at least one.

        Raises:
            AwsError: the body ends here.
        """
        while self._at >= len(self._piece):
            if not await self._next():
                raise incomplete_body()
        piece = self._piece[self._at : self._at + bytes_max]
        self._at += len(piece)
        return piece

    async def at_end(self) -> bool:
        while self._at >= len(self._piece):
            if not await self._next():
                return True
        return False

    async def _next(self) -> bool:
        piece = await anext(self._source, None)
        self._piece, self._at = piece or b"", 0
        return piece is not None


def incomplete_body() -> AwsError:
    """The body is shorter or longer than its request said, or its chunks do not add up."""
    return AwsError(
        "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header."
    )


def _malformed_trailer() -> AwsError:
    return AwsError(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
