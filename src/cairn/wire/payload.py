"""The body of a request to S3: what its headers promise of it, checked while it is read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from cairn.core.errors import AwsError
from cairn.wire.checksums import PREFIX, declared_checksums, payload_sha256
from cairn.wire.chunked import ChunkedBody, ChunkSigner, primed, verified
from cairn.wire.http import Headers, Request
from cairn.wire.sigv4 import Proof
from cairn.wire.sigv4_fields import CHUNKED, UNSIGNED_CHUNKS_TRAILER, UNSIGNED_PAYLOAD

OBJECT_BYTES_MAX = 5 << 30

_SIGNATURE = frozenset(
    f"x-amz-{part}"
    for part in (
        "algorithm",
        "content-sha256",
        "credential",
        "date",
        "expires",
        "sdk-checksum-algorithm",
        "security-token",
        "signature",
        "signedheaders",
    )
)
_HEADER_IN_QUERY = re.compile(r"x-amz-[a-z0-9-]+|content-type|content-md5")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ALGORITHM = "x-amz-sdk-checksum-algorithm"
_ONLY_CHUNKED = ("x-amz-decoded-content-length", "x-amz-trailer")


@dataclass(slots=True)
class Payload:
    """A body that raises before its end where it is not what was promised."""

    body: AsyncIterator[bytes]
    length: int | None
    """Bytes that `body` gives; None where the request does not say."""
    trailers: dict[str, str] = field(default_factory=dict)
    """Filled once `body` was read to its end."""


async def open_payload(request: Request, signed: str, proof: Proof | None) -> Payload:
    """The payload of `request`, decoded of aws-chunked.

    Args:
        signed: what its signature has in the place of the body's hash; empty or `UNSIGNED-PAYLOAD`: nothing.
        proof: of that signature; None where signatures are not checked.

    Raises:
        AwsError: its headers contradict each other, or it is empty and not what was promised.
    """
    headers = request.headers
    checks = declared_checksums(headers, whole_object=request.method == "POST" and "uploadId=" in request.query)
    if signed not in CHUNKED:
        if signed and signed != UNSIGNED_PAYLOAD:
            checks.append(payload_sha256(signed))
        length = _length(headers, "content-length")
        return Payload(await primed(verified(request.body, checks, length)), length)

    length = _length(headers, "x-amz-decoded-content-length")
    if length is None:
        raise AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    body = ChunkedBody(
        request.body,
        length=length,
        signer=ChunkSigner(proof) if proof is not None and signed != UNSIGNED_CHUNKS_TRAILER else None,
        trailers=[name.strip().lower() for name in headers.get("x-amz-trailer").split(",") if name.strip()],
        checks=checks,
    )
    return Payload(await primed(aiter(body)), length, body.trailers)


def headers_in_query(request: Request) -> list[tuple[str, str]]:
    """Headers that a presigned URL carries as query parameters, as SDKs move them there: S3 takes both for the same.

    Checksums stay where they are: SDKs that presign compute them over a body that they do not have yet.
    """
    found = []
    for name, value in request.query_pairs():
        name = name.lower()
        if not _HEADER_IN_QUERY.fullmatch(name) or name in _SIGNATURE or name.startswith(PREFIX):
            continue
        if name not in request.headers and not _CONTROL.search(value):
            found.append((name, value.encode().decode("latin-1")))
    return found


def plain_headers(headers: Headers, length: int | None) -> Headers:
    """`headers` as they fit a body that is no longer aws-chunked.

    The algorithm of a checksum that came as a trailer is named as SDKs do, for whoever computes it again.
    """
    plain = headers.copy()
    trailer = headers.get("x-amz-trailer").strip().lower()
    if trailer.startswith(PREFIX) and _ALGORITHM not in headers:
        plain.set(_ALGORITHM, trailer.removeprefix(PREFIX).upper())
    encodings = [part.strip() for value in headers.all("content-encoding") for part in value.split(",")]
    kept = [encoding for encoding in encodings if encoding and encoding.lower() != "aws-chunked"]
    plain.remove("content-encoding", "transfer-encoding", "content-length", *_ONLY_CHUNKED)
    if kept:
        plain.set("content-encoding", ",".join(kept))
    if length is not None:
        plain.set("content-length", str(length))
    return plain


def _length(headers: Headers, name: str) -> int | None:
    text = headers.get(name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise AwsError("InvalidArgument", f"{name} must be a whole number.")
    if int(text) > OBJECT_BYTES_MAX:
        raise AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
    return int(text)
