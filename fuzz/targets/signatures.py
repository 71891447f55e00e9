"""What is read before anybody is known: signatures, aws-chunked bodies, forms, hosts, forwarded addresses."""

from __future__ import annotations

import hashlib
from functools import partial
from ipaddress import ip_address

from cairn.core.errors import AwsError
from cairn.gateway.addresses import TrustedProxies
from cairn.wire import sigv2, sigv4
from cairn.wire.checksums import declared_checksums
from cairn.wire.chunked import ChunkedBody, ChunkSigner
from cairn.wire.form_upload import read_form
from cairn.wire.hosts import parse_host
from cairn.wire.http import Headers, Request
from cairn.wire.payload import headers_in_query
from cairn.wire.post_policy import PostPolicy, read_claim
from cairn.wire.refusals import Dialect
from cairn.wire.sigv4 import Proof
from fuzz.messages import request_of
from fuzz.target import Target, attempt, cut, finish, pieces, text, whole

NOW = 1_700_000_000.0
"""2023-11-14T22:13:20Z, as the kept inputs are signed."""
SKEW = 10 * 365 * 86_400.0
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def signature(data: bytes) -> None:
    request, body = request_of(data)
    sigv4.key_id_of(request)
    sigv2.key_id_of(request)
    headers_in_query(request)
    attempt((AwsError,), lambda: _verify(sigv2.read(request, now=NOW, skew=SKEW), request, body))
    for dialect in Dialect:
        attempt((AwsError,), partial(_check_v4, request, body, dialect))


def _check_v4(request: Request, body: bytes, dialect: Dialect) -> None:
    _verify(sigv4.read(request, dialect, now=NOW, skew=SKEW), request, body)


def _verify(claim: sigv4.Claim | sigv2.Claim | None, request: Request, body: bytes) -> None:
    if claim is not None:
        claim.verify(request, SECRET, hashlib.sha256(body).hexdigest())


def chunked(data: bytes) -> None:
    """The first byte says how it is signed and cut, the second how long the payload is declared to be."""
    how, length, body = data[:1], data[1:2], data[2:]
    number = how[0] if how else 0
    signer = number & 1
    trailers = ("x-amz-checksum-crc32",) if number & 2 else ("x-amz-checksum-sha256", "x-other") if number & 4 else ()

    def read(parts: list[bytes]) -> tuple[bytes, dict[str, str]] | str:
        proof = Proof("0" * 64, b"k", "20231114T221320Z", "20231114/us-east-1/s3/aws4_request") if signer else None
        chunks = ChunkedBody(
            pieces(parts),
            length=length[0] if length else 0,
            signer=ChunkSigner(proof) if proof else None,
            trailers=trailers,
        )
        try:
            return finish(whole(aiter(chunks))), chunks.trailers
        except AwsError as error:
            return error.code

    at_once = read([body])
    assert read(cut(body, (number * 7, number * 13 + 1, len(body) // 2))) == at_once, "pieces change what it is"
    assert read([body[at : at + 1] for at in range(min(len(body), 512))] + [body[512:]]) == at_once
    if not isinstance(at_once, str):
        assert len(at_once[0]) == (length[0] if length else 0)


def form(data: bytes) -> None:
    """A first line with the Content-Type, then the body."""
    content_type, _, body = data.partition(b"\n")

    async def read(parts: list[bytes]) -> tuple[dict[str, str], str, bytes]:
        found = await read_form(pieces(parts), content_type.decode("latin-1"))
        return found.fields, found.key, await whole(found.content)

    def outcome(parts: list[bytes]) -> object:
        try:
            return finish(read(parts))
        except AwsError as error:
            return error.code

    at_once = outcome([body])
    assert outcome(cut(body, (len(body) // 3, len(body) // 2, len(body) - 3))) == at_once, "pieces change what it is"
    finish(_check_form(body, content_type.decode("latin-1")))


async def _check_form(body: bytes, content_type: str) -> None:
    found = await read_form(pieces([body]), content_type)
    content = await whole(found.content)
    claim = read_claim(found)
    if claim is not None:
        policy = PostPolicy(claim.policy)
        policy.check(found, "bucket", now=NOW)
        policy.check_size(len(content))
        claim.verify(SECRET)


def host(data: bytes) -> None:
    found = parse_host(text(data).lower(), ("localhost", "cairn.example.com"))
    assert "/" not in found.bucket or "/" in text(data)


def forwarded(data: bytes) -> None:
    """A line for each field of X-Forwarded-For."""
    proxies = TrustedProxies(["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"])
    headers = Headers([("x-forwarded-for", line.decode("latin-1")) for line in data.split(b"\n")])
    headers.add("x-forwarded-proto", data.decode("latin-1"))
    client, scheme = proxies.origin("127.0.0.1", "http", headers)
    ip_address(client)
    assert scheme in ("http", "https")
    assert proxies.origin("192.0.2.7", "http", headers) == ("192.0.2.7", "http"), "a stranger is believed"


def checksums(data: bytes) -> None:
    declared_checksums(request_of(data)[0].headers, whole_object=False)


TARGETS = (
    Target("signature", "SigV4 and SigV2, in headers and in queries, are read and verified, or refused.", signature),
    Target("aws-chunked", "Decodes to what was declared, however the body arrives in pieces.", chunked),
    Target("form-upload", "S3's browser uploads and their policies, however they arrive in pieces.", form, (AwsError,)),
    Target("host", "Host headers.", host),
    Target("forwarded", "X-Forwarded-For names an address, and only proxies are believed.", forwarded),
    Target("checksums", "Checksum headers of S3's bodies.", checksums, (AwsError,)),
)
