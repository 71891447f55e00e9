"""What every object store does: SeaweedFS, moto's server, and the one in memory."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cairn.account.seaweedfs import SeaweedFS
from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.objects import ObjectStore, ObjectStoreError
from cairn.core.process import free_port
from cairn.core.s3_objects import S3ObjectStore

BUCKET = "contract"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(store: ObjectStore, key: str, content: bytes | Path, **options: Any) -> None:
    body = content if isinstance(content, bytes) else content.read_bytes()
    store.put(BUCKET, key, content, sha256=sha256(body), **options)


def made(endpoint: str, key: str, secret: str) -> Iterator[S3ObjectStore]:
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name="us-east-1"
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    store = S3ObjectStore(endpoint, access_key_id=key, secret_access_key=secret)
    yield store
    store.close()


@pytest.fixture(scope="module")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3ObjectStore]:
    folder = tmp_path_factory.mktemp("objects")
    engine = SeaweedFS(folder / "s3", logs=folder)
    engine.start()
    yield from made(engine.endpoint, engine.credentials.access_key_id, engine.credentials.secret_access_key)
    engine.stop()


@pytest.fixture(scope="module")
def moto() -> Iterator[S3ObjectStore]:
    port = free_port()
    server = subprocess.Popen(
        [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    yield from made(f"http://127.0.0.1:{port}", "test", "test")
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def memory() -> MemoryObjectStore:
    return MemoryObjectStore(BUCKET)


@pytest.fixture(
    params=[
        pytest.param("seaweedfs", marks=pytest.mark.engine),
        pytest.param("moto", marks=pytest.mark.engine),
        "memory",
    ]
)
def store(request: pytest.FixtureRequest) -> ObjectStore:
    found: ObjectStore = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_what_is_put_is_there(store: ObjectStore, size: int, tmp_path: Path) -> None:
    content = os.urandom(size)
    put(store, "bytes", content, content_encoding="gzip", metadata={"Digest": "ü".encode().hex()})
    assert store.get(BUCKET, "bytes") == content
    head = store.head(BUCKET, "bytes")
    assert (head.key, head.size, head.metadata) == ("bytes", size, {"digest": "c3bc"})
    assert abs(head.modified - time.time()) < 60
    path = tmp_path / "file"
    path.write_bytes(content)
    put(store, "file", path)
    assert store.get(BUCKET, "file") == content


def test_a_second_put_replaces_the_first(store: ObjectStore) -> None:
    put(store, "twice", b"1")
    put(store, "twice", b"22")
    assert store.get(BUCKET, "twice") == b"22"


def test_content_that_is_not_its_hash_is_refused(store: ObjectStore) -> None:
    with pytest.raises(ObjectStoreError):
        store.put(BUCKET, "wrong", b"what is sent", sha256=sha256(b"what was meant"))


@pytest.mark.engine
@pytest.mark.parametrize("key", ["file", "folder/"])
def test_an_object_that_the_store_does_not_encrypt_is_refused(seaweedfs: S3ObjectStore, key: str) -> None:
    """This one has no KMS; and a key that ends in a slash it stores in clear whatever is asked for."""
    with pytest.raises(ObjectStoreError):
        put(seaweedfs, key, b"", kms_key="arn:aws:kms:us-east-1:111122223333:key/1", encryption_context={"a": "b"})


@pytest.mark.engine
def test_the_store_encrypts_with_its_own_keys_where_it_is_told_to(seaweedfs: S3ObjectStore) -> None:
    seaweedfs.put(BUCKET, "managed", b"x", sha256=sha256(b"x"), managed_keys=True)
    assert seaweedfs.get(BUCKET, "managed") == b"x"
    assert seaweedfs._s3.head_object(Bucket=BUCKET, Key="managed")["ServerSideEncryption"] == "AES256"


def test_a_missing_object(store: ObjectStore) -> None:
    for read in (store.get, store.head):
        with pytest.raises(ObjectStoreError) as caught:
            read(BUCKET, "missing")
        assert caught.value.code == "NoSuchKey"


def test_a_missing_bucket(store: ObjectStore) -> None:
    for read in (store.get, store.head):
        with pytest.raises(ObjectStoreError) as caught:
            read("no-such-bucket-here", "key")
        assert caught.value.code == "NoSuchBucket"
    with pytest.raises(ObjectStoreError) as caught:
        store.put("no-such-bucket-here", "key", b"x", sha256=sha256(b"x"))
    assert caught.value.code == "NoSuchBucket"
    with pytest.raises(ObjectStoreError) as caught:
        list(store.list("no-such-bucket-here"))
    assert caught.value.code == "NoSuchBucket"


def test_lists_are_in_key_order(store: ObjectStore) -> None:
    keys = ["order/B", "order/a", "order/b/1", "order/c", "order/é"]
    for key in reversed(keys):
        put(store, key, key.encode())
    listed = list(store.list(BUCKET, "order/"))
    assert [info.key for info in listed] == keys
    assert [info.size for info in listed] == [len(key.encode()) for key in keys]
    assert [info.key for info in store.list(BUCKET, "order/", after="order/a")] == keys[2:]
    assert [info.key for info in store.list(BUCKET, "order/", after="order/bb")] == keys[3:]
    assert list(store.list(BUCKET, "nothing/")) == []


@pytest.mark.engine
def test_a_store_that_confirms_nothing_is_read_back(seaweedfs: S3ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that takes the checksum header for any other and damages the object."""
    client = seaweedfs._s3
    genuine = client.put_object

    def damaging(**arguments: Any) -> dict[str, Any]:
        arguments.pop("ChecksumSHA256")
        genuine(**arguments | {"Body": b"damaged"})
        return {}

    monkeypatch.setattr(client, "put_object", damaging)
    with pytest.raises(ObjectStoreError) as caught:
        put(seaweedfs, "damaged", b"genuine")
    assert caught.value.code == "BadDigest"


def test_a_store_that_does_not_answer_has_no_code() -> None:
    store = S3ObjectStore(f"http://127.0.0.1:{free_port()}", access_key_id="a", secret_access_key="b")
    with pytest.raises(ObjectStoreError) as caught:
        store.head(BUCKET, "key")
    assert caught.value.code == ""
    store.close()


@pytest.mark.engine
def test_a_wrong_key_is_named(seaweedfs: S3ObjectStore) -> None:
    endpoint = seaweedfs._s3.meta.endpoint_url
    stranger = S3ObjectStore(endpoint, access_key_id="AKIANOBODY", secret_access_key="x")
    with pytest.raises(ObjectStoreError) as caught:
        stranger.get(BUCKET, "key")
    assert caught.value.code == "InvalidAccessKeyId"
    stranger.close()
