"""The bucket engine, and what `S3Upstream` costs in front of it.

    python benchmarks/s3.py [--seconds 5] [--clients 8] [--bytes 1024]

Direct is the engine called with the same HTTP client and signer, without owners, policies and checksums. Both take
turns in one run, since machines differ. `durable` adds the sync of names before a put is answered.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from cairn.account.s3.access import PolicyRequest, Verdict
from cairn.account.s3.engine import Engine
from cairn.account.s3.name_sync import NameSync
from cairn.account.s3.upstream import S3Upstream
from cairn.account.seaweedfs import SeaweedFS
from cairn.core.clock import SystemClock
from cairn.core.state import State, metadata
from cairn.wire.client import HttpClient, read_body
from cairn.wire.http import Call, Headers, Request, Response

ACCOUNT = "111111111111"
BUCKET = "benchmark"
ROUNDS = 3

Work = Callable[[int], Awaitable[Response]]


async def one(body: bytes) -> AsyncIterator[bytes]:
    yield body


def never_asked(policy: str, request: PolicyRequest) -> Verdict:
    return Verdict.NONE


def call(method: str, operation: str, path: str, body: bytes = b"") -> Call:
    headers = Headers([("host", "localhost"), ("content-length", str(len(body)))])
    request = Request(method, path, "", headers, one(body))
    return Call(request, "s3", operation, "us-east-1", ACCOUNT, request_id="0")


async def per_second(work: Work, clients: int, seconds: float) -> float:
    done = 0
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        nonlocal done
        count = 0
        while time.perf_counter() < end:
            reply = await work(number * 1000 + count % 1000)
            await read_body(reply, bytes_max=1 << 20)
            assert reply.status == 200, reply
            count += 1
        done += count

    start = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    return done / (time.perf_counter() - start)


async def measure(engine: SeaweedFS, state: State, folder: Path, options: argparse.Namespace) -> None:
    http = HttpClient()

    def made(make_durable: NameSync | None) -> S3Upstream:
        return S3Upstream(
            engine.endpoint,
            engine.credentials,
            client=lambda: http,
            state=state,
            clock=SystemClock(),
            evaluate=never_asked,
            make_durable=make_durable,
        )

    upstream, durable = made(None), made(NameSync(folder))
    direct = Engine(engine.endpoint, engine.credentials, lambda: http)
    content = bytes(options.bytes)
    await upstream.send(call("PUT", "CreateBucket", f"/{BUCKET}"))
    works: dict[str, Work] = {
        "PUT direct": lambda n: direct.send("PUT", BUCKET, f"k{n}", "", Headers(), content),
        "PUT through": lambda n: upstream.send(call("PUT", "PutObject", f"/{BUCKET}/k{n}", content)),
        "PUT durable": lambda n: durable.send(call("PUT", "PutObject", f"/{BUCKET}/k{n}", content)),
        "GET direct": lambda n: direct.send("GET", BUCKET, "k0", "", Headers()),
        "GET through": lambda n: upstream.send(call("GET", "GetObject", f"/{BUCKET}/k0")),
    }
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, work in works.items():
            rate = await per_second(work, options.clients, options.seconds / ROUNDS)
            best[name] = max(best.get(name, 0.0), rate)
    for name, rate in best.items():
        print(f"{name:12} {rate:8.0f} /s")
    for name in ("PUT through", "PUT durable", "GET through"):
        print(f"{name} / direct: {best[name] / best[name.split()[0] + ' direct']:.2f}")
    await http.close()


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--bytes", type=int, default=1024)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = State.in_folder(folder)
        metadata.create_all(state.engine)
        for kind in ("first start", "next start"):
            engine = SeaweedFS(folder / "s3", logs=folder)
            start = time.perf_counter()
            engine.start()
            print(f"{kind}: {time.perf_counter() - start:.2f} s, {resident_mb(engine.pid or 0):.0f} MB")
            if kind == "first start":
                engine.stop()
        asyncio.run(measure(engine, state, folder / "s3", options))
        print(f"memory of the engine afterwards: {resident_mb(engine.pid or 0):.0f} MB")
        engine.stop()
        state.close()


if __name__ == "__main__":
    main()
