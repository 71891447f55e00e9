"""Bodies that a client compressed, as SDKs do with the larger ones of some operations (botocore's requestcompression).

The signature covers what was sent, so they are inflated only behind it.
"""

from __future__ import annotations

import zlib

from cairn.core.errors import AwsError
from cairn.wire.http import Headers
from cairn.wire.models import index, operation_model

_GZIP = 31  # zlib's window bits that expect a gzip header


def is_gzip(headers: Headers) -> bool:
    return headers.get("content-encoding").strip().lower() == "gzip"


def may_be_compressed(service: str, operation: str) -> bool:
    """Whether a compressed body of the operation means the same as the plain one. Of REST services it may be an
    object, whose encoding is its owner's."""
    known = index().services.get(service)
    if known is None or known.is_rest or not operation:
        return False
    compression = operation_model(service, operation).request_compression or {}
    return "gzip" in compression.get("encodings", ())


def inflated(body: bytes, bytes_max: int) -> bytes:
    """The plain body.

    Raises:
        AwsError: it is not gzip, or larger than `bytes_max`.
    """
    inflater = zlib.decompressobj(_GZIP)
    try:
        plain = inflater.decompress(body, bytes_max + 1)
    except zlib.error as error:
        raise AwsError("SerializationException", "The body is not gzip, as its Content-Encoding says.") from error
    if len(plain) > bytes_max:
        raise AwsError("RequestEntityTooLargeException", "Request size exceeded the limit.", 413)
    if not inflater.eof:
        raise AwsError("SerializationException", "The gzip of the body is not complete.")
    return plain
