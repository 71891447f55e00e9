"""A body that turns out wrong while it is sent: the upstream never has all of it, and the reason is kept."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from cairn.core.errors import AwsError
from cairn.wire.client import HttpClient, read_body
from cairn.wire.http import Headers, UpstreamUnavailable


async def _sent(body: AsyncIterator[bytes], headers: Headers) -> tuple[bytes, list[int]]:
    """The reply to a PUT of `body`, and the sizes of the bodies that arrived whole."""
    arrived: list[int] = []

    async def answer(request: web.Request) -> web.Response:
        arrived.append(len(await request.read()))
        return web.Response(text="stored")

    app = web.Application(client_max_size=1 << 30)
    app.router.add_put("/key", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = HttpClient()
    try:
        reply = await client.send("PUT", f"http://127.0.0.1:{runner.addresses[0][1]}/key", headers, body)
        return await read_body(reply, bytes_max=1000), arrived
    finally:
        await client.close()
        await runner.cleanup()
        assert arrived in ([], [100_000])


async def _body(fails: bool) -> AsyncIterator[bytes]:
    yield bytes(60_000)
    if fails:
        raise AwsError("BadDigest", "The CRC32 you specified did not match the calculated checksum.")
    yield bytes(40_000)


@pytest.mark.parametrize("headers", [Headers([("content-length", "100000")]), Headers()])
def test_what_a_body_raises_is_what_the_caller_gets(headers: Headers) -> None:
    assert asyncio.run(_sent(_body(False), headers)) == (b"stored", [100_000])
    with pytest.raises(AwsError, match="BadDigest"):
        asyncio.run(_sent(_body(True), headers))


def test_a_connection_that_fails_is_the_upstream_s() -> None:
    async def send() -> None:
        client = HttpClient()
        try:
            await client.send("PUT", "http://127.0.0.1:1/key", Headers(), _body(False))
        finally:
            await client.close()

    with pytest.raises(UpstreamUnavailable):
        asyncio.run(send())


def test_a_server_that_hangs_is_given_up_and_one_that_is_slow_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.wire.client.SILENT_S", 0.5)
    monkeypatch.setattr("cairn.wire.client.ALIVE_S", 1.0)

    async def send(port: int) -> bytes:
        client = HttpClient()
        try:
            reply = await client.send("GET", f"http://127.0.0.1:{port}/slow", Headers())
            return await read_body(reply, bytes_max=1000)
        finally:
            await client.close()

    async def slow() -> bytes:
        async def answer(request: web.Request) -> web.Response:
            await asyncio.sleep(2)
            return web.Response(text="at last")

        app = web.Application()
        app.router.add_get("/slow", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            return await send(runner.addresses[0][1])
        finally:
            await runner.cleanup()

    assert asyncio.run(slow()) == b"at last"
    with socket.create_server(("127.0.0.1", 0)) as hung:  # accepts, by its backlog, and says nothing
        with pytest.raises(UpstreamUnavailable):
            asyncio.run(send(hung.getsockname()[1]))
