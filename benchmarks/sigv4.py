"""Verifying signatures and streamed bodies, against what it cannot be faster than.

    python benchmarks/sigv4.py [--seconds 2] [--megabytes 256]

Rates are on one core. A verification is everything from the raw request to a proven caller, key lookup excepted; its
floor is botocore's signer, which computes the same signature. A streamed body's floor is its hash alone.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cairn.wire.http import Headers, Request
from cairn.wire.payload import open_payload
from cairn.wire.refusals import Dialect
from cairn.wire.sigv4 import Proof, read, signing_key
from cairn.wire.sigv4_fields import EMPTY_SHA256, SIGNED_CHUNKS, UNSIGNED_CHUNKS_TRAILER, UNSIGNED_PAYLOAD

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
URL = "http://localhost:4590/bucket/some/folder/object.json?versionId=3sL4kqtJlcpXroDTDmJ"
CHUNK_BYTES = 1 << 20
PIECE_BYTES = 64 << 10
SCOPE = "20231114/us-east-1/s3/aws4_request"


async def nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def per_second(work: Callable[[], object], seconds: float) -> float:
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        for _ in range(100):
            work()
        count += 100
    return count / spent


def aws_request(presigned: bool) -> AWSRequest:
    request = AWSRequest("GET", URL)
    request.headers.add_header("Host", "localhost:4590")
    if not presigned:
        for name in ("User-Agent", "Accept-Encoding", "amz-sdk-invocation-id", "amz-sdk-request"):
            request.headers.add_header(name, "some text of a common length")
    return request


def received(presigned: bool) -> Request:
    request = aws_request(presigned)
    signer = S3SigV4QueryAuth if presigned else S3SigV4Auth
    signer(Credentials(KEY, SECRET), "s3", "us-east-1").add_auth(request)
    path, _, query = request.url.removeprefix("http://localhost:4590").partition("?")
    return Request("GET", path, query, Headers(request.headers.items()), nothing())


def verifications(seconds: float) -> None:
    now = time.time()
    for name, presigned in (("header", False), ("presigned URL", True)):
        request = received(presigned)

        def verify(request: Request = request) -> None:
            claim = read(request, Dialect.S3, now=now, skew=900)
            assert claim is not None
            claim.verify(request, SECRET)

        ours = per_second(verify, seconds)
        print(f"verify, {name:14} {ours:10,.0f} /s")
    signer = S3SigV4Auth(Credentials(KEY, SECRET), "s3", "us-east-1")
    floor = per_second(lambda: signer.add_auth(aws_request(False)), seconds)
    print(f"botocore signs         {floor:10,.0f} /s")


def encoded(signed: bool, key: bytes, seed: str, pieces: int) -> list[bytes]:
    """One chunk after the other as it comes off a socket, in pieces."""
    data, previous, out = bytes(CHUNK_BYTES), seed, bytearray()
    digest = hashlib.sha256(data).hexdigest()
    for _ in range(pieces):
        head = f"{CHUNK_BYTES:x}"
        if signed:
            text = f"AWS4-HMAC-SHA256-PAYLOAD\n20231114T221320Z\n{SCOPE}\n{previous}\n{EMPTY_SHA256}\n{digest}"
            previous = hmac.digest(key, text.encode(), "sha256").hex()
            head += f";chunk-signature={previous}"
        out += head.encode() + b"\r\n" + data + b"\r\n"
    if signed:
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n20231114T221320Z\n{SCOPE}\n{previous}\n{EMPTY_SHA256}\n{EMPTY_SHA256}"
        out += f"0;chunk-signature={hmac.digest(key, text.encode(), 'sha256').hex()}\r\n\r\n".encode()
    else:
        crc = 0
        for _ in range(pieces):
            crc = zlib.crc32(data, crc)
        value = base64.b64encode(crc.to_bytes(4, "big")).decode()
        out += f"0\r\nx-amz-checksum-crc32:{value}\r\n\r\n".encode()
    return [bytes(out[at : at + PIECE_BYTES]) for at in range(0, len(out), PIECE_BYTES)]


async def source(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def stream(pieces: Iterable[bytes], signed: str, headers: dict[str, str], proof: Proof) -> int:
    payload = await open_payload(Request("PUT", "/b/k", "", Headers(headers.items()), source(pieces)), signed, proof)
    size = 0
    async for piece in payload.body:
        size += len(piece)
    return size


def bodies(megabytes: int) -> None:
    key = signing_key(SECRET, "20231114", "us-east-1", "s3")
    proof = Proof("a" * 64, key, "20231114T221320Z", SCOPE)
    length = {"x-amz-decoded-content-length": str(megabytes << 20)}
    trailer = length | {"x-amz-trailer": "x-amz-checksum-crc32"}
    plain = [bytes(PIECE_BYTES)] * (megabytes << 20 >> 16)
    sha256 = hashlib.sha256(bytes(megabytes << 20)).hexdigest()
    cases: list[tuple[str, list[bytes], str, dict[str, str]]] = [
        ("plain, unsigned", plain, UNSIGNED_PAYLOAD, {}),
        ("plain, signed hash", plain, sha256, {}),
        ("chunks, signed", encoded(True, key, proof.signature, megabytes), SIGNED_CHUNKS, length),
        ("chunks, crc32 trailer", encoded(False, key, "", megabytes), UNSIGNED_CHUNKS_TRAILER, trailer),
    ]
    for name, pieces, signed, headers in cases:
        start = time.perf_counter()
        size = asyncio.run(stream(pieces, signed, headers, proof))
        spent = time.perf_counter() - start
        assert size == megabytes << 20
        print(f"body, {name:22} {megabytes / spent:10,.0f} MB/s")
    start = time.perf_counter()
    digest = hashlib.sha256()
    for piece in plain:
        digest.update(piece)
    print(f"sha256 alone           {megabytes / (time.perf_counter() - start):10,.0f} MB/s")


def memory(megabytes: int) -> None:
    """The most that streaming holds at once, its source not counted since it makes no piece anew."""
    piece = bytes(PIECE_BYTES)
    head = f"{CHUNK_BYTES:x}\r\n".encode()
    crc = 0
    for _ in range(megabytes << 20 >> 16):
        crc = zlib.crc32(piece, crc)
    value = base64.b64encode(crc.to_bytes(4, "big")).decode()

    def pieces() -> Iterator[bytes]:
        for _ in range(megabytes):
            yield head
            yield from [piece] * (CHUNK_BYTES // PIECE_BYTES)
            yield b"\r\n"
        yield f"0\r\nx-amz-checksum-crc32:{value}\r\n\r\n".encode()

    headers = {"x-amz-decoded-content-length": str(megabytes << 20), "x-amz-trailer": "x-amz-checksum-crc32"}
    tracemalloc.start()
    asyncio.run(stream(pieces(), UNSIGNED_CHUNKS_TRAILER, headers, Proof("", b"", "", "")))
    print(f"memory at most         {tracemalloc.get_traced_memory()[1] / (1 << 20):10,.2f} MB in {megabytes} MB")
    tracemalloc.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--megabytes", type=int, default=256)
    arguments = parser.parse_args()
    verifications(arguments.seconds)
    bodies(arguments.megabytes)
    memory(arguments.megabytes)


if __name__ == "__main__":
    main()
