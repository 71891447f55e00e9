"""Requests and replies as text: a first line, headers, an empty line, a body. Whatever is missing is empty."""

from __future__ import annotations

from cairn.wire.http import Headers, Request
from fuzz.target import pieces


def request_of(data: bytes) -> tuple[Request, bytes]:
    """The request that `data` is, as the door would make it of what a server parsed, and its body."""
    first, headers, body = _parts(data)
    method, _, rest = first.partition(" ")
    target = rest.partition(" ")[0]
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        path = "/" + path
    return Request(method or "GET", path, query, headers, pieces([body]), client="192.0.2.7"), body


def reply_of(data: bytes) -> tuple[int, Headers, bytes]:
    """Status, headers and body."""
    first, headers, body = _parts(data)
    status = first[:3]
    return int(status) if status.isascii() and status.isdigit() else 200, headers, body


def _parts(data: bytes) -> tuple[str, Headers, bytes]:
    head, _, body = data.replace(b"\r\n", b"\n", 40).partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    fields = [line.partition(":") for line in lines if line]
    return first.strip(), Headers((name.strip(), value.strip(" ")) for name, colon, value in fields if colon), body
