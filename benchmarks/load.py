"""A load of prepared requests over many connections, in a process of its own, and what it cost.

Requests are signed before the clock starts and replies are only framed, so that the client is not what is measured.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httptools
import uvloop

from cairn.wire.http import Headers
from cairn.wire.signing import Credentials, sign

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go and who signs them."""

    host: str
    port: int
    credentials: Credentials
    service: str
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with each request, not signed."""

    def request(self, method: str, path: str, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> bytes:
        """A signed request as its bytes."""
        host = f"{self.host}:{self.port}"
        fields = Headers([("host", host), *headers])
        signed = sign(
            method,
            f"http://{host}{path}",
            fields,
            self.credentials,
            service=self.service,
            region="us-east-1",
            payload_hash=hashlib.sha256(body).hexdigest(),
        )
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in [*signed, *self.headers])]
        if body or method in ("PUT", "POST"):
            lines.append(f"content-length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load gave. Latencies are of single requests, in milliseconds, sorted."""

    seconds: float
    latencies_ms: list[float]
    failures: int
    client_cpu_s: float

    @property
    def rate(self) -> float:
        return len(self.latencies_ms) / self.seconds

    def percentile(self, share: float) -> float:
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(share * len(self.latencies_ms)))]


def together(parts: Sequence[Measured]) -> Measured:
    """Several rounds as one."""
    return Measured(
        sum(part.seconds for part in parts),
        sorted(itertools.chain.from_iterable(part.latencies_ms for part in parts)),
        sum(part.failures for part in parts),
        sum(part.client_cpu_s for part in parts),
    )


@contextmanager
def client_process() -> Iterator[Client]:
    """A client in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield Client(pool)


class Client:
    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def drive(
        self, target: Target, connections: Sequence[Sequence[bytes]], seconds: float, *, again: bool = True
    ) -> Measured:
        """Send each connection's requests one after the other for so long, and again from the first unless not
        `again`."""
        return self._pool.submit(_drive, (target.host, target.port), connections, seconds, again).result()


def _drive(address: tuple[str, int], connections: Sequence[Sequence[bytes]], seconds: float, again: bool) -> Measured:
    return uvloop.run(_run(address, connections, seconds, again))


async def _run(
    address: tuple[str, int], connections: Sequence[Sequence[bytes]], seconds: float, again: bool
) -> Measured:
    opened = [await Connection.to(address) for _ in connections]
    latencies: list[float] = []
    failures = 0
    cpu, start = time.process_time(), time.perf_counter()

    async def one(connection: Connection, requests: Sequence[bytes]) -> None:
        nonlocal failures
        for request in itertools.cycle(requests) if again else requests:
            began = time.perf_counter()
            if began >= start + seconds:
                break
            status = await connection.send(request)
            latencies.append((time.perf_counter() - began) * 1000)
            failures += status >= 300

    await asyncio.gather(*(one(connection, requests) for connection, requests in zip(opened, connections, strict=True)))
    took = time.perf_counter() - start
    for connection in opened:
        connection.close()
    return Measured(took, sorted(latencies), failures, time.process_time() - cpu)


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request under way. It is made anew where the server ends it after a reply."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._parser = httptools.HttpResponseParser(self)
        self._done: asyncio.Future[int] | None = None
        self._transport: Any = None
        self._ended = False

    @classmethod
    async def to(cls, address: tuple[str, int]) -> Connection:
        connection = cls(address)
        await connection._open()
        return connection

    async def _open(self) -> None:
        self._parser, self._ended = httptools.HttpResponseParser(self), False
        await asyncio.get_running_loop().create_connection(lambda: self, *self._address)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed the connection"))

    def on_message_complete(self) -> None:
        assert self._done is not None
        self._ended = not self._parser.should_keep_alive()
        self._done.set_result(self._parser.get_status_code())

    async def send(self, request: bytes) -> int:
        """Status of the reply, once it is whole."""
        if self._ended:
            self.close()
            await self._open()
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._done

    def close(self) -> None:
        self._transport.close()


async def steadily(
    target: Target,
    requests: Sequence[bytes],
    rate: float,
    *,
    connections: int,
    status: int,
    now: Callable[[], float],
) -> dict[int, float]:
    """Send each request once, so many a second, by this process itself; when each was answered, by its number.

    Args:
        status: that each answer has to have.
        now: the clock that says when.
    """
    answered: dict[int, float] = {}
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(await Connection.to((target.host, target.port)))

    async def one(number: int, connection: Connection) -> None:
        assert await connection.send(requests[number]) == status
        answered[number] = now()
        free.put_nowait(connection)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(len(requests)):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            group.create_task(one(number, await free.get()))
    return answered


def cpu_seconds(pid: int) -> float:
    """What a process has used up to now, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def resident_mb(pid: int) -> float:
    return _status_mb(pid, "VmRSS:")


def peak_mb(pid: int) -> float:
    """The most that was resident at any time."""
    return _status_mb(pid, "VmHWM:")


def _status_mb(pid: int, field: str) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().split(field)[1].split()[0]) / 1024
