"""What reaches the gateway through the server that carries it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from cairn.core.config import Settings
from cairn.core.errors import AwsError
from cairn.gateway import protocol
from cairn.gateway import server as door_room
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


Answer = Callable[[Request], Awaitable[Response]]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def served(
    answer: Answer, connections: set[Any] | None = None
) -> AsyncIterator[Callable[[], Awaitable[Connection]]]:
    """A door that answers so, and how to connect to it.

    Args:
        connections: becomes those that are open.
    """

    async def nothing() -> None:
        pass

    door = Door(answer, proxies=TrustedProxies(["127.0.0.0/8"]), start=nothing, stop=nothing)
    server = uvicorn.Server(configuration(door, Settings()))
    if connections is not None:
        server.server_state.connections = connections
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield lambda: asyncio.open_connection(*listening.getsockname())
        server.should_exit = True
        await serving


async def exchanged(sent: bytes, calls: int = 1) -> tuple[bytes, list[Request]]:
    """What is answered to these bytes, and the requests that they were; the last of `calls` ends the connection."""
    seen: list[Request] = []

    async def answer(request: Request) -> Response:
        seen.append(request)
        with contextlib.suppress(AwsError):
            async for _ in request.body:
                pass
        return Response(200, Headers([("connection", "close")] if len(seen) == calls else []))

    async with served(answer) as connect:
        reader, writer = await connect()
        writer.write(sent)
        answered = b""
        with contextlib.suppress(ConnectionError):
            answered = await asyncio.wait_for(reader.read(), 30)
        writer.close()
    return answered, seen


CHUNKED = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"


def test_a_trailer_is_no_header() -> None:
    """A proxy sets X-Forwarded-For in the headers, and passes trailers on as they are."""
    _, (request,) = asyncio.run(exchanged(CHUNKED + b"x-forwarded-for: 203.0.113.9\r\nhost: b\r\n\r\n"))
    assert list(request.headers) == [("host", "a"), ("transfer-encoding", "chunked")]
    assert request.client == "127.0.0.1"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x",
        b"POST / HTTP/1.1\r\nhost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx-a: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\rx: b\r\n\r\n",
        b"GET /a\x00b HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\nhost: a\n\n",
    ],
)
def test_a_request_that_others_could_read_otherwise_is_none(sent: bytes) -> None:
    answered, requests = asyncio.run(exchanged(sent))
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.count(b"HTTP/1.1 ") == 1
    assert requests == []


def test_a_proxys_form_of_a_target_names_the_same_host() -> None:
    _, (request,) = asyncio.run(exchanged(b"GET http://A:80/b?c HTTP/1.1\r\nhost: a:80\r\n\r\n"))
    assert (request.path, request.query) == ("/b", "c")


def test_headers_without_end_are_refused() -> None:
    for field in (b"x: " + b"y" * 100, b"y" * 100):  # many, and one that never ends
        head = b"GET / HTTP/1.1\r\nhost: a\r\nlong: " + (b"\r\n" if b":" in field else b"")
        joined = (b"\r\n" if b":" in field else b"").join([field] * 20_000)
        answered, requests = asyncio.run(exchanged(head + joined))
        assert answered.startswith(b"HTTP/1.1 400 ") or answered == b""
        assert requests == []


def test_a_large_body_is_no_head() -> None:
    """What is read at once may be all of a request."""
    for size in (200_000, 230_000, 260_000, 5_000_000):
        head = f"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n".encode()
        answered, requests = asyncio.run(exchanged((head + bytes(size)) * 3, 3))
        assert answered.count(b"HTTP/1.1 200 ") == len(requests) == 3


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: a\r\nx:"])
def test_who_never_asks_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(protocol, "IDLE_S_MAX", 0.2)
    assert asyncio.run(exchanged(sent)) == (b"", [])


def test_a_body_that_stops_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_room, "STALLED_S_MAX", 0.2)
    caught: list[str] = []

    async def answer(request: Request) -> Response:
        try:
            async for _ in request.body:
                pass
        except AwsError as error:
            caught.append(error.code)
        return Response(400, Headers([("connection", "close")]))

    async def stalled() -> bytes:
        async with served(answer) as connect:
            reader, writer = await connect()
            writer.write(b"PUT /a HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n123")
            answered = await asyncio.wait_for(reader.read(), 30)
            writer.close()
        return answered

    assert asyncio.run(stalled()).startswith(b"HTTP/1.1 400 ")
    assert caught == ["RequestTimeout"]


@pytest.mark.parametrize("endless", [True, False])
def test_who_never_reads_keeps_nothing(monkeypatch: pytest.MonkeyPatch, endless: bool) -> None:
    """A reply without an end gives its place back; one that is whole already loses its connection."""
    monkeypatch.setattr(door_room, "STALLED_S_MAX", 0.2)
    monkeypatch.setattr(protocol, "IDLE_S_MAX", 0.2)

    async def lots() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(1 << 20)
        finally:
            closed.set()

    async def answer(request: Request) -> Response:
        seen.append(request)
        if endless:
            return Response(200, Headers([("content-type", ENDLESS[0])]), lots())
        return Response(200, Headers(), bytes(64 << 20))

    async def unread() -> None:
        connections: set[Any] = set()
        async with served(answer, connections) as connect:
            _, writer = await connect()
            writer.transport.pause_reading()  # type: ignore[attr-defined] # which a socket's transport has
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            async with asyncio.timeout(30):
                if endless:
                    await closed.wait()
                while not seen or connections:
                    await asyncio.sleep(0.05)
            writer.close()

    seen: list[Request] = []
    closed = asyncio.Event()
    asyncio.run(unread())


def test_who_hangs_up_leaves_no_stack_trace(caplog: pytest.LogCaptureFixture) -> None:
    began = asyncio.Event()
    left = asyncio.Event()

    async def answer(request: Request) -> Response:
        began.set()
        try:
            async for _ in request.body:
                pass
        finally:
            left.set()
        return Response(200, Headers())

    async def hung_up() -> None:
        async with served(answer) as connect:
            _, writer = await connect()
            writer.write(b"PUT /a HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n123")
            await began.wait()
            writer.close()
            await asyncio.wait_for(left.wait(), 30)
            await asyncio.sleep(0.05)

    with caplog.at_level(logging.INFO):
        asyncio.run(hung_up())
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
