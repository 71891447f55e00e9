"""Requests signed by botocore's own signers, as Cairn would receive them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cairn.core.clock import from_iso
from cairn.wire.http import Headers, Request

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def signed(
    signer: Any,
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    token: str = "",
    **arguments: Any,
) -> Request:
    """The request that `signer`, a class of botocore's, makes of the rest."""
    request = AWSRequest(method=method, url=url, data=body or None)
    for name, value in headers:
        request.headers.add_header(name, value)
    signer(Credentials(KEY, SECRET, token or None), **arguments).add_auth(request)
    return received(method, request.url, request.headers.items(), body)


def received(method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> Request:
    """A request as the door makes it: header bytes read as Latin-1, path and query raw."""
    parts = urlsplit(url)
    fields = Headers((name, str(value).encode().decode("latin-1")) for name, value in headers)
    if "host" not in fields:
        fields.set("host", parts.netloc)
    return Request(method, parts.path, parts.query, fields, pieces(body))


def sent_at(request: Request) -> float:
    """The time that a SigV4 request claims to be sent at."""
    stamp = request.headers.get("x-amz-date") or dict(request.query_pairs())["X-Amz-Date"]
    return from_iso(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:11]}:{stamp[11:13]}:{stamp[13:15]}Z")


@pytest.fixture(scope="session")
def botocore_client() -> SimpleNamespace:
    return SimpleNamespace(key=KEY, secret=SECRET, signed=signed, received=received, sent_at=sent_at, pieces=pieces)
