"""A door that only authenticates: it says in its replies what it made of a call."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cairn.core.clock import SystemClock
from cairn.core.config import Auth, Settings
from cairn.core.errors import AwsError
from cairn.core.records.identity import root
from cairn.core.state import State, metadata
from cairn.gateway.addresses import TrustedProxies
from cairn.gateway.authenticate import Authenticator, Caller
from cairn.gateway.issued import Principal
from cairn.gateway.keys import AccessKey, KeyTable
from cairn.gateway.server import Door
from cairn.wire.http import Call, Headers, Request, Response
from cairn.wire.identify import identify

ACCOUNT = "111122223333"


class Nobody:
    """A directory that knows nobody."""

    async def user(self, account: str, name: str) -> Principal | None:
        return None

    async def role(self, account: str, name: str) -> Principal | None:
        return None


@dataclass
class Seen:
    """A call that held."""

    call: Call
    caller: Caller
    body_sha256: str
    body_bytes: int


@dataclass
class Checkpoint:
    """The server: what it let through, and the errors it answered."""

    keys: KeyTable
    authenticator: Authenticator
    http: str = ""
    https: str = ""
    certificate: str = ""
    seen: list[Seen] = field(default_factory=list)
    refused: list[AwsError] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        call = identify(request, domains=("localhost",))
        try:
            caller = await self.authenticator.authenticate(call)
            digest, size = hashlib.sha256(), 0
            async for piece in caller.stream:
                digest.update(piece)
                size += len(piece)
        except AwsError as error:
            self.refused.append(error)
            return _error(call, error)
        self.seen.append(Seen(call, caller, digest.hexdigest(), size))
        return Response(200, Headers([("content-type", "application/xml")]), _answer(call))


def _answer(call: Call) -> bytes:
    if call.service == "sts":
        return b"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
    return b"{}" if call.service not in ("s3", "ec2", "iam") else b""


def _error(call: Call, error: AwsError) -> Response:
    if call.service in ("s3", "sts", "iam", "ec2"):
        body = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
        if call.service != "s3":
            body = f"<ErrorResponse>{body}</ErrorResponse>"
    else:
        body = f'{{"__type":"{error.code}","message":"{error.message}"}}'
    return Response(error.status, Headers(), body.encode())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkpoint]:
    folder = tmp_path_factory.mktemp("checkpoint")
    state = State.in_folder(folder)
    metadata.create_all(state.engine)
    keys = KeyTable(state, SystemClock(), Nobody())
    keys.put(AccessKey("AKIALASTING", "secret/+=", root(ACCOUNT, "AKIALASTING")))
    keys.put(AccessKey("ASIASESSION", "secret2", root(ACCOUNT, "ASIASESSION"), "token/+="))
    server = Checkpoint(keys, Authenticator(Settings(auth=Auth(mode="verify")), keys, SystemClock()))
    certificate, key = _certificate(folder)
    server.certificate = str(certificate)
    with _serving(server) as server.http, _serving(server, ssl_certfile=certificate, ssl_keyfile=key) as server.https:
        yield server
    state.close()


class _serving:
    """uvicorn in a thread; its address."""

    def __init__(self, server: Checkpoint, **options: Any) -> None:
        async def nothing() -> None: ...

        door = Door(server.answer, proxies=TrustedProxies(), start=nothing, stop=nothing)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(door, log_level="error", lifespan="off", **options))
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[self._socket])), daemon=True
        )
        self._scheme = "https" if options else "http"

    def __enter__(self) -> str:
        self._thread.start()
        return f"{self._scheme}://localhost:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
