"""The engine itself: what it shuts out, what it survives, how it is found."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from cairn.account.seaweedfs import SeaweedFS
from cairn.account.seaweedfs_files import ADMIN_GRPC_OFFSET, engine_file
from cairn.core.errors import CairnError, ConfigurationError


def client(engine: SeaweedFS) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=engine.endpoint,
        aws_access_key_id=engine.credentials.access_key_id,
        aws_secret_access_key=engine.credentials.secret_access_key,
        region_name="us-east-1",
    )


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


def ports_of(engine: SeaweedFS) -> dict[str, int]:
    assert engine._engine is not None
    return msgspec.structs.asdict(engine._engine.ports)


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[SeaweedFS]:
    """An engine that a test may kill."""
    engine = SeaweedFS(tmp_path / "s3", logs=tmp_path)
    engine.start()
    yield engine
    engine.stop()


@pytest.mark.engine
def test_only_loopback_and_only_with_our_keys(engine: SeaweedFS) -> None:
    ports = ports_of(engine)
    listening = _listening(engine.pid or 0)
    assert {address for address, _ in listening} == {"127.0.0.1"}
    assert {port for _, port in listening} == {*ports.values(), ports["admin"] + ADMIN_GRPC_OFFSET}
    for part, path in (
        ("master", "/dir/assign"),
        ("volume", "/ui/index.html"),
        ("filer", "/buckets/"),
        ("s3", "/"),
        ("admin", "/"),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", ports[part], timeout=5)
        connection.request("GET", path)
        assert connection.getresponse().status in (401, 403, 404), part
        connection.close()
    for part in ("master_grpc", "volume_grpc", "filer_grpc", "s3_grpc"):
        assert not _talks_without_certificate(ports[part]), part


def _listening(pid: int) -> set[tuple[str, int]]:
    """Addresses and ports on which a process listens, from /proc."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(handle.readlink()).removeprefix("socket:[").removesuffix("]"))
        except FileNotFoundError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                packed = bytes.fromhex(address)[::-1]
                found.add((socket.inet_ntoa(packed) if len(packed) == 4 else address, int(port, 16)))
    return found


def _talks_without_certificate(port: int) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        try:
            with context.wrap_socket(plain) as secured:
                secured.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
                while received := secured.recv(4096):
                    if b"bad certificate" in received:
                        return False
                return False
        except (ssl.SSLError, OSError):
            return False


@pytest.mark.engine
def test_what_it_keeps_is_private(engine: SeaweedFS) -> None:
    folder = engine._folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("engine.json", "s3.json", "security.toml", "node.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert engine.credentials.secret_access_key not in (engine._log_file.read_text())


@pytest.mark.engine
def test_what_was_answered_survives_a_kill(own_engine: SeaweedFS) -> None:
    s3 = client(own_engine)
    s3.create_bucket(Bucket="survivor")
    for round in range(3):
        content = os.urandom(100_000)
        s3.put_object(Bucket="survivor", Key=f"k{round}", Body=content)
        os.kill(own_engine.pid or 0, signal.SIGKILL)
        until(lambda deaths=round + 1: own_engine.restarts == deaths and own_engine.is_ready())
        got = s3.get_object(Bucket="survivor", Key=f"k{round}")
        assert got["Body"].read() == content
    assert own_engine.restarts == 3
    assert s3.list_objects_v2(Bucket="survivor")["KeyCount"] == 3


@pytest.mark.engine
def test_a_put_is_synced(own_engine: SeaweedFS) -> None:
    assert '"fsync":  true' in own_engine._shell("fs.configure")


@pytest.mark.engine
def test_it_comes_back_with_its_data_on_other_ports(tmp_path: Path) -> None:
    engine = SeaweedFS(tmp_path / "s3", logs=tmp_path)
    engine.start()
    s3 = client(engine)
    s3.create_bucket(Bucket="mover")
    s3.put_object(Bucket="mover", Key="plain", Body=b"x")
    s3.put_object(Bucket="mover", Key="encrypted", Body=b"y", ServerSideEncryption="AES256")
    before = ports_of(engine)
    engine.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", before["filer"]))
        squatter.listen()
        engine = SeaweedFS(tmp_path / "s3", logs=tmp_path)
        assert ports_of(engine)["filer"] != before["filer"]
        engine.start()
        try:
            s3 = client(engine)
            assert s3.get_object(Bucket="mover", Key="plain")["Body"].read() == b"x"
            assert s3.get_object(Bucket="mover", Key="encrypted")["Body"].read() == b"y"
            s3.put_object(Bucket="mover", Key="more", Body=b"z")
        finally:
            engine.stop()


def test_ports_stay_the_same(tmp_path: Path) -> None:
    first = engine_file(tmp_path)
    assert engine_file(tmp_path) == first
    ports = msgspec.structs.astuple(first.ports)
    assert len(set(ports)) == len(ports)


def test_a_damaged_key_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "engine.json").write_text("{}")
    with pytest.raises(CairnError, match="cannot be read"):
        engine_file(tmp_path)
    assert (tmp_path / "engine.json").read_text() == "{}"


def test_one_that_runs_elsewhere(tmp_path: Path) -> None:
    engine = SeaweedFS(tmp_path / "s3", logs=tmp_path, setting="http://KEY:SECRET@minio:9000")
    engine.start()
    assert (engine.endpoint, engine.credentials.access_key_id, engine.pid) == ("http://minio:9000", "KEY", None)
    engine.stop()
    assert not (tmp_path / "s3").exists()
    with pytest.raises(ConfigurationError, match="credentials"):
        SeaweedFS(tmp_path / "s3", logs=tmp_path, setting="http://minio:9000")


@pytest.mark.parametrize(
    ("says", "problem"), [("version 8000GB 3.99 x", "too old"), ("hello", "is not SeaweedFS"), (None, "no such file")]
)
def test_a_binary_that_will_not_do(tmp_path: Path, says: str | None, problem: str) -> None:
    binary = tmp_path / "weed"
    if says is not None:
        binary.write_text(f"#!/bin/sh\necho '{says}'\n")
        binary.chmod(0o700)
    with pytest.raises(ConfigurationError, match=problem):
        SeaweedFS(tmp_path / "s3", logs=tmp_path, setting=str(binary)).start()


def test_a_binary_that_ends_at_once_is_an_error_with_its_words(tmp_path: Path) -> None:
    binary = tmp_path / "weed"
    binary.write_text('#!/bin/sh\n[ "$1" = version ] && echo version 4.48 && exit\necho no room here\nexit 3\n')
    binary.chmod(0o700)
    with pytest.raises(CairnError, match="no room here"):
        SeaweedFS(tmp_path / "s3", logs=tmp_path, setting=str(binary)).start()
