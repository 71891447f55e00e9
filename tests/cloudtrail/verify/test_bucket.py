"""Reading a bucket over a connection: what each answer means."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import urllib3

from cairn.cloudtrail.verify.bucket import Bucket
from cairn.cloudtrail.verify.places import NotThere
from cairn.core.errors import CairnError, Refused, Unreachable
from cairn.core.memory_objects import MemoryObjectStore
from cairn.wire.signing import Credentials

ANSWERS: dict[str, tuple[int, bytes]] = {
    "/base/b/AWSLogs/a%20b%2Bc": (200, b"\x1f\x8bcontent"),
    "/base/b/gone": (404, b"<Error><Code>NoSuchKey</Code></Error>"),
    "/base/b/secret": (403, b"<Error><Code>AccessDenied</Code></Error>"),
    "/base/b/broken": (503, b""),
    "/base/b/elsewhere": (301, b"<Error><Code>PermanentRedirect</Code></Error>"),
}


class _S3(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        assert self.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
        status, content = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("X-Amz-Meta-Signature", "ab")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    _S3.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _S3)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield at(f"http://127.0.0.1:{server.server_port}/base/")
    server.shutdown()
    server.server_close()


def at(endpoint: str) -> Bucket:
    return Bucket(
        endpoint,
        "b",
        "some/prefix/",
        credentials=lambda: Credentials("key", "secret"),
        region="us-east-1",
        store=MemoryObjectStore("b"),
        pool=urllib3.PoolManager(),
    )


def test_an_object_comes_as_it_is_stored_with_its_metadata(bucket: Bucket) -> None:
    found = bucket.read("b", "AWSLogs/a b+c")
    assert (found.content, found.metadata) == (b"\x1f\x8bcontent", {"signature": "ab"})
    assert bucket.prefix == "some/prefix"


@pytest.mark.parametrize(
    ("key", "error"), [("gone", NotThere), ("secret", Refused), ("elsewhere", Refused), ("broken", Unreachable)]
)
def test_what_is_no_object_is_told_apart(
    bucket: Bucket, key: str, error: type[CairnError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cairn.cloudtrail.verify.bucket.RETRIES.backoff_factor", 0)
    with pytest.raises(error):
        bucket.read("b", key)
    assert len(_S3.asked) == (4 if key == "broken" else 1)


def test_a_bucket_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.cloudtrail.verify.bucket.RETRIES.backoff_factor", 0)
    with pytest.raises(Unreachable):
        at("http://127.0.0.1:9").read("b", "k")
    with pytest.raises(Refused):
        list(at("http://127.0.0.1:9").list("other", ""))
