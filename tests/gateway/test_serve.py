"""What reaches the gateway through the server that carries it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import uvicorn

from cairn.core.config import Settings
from cairn.gateway.addresses import TrustedProxies
from cairn.gateway.serve import configuration
from cairn.gateway.server import ENDLESS, Door
from cairn.wire.http import Headers, Request, Response

FORWARDED = b"GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.9\r\nx-forwarded-proto: https\r\n\r\n"


async def origin(proxies: TrustedProxies) -> tuple[str, str]:
    """Client and scheme that the gateway sees of a request from this machine which claims to be forwarded."""
    seen: list[tuple[str, str]] = []

    async def answer(request: Request) -> Response:
        seen.append((request.client, request.scheme))
        return Response(200, Headers())

    async def nothing() -> None:
        pass

    door = Door(answer, proxies=proxies, start=nothing, stop=nothing)
    server = uvicorn.Server(configuration(door, Settings()))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(FORWARDED)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        await writer.wait_closed()
        server.should_exit = True
        await serving
    return seen[0]


async def endless(content_type: str) -> bool:
    """Whether a reply without an end is ended, and closed, once the client is gone."""
    closed = asyncio.Event()

    async def ticks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"tick\n"
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    async def answer(request: Request) -> Response:
        async for _ in request.body:
            pass
        return Response(200, Headers([("content-type", content_type)]), ticks())

    async def nothing() -> None:
        pass

    door = Door(answer, proxies=TrustedProxies(), start=nothing, stop=nothing)
    server = uvicorn.Server(configuration(door, Settings()))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}")
        while b"tick" not in await reader.readline():
            pass
        assert not closed.is_set()
        writer.close()
        await writer.wait_closed()
        await asyncio.wait_for(closed.wait(), 30)
        server.should_exit = True
        await serving
    return closed.is_set()


def test_a_reply_without_an_end_ends_when_nobody_listens() -> None:
    for content_type in ENDLESS:
        assert asyncio.run(endless(content_type))


def test_a_client_on_this_machine_cannot_name_another_address() -> None:
    assert asyncio.run(origin(TrustedProxies())) == ("127.0.0.1", "http")


def test_a_trusted_proxy_can() -> None:
    assert asyncio.run(origin(TrustedProxies(["127.0.0.0/8"]))) == ("203.0.113.9", "https")
