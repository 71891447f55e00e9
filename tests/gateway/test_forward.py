"""What another endpoint gets: calls signed with the credentials that the upstream's URL holds."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from aiohttp import web

from cairn.core.clock import SystemClock
from cairn.core.errors import AwsError
from cairn.gateway.forward import HttpUpstream
from cairn.wire import sigv4
from cairn.wire.client import HttpClient, read_body
from cairn.wire.endpoint import Endpoint
from cairn.wire.http import Call, Headers, Request
from cairn.wire.refusals import Dialect

SECRET = "wJalr/XUtn+FEMI"


async def _no_body() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


async def _forwarded(url: str) -> Request:
    """The request that arrives where `url` points, {port} filled in."""
    arrived: list[Request] = []

    async def answer(request: web.Request) -> web.Response:
        headers = Headers(request.headers.items())
        arrived.append(Request("POST", request.raw_path, "", headers, _no_body(), "127.0.0.1"))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = HttpClient()
    try:
        upstream = HttpUpstream(
            Endpoint.parse(url.format(port=runner.addresses[0][1])),
            client=lambda: client,
            credentials_of=lambda _: None,
        )
        request = Request("POST", "/", "", Headers([("host", "cairn"), ("authorization", "x")]), _no_body(), "")
        call = Call(request, "iam", "ListUsers", "us-east-1", account="000000000000")
        call.body = b"Action=ListUsers"
        await read_body(await upstream.send(call), bytes_max=100)
    finally:
        await client.close()
        await runner.cleanup()
    return arrived[0]


def test_a_secret_in_the_url_may_have_any_character() -> None:
    request = asyncio.run(_forwarded(f"http://AKIDEXAMPLE:{quote(SECRET, safe='')}@127.0.0.1:{{port}}"))
    claim = sigv4.read(request, Dialect.QUERY, now=SystemClock().now(), skew=900)
    assert claim is not None
    assert claim.key_id == "AKIDEXAMPLE"
    digest = hashlib.sha256(b"Action=ListUsers").hexdigest()
    claim.verify(request, SECRET, digest)
    with pytest.raises(AwsError, match="SignatureDoesNotMatch"):
        claim.verify(request, "another", digest)
