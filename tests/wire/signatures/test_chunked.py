"""Bodies verified while they stream: whatever is wrong, nobody sees their end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cairn.core.errors import AwsError
from cairn.wire.checksums import ALGORITHMS
from cairn.wire.chunked import CHUNK_HEADER_BYTES_MAX, TRAILER_BYTES_MAX
from cairn.wire.http import Headers, Request
from cairn.wire.payload import Payload, headers_in_query, open_payload, plain_headers
from cairn.wire.sigv4 import Proof, signing_key
from cairn.wire.sigv4_fields import (
    EMPTY_SHA256,
    SIGNED_CHUNKS,
    SIGNED_CHUNKS_TRAILER,
    UNSIGNED_CHUNKS_TRAILER,
    UNSIGNED_PAYLOAD,
)

SCOPE = "20231114/us-east-1/s3/aws4_request"
PROOF = Proof("a" * 64, signing_key("secret", "20231114", "us-east-1", "s3"), "20231114T221320Z", SCOPE)


async def _source(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def receive(
    parts: list[bytes], signed: str, headers: dict[str, str], proof: Proof | None = PROOF
) -> tuple[bytes, dict[str, str], AwsError | None]:
    """What a reader got of a body, its trailers, and the error that ended it."""

    async def read() -> tuple[bytes, dict[str, str], AwsError | None]:
        got = b""
        payload: Payload | None = None
        try:
            payload = await open_payload(
                Request("PUT", "/b/k", "", Headers(headers.items()), _source(parts)), signed, proof
            )
            async for piece in payload.body:
                got += piece
        except AwsError as error:
            return got, {}, error
        return got, payload.trailers, None

    return asyncio.run(read())


def signature_of(algorithm: str, previous: str, end: str) -> str:
    text = f"{algorithm}\n{PROOF.timestamp}\n{SCOPE}\n{previous}\n{end}"
    return hmac.new(PROOF.signing_key, text.encode(), "sha256").hexdigest()


def encode_signed(chunks: list[bytes], trailers: dict[str, str] | None = None) -> bytes:
    """aws-chunked by the letter of its specification, independent of the decoder."""
    out, previous = b"", PROOF.signature
    for chunk in [*chunks, b""]:
        previous = signature_of(
            "AWS4-HMAC-SHA256-PAYLOAD", previous, f"{EMPTY_SHA256}\n{hashlib.sha256(chunk).hexdigest()}"
        )
        out += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
    if trailers is not None:
        text = "".join(f"{name}:{value}\n" for name, value in trailers.items())
        last = signature_of("AWS4-HMAC-SHA256-TRAILER", previous, hashlib.sha256(text.encode()).hexdigest())
        out += text.replace("\n", "\r\n").encode() + f"x-amz-trailer-signature:{last}\r\n".encode()
    return out + b"\r\n"


def encode_unsigned(chunks: list[bytes], trailers: dict[str, str]) -> bytes:
    out = b"".join(f"{len(chunk):X}\r\n".encode() + chunk + b"\r\n" for chunk in chunks)
    return out + b"0\r\n" + "".join(f"{name}:{value}\r\n" for name, value in trailers.items()).encode() + b"\r\n"


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


chunk_lists = st.lists(st.binary(min_size=1, max_size=40), max_size=5)
cut_lists = st.lists(st.integers(0, 2000), max_size=30)


@given(chunks=chunk_lists, cuts=cut_lists)
def test_signed_chunks_in_any_pieces(chunks: list[bytes], cuts: list[int]) -> None:
    data = b"".join(chunks)
    headers = {"x-amz-decoded-content-length": str(len(data))}
    got, _, error = receive(split(encode_signed(chunks), cuts), SIGNED_CHUNKS, headers)
    assert (got, error) == (data, None)


@given(chunks=chunk_lists, cuts=cut_lists, is_signed=st.booleans())
def test_trailers_in_any_pieces(chunks: list[bytes], cuts: list[int], is_signed: bool) -> None:
    data = b"".join(chunks)
    trailers = {"x-amz-checksum-crc32": crc32(data)}
    encoded = (encode_signed if is_signed else encode_unsigned)(chunks, trailers)
    headers = {"x-amz-decoded-content-length": str(len(data)), "x-amz-trailer": "x-amz-checksum-crc32"}
    got, seen, error = receive(
        split(encoded, cuts), SIGNED_CHUNKS_TRAILER if is_signed else UNSIGNED_CHUNKS_TRAILER, headers
    )
    assert (got, seen, error) == (data, trailers, None)


@example(at=-69, bit=7, is_signed=True, cuts=[])  # a signature that is no ASCII
@given(at=st.integers(0), bit=st.integers(0, 7), is_signed=st.booleans(), cuts=cut_lists)
def test_no_flipped_bit_reaches_the_end(at: int, bit: int, is_signed: bool, cuts: list[int]) -> None:
    """Each bit of an encoded body matters, but for letter case, which hexadecimal digits and names do not have."""
    data = [b"0123456789" * 3, b"abcdef"]
    trailers = {"x-amz-checksum-crc32": crc32(b"".join(data))}
    encoded = bytearray((encode_signed if is_signed else encode_unsigned)(data, trailers))
    index = at % len(encoded)
    before = encoded[index : index + 1]
    encoded[index] ^= 1 << bit
    headers = {"x-amz-decoded-content-length": "36", "x-amz-trailer": "x-amz-checksum-crc32"}
    got, _, error = receive(
        split(bytes(encoded), cuts), SIGNED_CHUNKS_TRAILER if is_signed else UNSIGNED_CHUNKS_TRAILER, headers
    )
    if error is None:
        assert got == b"".join(data)
        assert encoded[index : index + 1].lower() == before.lower()
    else:
        assert len(got) < 36


@given(keep=st.integers(0), is_signed=st.booleans(), cuts=cut_lists)
def test_no_truncated_body_reaches_the_end(keep: int, is_signed: bool, cuts: list[int]) -> None:
    data = [b"0123456789", b"abcdef"]
    trailers = {"x-amz-checksum-crc32": crc32(b"".join(data))}
    encoded = (encode_signed if is_signed else encode_unsigned)(data, trailers)
    headers = {"x-amz-decoded-content-length": "16", "x-amz-trailer": "x-amz-checksum-crc32"}
    got, _, error = receive(
        split(encoded[: keep % len(encoded)], cuts),
        SIGNED_CHUNKS_TRAILER if is_signed else UNSIGNED_CHUNKS_TRAILER,
        headers,
    )
    assert error is not None
    assert (error.code, error.status) == ("IncompleteBody", 400)
    assert len(got) < 16


@given(data=st.binary(max_size=300))
def test_garbage_never_surprises(data: bytes) -> None:
    for signed in (SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER, UNSIGNED_CHUNKS_TRAILER):
        _, _, error = receive([data], signed, {"x-amz-decoded-content-length": "5"})
        assert error is not None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("place", ["header", "trailer"])
def test_every_checksum_is_checked(algorithm: str, place: str) -> None:
    data = b"the quick brown fox"
    checksum = ALGORITHMS[algorithm]()
    checksum.update(data[:5])
    checksum.update(data[5:])
    right = base64.b64encode(checksum.digest()).decode()
    wrong = base64.b64encode(bytes(len(base64.b64decode(right)))).decode()
    name = f"x-amz-checksum-{algorithm}"
    for value, code in (
        (right, None),
        (wrong, "BadDigest"),
        ("????", "InvalidRequest"),
        (right[:-4], "InvalidRequest"),
    ):
        if place == "header":
            got, _, error = receive([data], UNSIGNED_PAYLOAD, {"content-length": "19", name: value})
        else:
            headers = {"x-amz-decoded-content-length": "19", "x-amz-trailer": name}
            got, _, error = receive([encode_unsigned([data], {name: value})], UNSIGNED_CHUNKS_TRAILER, headers)
        assert (error.code if error else None) == code
        assert (got == data) == (code is None)


def test_checksums_are_those_of_their_names() -> None:
    """The check values that the catalogue of CRCs gives for "123456789", and AWS's for XXH of nothing."""
    wanted = {"crc32": "cbf43926", "crc32c": "e3069283", "crc64nvme": "ae8b14860a799888"}
    for name, value in wanted.items():
        checksum = ALGORITHMS[name]()
        checksum.update(b"123456789")
        assert checksum.digest().hex() == value
    assert ALGORITHMS["xxhash64"]().digest().hex() == "ef46db3751d8e999"
    assert ALGORITHMS["xxhash3"]().digest().hex() == "2d06800538d394c2"
    assert ALGORITHMS["xxhash128"]().digest().hex() == "99aa06d3014798d86001c324468d497f"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, None),
        ({"content-length": "5"}, "IncompleteBody"),
        ({"content-length": "3"}, "IncompleteBody"),
        ({"content-length": "4", "content-md5": base64.b64encode(hashlib.md5(b"body").digest()).decode()}, None),
        ({"content-md5": base64.b64encode(hashlib.md5(b"else").digest()).decode()}, "BadDigest"),
        ({"content-md5": "nonsense"}, "InvalidDigest"),
        ({"content-length": str(6 << 30)}, "EntityTooLarge"),
        ({"content-length": "-4"}, "InvalidArgument"),
    ],
)
def test_plain_bodies(headers: dict[str, str], code: str | None) -> None:
    got, _, error = receive([b"bo", b"dy"], hashlib.sha256(b"body").hexdigest(), headers)
    assert (error.code if error else None) == code
    assert (got == b"body") == (code is None)


def test_a_body_of_another_hash_never_ends() -> None:
    got, _, error = receive([b"bo", b"dx"], hashlib.sha256(b"body").hexdigest(), {"content-length": "4"})
    assert error is not None
    assert (error.code, got) == ("XAmzContentSHA256Mismatch", b"bo")
    assert error.members["S3ComputedContentSHA256"] == hashlib.sha256(b"bodx").hexdigest()


def test_an_empty_body_is_judged_before_it_is_sent_on() -> None:
    async def opened(signed: str, headers: Headers, data: bytes) -> None:
        await open_payload(Request("PUT", "/b/k", "", headers, _source([data])), signed, PROOF)

    with pytest.raises(AwsError, match="XAmzContentSHA256Mismatch"):
        asyncio.run(opened("0" * 64, Headers(), b""))
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        bad = b"0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n"
        asyncio.run(opened(SIGNED_CHUNKS, Headers([("x-amz-decoded-content-length", "0")]), bad))


@pytest.mark.parametrize(
    ("body", "signed", "headers", "code"),
    [
        (encode_signed([b"abc"]) + b"x", SIGNED_CHUNKS, {}, "InvalidRequest"),
        (encode_signed([b"abcd"]), SIGNED_CHUNKS, {}, "IncompleteBody"),
        (encode_signed([b"abc", b"d"]), SIGNED_CHUNKS, {}, "IncompleteBody"),
        (encode_signed([b"ab"]), SIGNED_CHUNKS, {}, "IncompleteBody"),
        (encode_unsigned([b"abc"], {}), SIGNED_CHUNKS, {}, "InvalidRequest"),
        (b"3\r\nabcX\r\n0\r\n\r\n", UNSIGNED_CHUNKS_TRAILER, {}, "IncompleteBody"),
        (b"fffffffffffffff\r\n", UNSIGNED_CHUNKS_TRAILER, {}, "EntityTooLarge"),
        (b"0" * (CHUNK_HEADER_BYTES_MAX + 2), UNSIGNED_CHUNKS_TRAILER, {}, "IncompleteBody"),
        (encode_unsigned([b"abc"], {"a": "b" * TRAILER_BYTES_MAX}), UNSIGNED_CHUNKS_TRAILER, {}, "IncompleteBody"),
        (encode_unsigned([b"abc"], {"unannounced": "x"}), UNSIGNED_CHUNKS_TRAILER, {}, "MalformedTrailerError"),
        (encode_unsigned([b"abc"], {}), UNSIGNED_CHUNKS_TRAILER, {"x-amz-trailer": "a"}, "MalformedTrailerError"),
        (
            encode_signed([b"abc"], {"x-amz-meta": "1"}).replace(b"meta:1", b"meta:2"),
            SIGNED_CHUNKS_TRAILER,
            {"x-amz-trailer": "x-amz-meta"},
            "SignatureDoesNotMatch",
        ),
    ],
)
def test_bodies_that_are_wrong(body: bytes, signed: str, headers: dict[str, str], code: str) -> None:
    got, _, error = receive([body], signed, {"x-amz-decoded-content-length": "3", **headers})
    assert error is not None
    assert error.code == code
    assert len(got) < 3


def test_a_chunked_body_says_its_length() -> None:
    _, _, error = receive([encode_signed([b"abc"])], SIGNED_CHUNKS, {})
    assert error is not None
    assert (error.code, error.status) == ("MissingContentLength", 411)


def test_chunks_in_another_order_are_refused() -> None:
    whole = encode_signed([b"A" * 10, b"B" * 10])
    size = len(b"a;chunk-signature=\r\n\r\n") + 64 + 10
    swapped = whole[size : 2 * size] + whole[:size] + whole[2 * size :]
    _, _, error = receive([swapped], SIGNED_CHUNKS, {"x-amz-decoded-content-length": "20"})
    assert error is not None
    assert error.code == "SignatureDoesNotMatch"


def test_where_nobody_checks_signatures_chunks_are_decoded_all_the_same() -> None:
    zeros = b";chunk-signature=" + b"0" * 64 + b"\r\n"
    broken = b"3" + zeros + b"abc\r\n0" + zeros + b"\r\n"
    got, _, error = receive([broken], SIGNED_CHUNKS, {"x-amz-decoded-content-length": "3"}, proof=None)
    assert (got, error) == (b"abc", None)


def test_headers_of_a_decoded_body() -> None:
    headers = Headers(
        [
            ("content-encoding", "aws-chunked, gzip"),
            ("content-length", "90"),
            ("x-amz-decoded-content-length", "3"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("x-amz-meta-a", "1"),
        ]
    )
    assert dict(plain_headers(headers, 3)) == {
        "content-encoding": "gzip",
        "content-length": "3",
        "x-amz-meta-a": "1",
        "x-amz-sdk-checksum-algorithm": "CRC32",
    }
    assert "content-encoding" not in plain_headers(Headers([("content-encoding", "aws-chunked")]), 3)


def test_headers_that_a_presigned_url_carries() -> None:
    query = (
        "X-Amz-Signature=a&X-Amz-Date=b&x-amz-security-token=c&AWSAccessKeyId=d&Expires=1&prefix=e"
        "&x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-meta-note=%C3%BC&x-amz-acl=private&Content-Type=text%2Fplain"
        "&x-amz-meta-evil=a%0D%0Ahost%3A%20b&x-amz-%0A=1"
    )
    request = Request("PUT", "/b/k", query, Headers([("x-amz-acl", "public-read")]), _source([]))
    assert headers_in_query(request) == [("x-amz-meta-note", "\xc3\xbc"), ("content-type", "text/plain")]
