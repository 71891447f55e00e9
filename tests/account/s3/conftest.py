"""A real engine behind `S3Upstream`, behind a small door that turns HTTP into calls as the gateway does."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiohttp import web
from botocore.config import Config

from cairn.account.s3.access import PolicyRequest, Verdict
from cairn.account.s3.encryption import Keys
from cairn.account.s3.name_sync import NameSync
from cairn.account.s3.policy import statements, strings
from cairn.account.s3.replies import failure
from cairn.account.s3.upstream import S3Upstream
from cairn.account.seaweedfs import SeaweedFS
from cairn.core.clock import SystemClock
from cairn.core.errors import AwsError
from cairn.core.records.identity import ANONYMOUS, Identity
from cairn.core.state import State, metadata
from cairn.wire.client import HttpClient
from cairn.wire.hosts import parse_host
from cairn.wire.http import Call, Headers, Request, UpstreamUnavailable, split_query
from cairn.wire.models import input_is_streamed
from cairn.wire.payload import open_payload, plain_headers
from cairn.wire.s3_routes import s3_operation

ALICE = "111111111111"
BOB = "222222222222"
DOMAINS = ("localhost",)


def evaluate(text: str, request: PolicyRequest) -> Verdict:
    """As much of policy evaluation as these tests need; the real one is another room's."""
    verdict = Verdict.NONE
    for statement in statements(json.loads(text)):
        principal = statement["Principal"]
        if isinstance(principal, dict):
            names = [name for value in principal.values() for name in strings(value)]
        else:
            names = [principal]
        account = request.identity.account
        mine = {"*", account, f"arn:aws:iam::{account}:root", request.identity.arn, request.identity.invoked_by}
        if not mine & set(names):
            continue
        if not any(fnmatch.fnmatchcase(request.action, wanted) for wanted in strings(statement["Action"])):
            continue
        if not any(fnmatch.fnmatchcase(request.resource, wanted) for wanted in strings(statement["Resource"])):
            continue
        equal = statement.get("Condition", {}).get("StringEquals", {})
        if any(request.context.get(key) not in strings(value) for key, value in equal.items()):
            continue
        if statement["Effect"] == "Deny":
            return Verdict.DENY
        verdict = Verdict.ALLOW
    return verdict


class Door:
    """`upstream` on a loopback port, in a thread of its own. The access key id of a client is its account."""

    def __init__(self, make: Callable[[Callable[[], HttpClient]], S3Upstream]) -> None:
        self._make = make
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait(10)
        self.url = f"http://127.0.0.1:{self.port}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()
        self._loop.close()

    async def _start(self) -> None:
        self._client = HttpClient()
        self.upstream = self._make(lambda: self._client)
        server = web.Server(self._answer, auto_decompress=False)
        self._runner = web.ServerRunner(server, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self._started.set()

    def run(self, work: Any) -> Any:
        """Run a coroutine in the door's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def stop(self) -> None:
        async def end() -> None:
            await self._runner.cleanup()
            await self._client.close()

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _answer(self, incoming: web.BaseRequest) -> web.StreamResponse:
        if incoming.headers.get("Expect") == "100-continue" and incoming.transport is not None:
            incoming.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        call = await call_of(incoming)
        try:
            if isinstance(call, AwsError):
                raise call
            reply = await self.upstream.send(call)
        except UpstreamUnavailable as error:
            return web.Response(status=503, text=str(error))
        except AwsError as problem:
            blank = Call(Request("GET", "/", "", Headers(), _nothing()), "s3", "", "us-east-1")
            reply = failure(blank, problem)
        headers = [(name, value) for name, value in reply.headers if name != "content-length"]
        out = web.StreamResponse(status=reply.status)
        out.headers.extend(headers)
        if "content-length" in reply.headers:
            out.content_length = int(reply.headers.get("content-length"))
        await out.prepare(incoming)
        if isinstance(reply.body, bytes):
            if incoming.method != "HEAD":
                await out.write(reply.body)
        else:
            async for chunk in reply.body:
                await out.write(chunk)
        await out.write_eof()
        return out


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def call_of(incoming: web.BaseRequest) -> Call | AwsError:
    """What the gateway makes of a request."""
    path, _, query = incoming.raw_path.partition("?")
    headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in incoming.raw_headers)
    request = Request(incoming.method, path, query, headers, incoming.content.iter_any(), incoming.remote or "")
    bucket = parse_host(request.host, DOMAINS).bucket
    operation = s3_operation(request.method, path, bucket, dict(split_query(query)), headers)
    try:
        payload = await open_payload(request, headers.get("x-amz-content-sha256"), None)
    except AwsError as problem:
        return problem
    request.body = payload.body
    request.headers = plain_headers(headers, payload.length)
    pairs = dict(split_query(query))
    scope = pairs.get("X-Amz-Credential") or headers.get("authorization").partition("Credential=")[2]
    account, _, rest = scope.partition("/")
    account = account or pairs.get("AWSAccessKeyId", "")
    region = rest.split("/")[1] if rest else "us-east-1"
    identity = (
        Identity(type="IAMUser", account=account, arn=f"arn:aws:iam::{account}:user/dev", principal_id="AIDA")
        if account
        else ANONYMOUS
    )
    call = Call(request, "s3", operation, region, account or ALICE, identity, uuid.uuid4().hex[:16].upper())
    if not input_is_streamed("s3", operation):
        call.body = b"".join([piece async for piece in request.body])
    return call


@dataclass
class Cloud:
    """The engine, its door, and clients."""

    engine: SeaweedFS
    state: State
    door: Door

    def client(self, account: str = ALICE, region: str = "us-east-1", *, url: str = "", **config: Any) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=url or self.door.url,
            aws_access_key_id=account,
            aws_secret_access_key="secret",
            region_name=region,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                **({"s3": {"addressing_style": "path"}} | config),
            ),
        )


def _start_cloud(folder: Path, engine: SeaweedFS, keys: Keys | None = None) -> Cloud:
    folder.mkdir(parents=True, exist_ok=True)
    state = State.in_folder(folder)
    metadata.create_all(state.engine)

    def make(client: Callable[[], HttpClient]) -> S3Upstream:
        return S3Upstream(
            engine.endpoint,
            engine.credentials,
            client=client,
            state=state,
            clock=SystemClock(),
            evaluate=evaluate,
            keys=keys,
            make_durable=NameSync(engine._folder) if isinstance(engine, SeaweedFS) else None,
            domains=DOMAINS,
        )

    return Cloud(engine, state, Door(make))


@pytest.fixture(scope="session")
def start_cloud() -> Callable[..., Cloud]:
    """Makes a cloud in a folder, before an engine, with KMS keys or without."""
    return _start_cloud


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    folder = tmp_path_factory.mktemp("engine")
    running = SeaweedFS(folder / "s3", logs=folder)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def cloud(engine: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    made = _start_cloud(tmp_path_factory.mktemp("cloud"), engine)
    yield made
    made.door.stop()
    made.state.close()


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """Alice's client."""
    return cloud.client()


@pytest.fixture
def bucket(s3: Any) -> str:
    """A bucket of Alice's."""
    name = f"b-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name
