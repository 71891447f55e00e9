"""Bodies that are larger than memory should be, clients that hang up, and an engine that is away."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cairn.core.errors import AwsError
from cairn.core.process import free_port
from cairn.wire.client import HttpClient
from cairn.wire.http import Call, Headers, Request, UpstreamUnavailable
from cairn.wire.signing import Credentials

ALICE = "111111111111"
SCOPE = f"AWS4-HMAC-SHA256 Credential={ALICE}/20260101/us-east-1/s3/aws4_request"
PIECE = bytes(range(256)) * 256
BIG = 300 << 20

pytestmark = pytest.mark.engine


def resident(pid: int | str = "self") -> int:
    """Bytes of memory that a process has now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("no VmRSS")


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // len(PIECE)):
        yield PIECE


def call_to(method: str, operation: str, path: str, body: AsyncIterator[bytes], length: int = 0) -> Call:
    headers = Headers([("host", "localhost"), ("content-length", str(length))])
    return Call(Request(method, path, "", headers, body), "s3", operation, "us-east-1", ALICE, request_id="R")


def test_a_big_body_takes_little_memory(cloud: Any, bucket: str) -> None:
    upstream = cloud.door.upstream
    peak = 0

    async def both_ways() -> tuple[str, str]:
        nonlocal peak
        put = await upstream.send(call_to("PUT", "PutObject", f"/{bucket}/big", pieces(BIG), BIG))
        assert put.status == 200, put.body
        got = await upstream.send(call_to("GET", "GetObject", f"/{bucket}/big", pieces(0)))
        digest = hashlib.md5()
        async for piece in got.body:
            digest.update(piece)
            peak = max(peak, resident())
        return put.headers.get("etag").strip('"'), digest.hexdigest()

    before = resident()
    etag, digest = asyncio.run_coroutine_threadsafe(both_ways(), cloud.door._loop).result(120)
    assert etag == digest
    assert peak - before < 64 << 20
    assert resident(cloud.engine.pid) < 700 << 20


def test_a_body_found_wrong_on_the_way_is_not_stored(cloud: Any, s3: Any, bucket: str) -> None:
    async def wrong() -> AsyncIterator[bytes]:
        yield PIECE
        raise AwsError("XAmzContentSHA256Mismatch", "not what was signed")

    reply = cloud.door.run(
        cloud.door.upstream.send(call_to("PUT", "PutObject", f"/{bucket}/k", wrong(), 2 * len(PIECE)))
    )
    assert reply.status == 400
    assert b"XAmzContentSHA256Mismatch" in reply.body
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_client_that_hangs_up_leaves_nothing(cloud: Any, s3: Any, bucket: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.door.port)
    connection.putrequest("PUT", f"/{bucket}/k")
    connection.putheader("Authorization", SCOPE)
    connection.putheader("Content-Length", "1000000")
    connection.endheaders(b"x" * 1000)
    connection.close()
    s3.put_object(Bucket=bucket, Key="after", Body=b"x")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["after"]


def test_an_engine_that_is_away(start_cloud: Any, tmp_path: Path) -> None:
    class Nowhere:
        endpoint = f"http://127.0.0.1:{free_port()}"
        credentials = Credentials("a", "b")

    cloud = start_cloud(tmp_path, Nowhere())
    try:
        with pytest.raises(UpstreamUnavailable):
            cloud.door.run(cloud.door.upstream.send(call_to("PUT", "CreateBucket", "/some-bucket", pieces(0))))
        with pytest.raises(UpstreamUnavailable):
            cloud.door.run(cloud.door.upstream.recover(ALICE, "us-east-1"))
    finally:
        cloud.door.stop()
        cloud.state.close()


def test_no_connection_is_left_behind(cloud: Any, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    async def heads() -> int:
        client: HttpClient = cloud.door._client
        for _ in range(50):
            await cloud.door.upstream.send(call_to("HEAD", "HeadObject", f"/{bucket}/k", pieces(0)))
            await cloud.door.upstream.send(call_to("HEAD", "HeadObject", f"/{bucket}/missing", pieces(0)))
        return len(client._session.connector._acquired)  # type: ignore[union-attr] # it has one until it is closed

    assert cloud.door.run(heads()) == 0
