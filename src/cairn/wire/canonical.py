"""The canonical request of SigV4: the bytes that a signer and a verifier must agree on."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote_to_bytes

from cairn.wire.http import Headers, Request

_S3_SERVICES = ("s3", "s3-object-lambda", "s3-outposts", "s3express")
_SPACES = re.compile(r"[ \t]+")


def canonical_requests(
    request: Request, *, service: str, signed_headers: tuple[str, ...], payload: str, without: str = ""
) -> Iterator[bytes]:
    """What a signer may have signed for `request`, the likeliest first.

    First come the bytes as they were sent, which botocore and most clients sign. Where it differs, AWS's own rule
    follows: decoded, then encoded in one way only. It serves clients whose HTTP library sends other bytes than their
    signer saw; what the two mean is the same.

    Args:
        service: the scope's service; S3 has rules of its own.
        without: a query parameter that is not signed.
    """
    end = _end(request.headers, signed_headers, payload)
    s3 = service in _S3_SERVICES
    path = request.path or "/"
    pairs = _pairs(request.query)
    if without:
        pairs = [pair for pair in pairs if pair[0] != without]

    sent = f"{request.method.upper()}\n{_as_sent(path, service)}\n{_query(pairs)}\n{end}"
    yield wire_bytes(sent)
    path = quote(unquote_to_bytes(path), safe="/-_.~") if s3 else _double_encoded(_segments_encoded(path))
    pairs = [(_encoded(name), _encoded(value)) for name, value in pairs if name]
    normal = f"{request.method.upper()}\n{path}\n{_query(pairs)}\n{end}"
    if normal != sent:
        yield wire_bytes(normal)


def canonical_request(
    method: str, path: str, query: str, headers: Headers, *, service: str, signed_headers: tuple[str, ...], payload: str
) -> str:
    """What a signer signs for a request that it will send exactly so."""
    end = _end(headers, signed_headers, payload)
    return f"{method}\n{_as_sent(path or '/', service)}\n{_query(_pairs(query))}\n{end}"


def _end(headers: Headers, signed_headers: tuple[str, ...], payload: str) -> str:
    fields: dict[str, str] = {}
    for name, value in headers:
        value = _trimmed(value)
        fields[name] = f"{fields[name]},{value}" if name in fields else value
    lines = "".join([f"{name}:{fields.get(name, '')}\n" for name in signed_headers])
    return f"{lines}\n{';'.join(signed_headers)}\n{payload}"


def _as_sent(path: str, service: str) -> str:
    return path if service in _S3_SERVICES else _double_encoded(path)


def _pairs(query: str) -> list[tuple[str, str]]:
    found = []
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        found.append((name, value))
    return found


def _query(pairs: list[tuple[str, str]]) -> str:
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def _encoded(raw: str) -> str:
    return quote(unquote_to_bytes(raw.replace("+", " ")), safe="-_.~")


@functools.lru_cache(maxsize=1024)
def _double_encoded(path: str) -> str:
    """The path without dot segments and empty ones, encoded once more: every service's rule but S3's."""
    return quote(_without_dots(path), safe="/~")


def _segments_encoded(path: str) -> str:
    """Each segment encoded in one way. A slash or a dot segment that was encoded stays what it was: another name."""
    return "/".join(quote(unquote_to_bytes(segment), safe="-_.~") for segment in _without_dots(path).split("/"))


def _without_dots(path: str) -> str:
    from botocore.utils import normalize_url_path  # only here: S3 needs none of it, and it takes long to load

    normal: str = normalize_url_path(path)
    return normal


def _trimmed(value: str) -> str:
    """Without outer whitespace, inner runs as one space. Only ASCII whitespace counts: the text is bytes read as
    Latin-1, in which half a UTF-8 character may look like a no-break space."""
    if "  " not in value and "\t" not in value:
        return value.strip(" ")
    return _SPACES.sub(" ", value.strip(" \t"))


def wire_bytes(text: str) -> bytes:
    """Headers and paths reach us as Latin-1 text of the bytes that were sent."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
