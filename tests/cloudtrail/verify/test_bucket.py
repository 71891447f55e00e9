"""Reading a bucket over kept connections: what each answer means, and what becomes of a connection."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.contract.certificates import self_signed

from cairn.cloudtrail.verify.bucket import Bucket
from cairn.cloudtrail.verify.connections import Connections, NoReply, TooLong
from cairn.cloudtrail.verify.listing import read_page
from cairn.cloudtrail.verify.places import NotThere
from cairn.core.clock import from_iso
from cairn.core.errors import CairnError, Refused, Unreachable
from cairn.wire.signing import Credentials

LISTED = "encoding-type=url&list-type=2"


def _page(*keys: str, more: str = "") -> bytes:
    found = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-11-28T10:00:00.123Z</LastModified></Contents>" for key in keys
    )
    end = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{more}</NextContinuationToken>" if more else ""
    return (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<EncodingType>url</EncodingType>{end}{found}</ListBucketResult>"
    ).encode()


ANSWERS: dict[str, tuple[int, bytes]] = {
    "/base/b/AWSLogs/a%20b%2Bc": (200, b"\x1f\x8bcontent"),
    "/base/b/gone": (404, b"<Error><Code>NoSuchKey</Code></Error>"),
    "/base/b/secret": (403, b"<Error><Code>AccessDenied</Code></Error>"),
    "/base/b/broken": (503, b""),
    "/base/b/elsewhere": (301, b"<Error><Code>PermanentRedirect</Code></Error>"),
    f"/base/b?{LISTED}&max-keys=1&prefix=p%2F&start-after=p%2Fa%20b": (200, _page("p%2Fa+b%2B", more="x/y=")),
    f"/base/b?continuation-token=x%2Fy%3D&{LISTED}&max-keys=1000&prefix=p%2F": (200, _page("p%2Fc", "p%2Fd")),
    f"/base/b?{LISTED}&max-keys=1&prefix=odd": (200, b"<!DOCTYPE x [<!ENTITY a 'b'>]><ListBucketResult/>"),
    f"/base/b?{LISTED}&max-keys=1&prefix=html": (200, b"<html>"),
    f"/base/b?{LISTED}&max-keys=1&prefix=secret": (403, b"<Error><Code>AccessDenied</Code></Error>"),
}


class _S3(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        path, mark, query = self.path.partition("?")
        self.path = path + mark + "&".join(sorted(query.split("&")))
        self.asked.append(self.path)
        assert self.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
        status, content = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("X-Amz-Meta-Signature", "ab")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("X-Amz-Bucket-Region", "eu-west-1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    _S3.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _S3)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
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
    monkeypatch.setattr("cairn.cloudtrail.verify.bucket.BACKOFF_S", 0)
    with pytest.raises(error):
        bucket.read("b", key)
    assert len(_S3.asked) == (4 if key == "broken" else 1)


def test_a_bucket_that_does_not_answer_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cairn.cloudtrail.verify.bucket.BACKOFF_S", 0)
    with pytest.raises(Unreachable):
        at("http://127.0.0.1:9").read("b", "k")
    with pytest.raises(Unreachable, match="cannot be listed"):
        list(at("http://127.0.0.1:9").list("other", ""))


def test_a_bucket_of_another_region_is_told_with_it(bucket: Bucket) -> None:
    with pytest.raises(Refused) as told:
        bucket.read("b", "elsewhere")
    assert "eu-west-1" in told.value.advice


def test_a_listing_begins_with_a_small_page_and_keys_are_decoded(bucket: Bucket) -> None:
    found = list(bucket.list("b", "p/", after="p/a b"))
    assert [listed.key for listed in found] == ["p/a b+", "p/c", "p/d"]
    assert found[0].modified == from_iso("2026-11-28T10:00:00Z")
    assert len(_S3.asked) == 2


@pytest.mark.parametrize("prefix", ["odd", "html", "secret"])
def test_what_is_no_listing_is_refused(bucket: Bucket, prefix: str) -> None:
    with pytest.raises(Refused):
        list(bucket.list("b", prefix))


def test_a_listing_that_does_not_encode_keys_is_read_as_it_is() -> None:
    page = _page("a+b%20").replace(b"<EncodingType>url</EncodingType>", b"")
    assert [listed.key for listed in read_page(page).objects] == ["a+b%20"]


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"


class _Scripted:
    """A listener that answers each request with the next of some byte strings. It closes the connection after one
    that does not tell its end, or where there is None."""

    def __init__(self, *answers: bytes | None, tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self._answers = iter(answers)
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            try:
                connection = self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted
            except OSError:
                accepted.close()
                continue
            with connection:
                while connection.recv(65536) and (answer := next(self._answers, None)) is not None:
                    connection.sendall(answer)
                    if answer not in (OK, CHUNKED):
                        break


def _get(connections: Connections) -> bytes:
    return connections.get("/", [("host", "h")], bytes_max=10).content


@contextmanager
def _scripted(*answers: bytes | None, tls: ssl.SSLContext | None = None) -> Iterator[_Scripted]:
    server = _Scripted(*answers, tls=tls)
    yield server
    server.close()


def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_made_anew() -> None:
    with _scripted(OK, OK, None, OK) as server:
        connections = Connections(server.origin)
        assert [_get(connections) for _ in range(3)] == [b"ok"] * 3
        assert server.connections == 2
        del connections


def test_every_way_to_end_an_answer_is_read() -> None:
    with _scripted(CHUNKED, b"HTTP/1.1 200 OK\r\n\r\nok", OK) as server:
        connections = Connections(server.origin)
        assert [_get(connections) for _ in range(3)] == [b"ok"] * 3
        assert server.connections == 2
        del connections


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", b"HTTP/1.1 200 OK\r\n", b"no HTTP at all"]
)
def test_an_answer_that_breaks_off_or_is_none_is_no_reply(answer: bytes) -> None:
    with _scripted(answer, None) as server, pytest.raises(NoReply):
        _get(Connections(server.origin))


def test_an_answer_has_a_limit() -> None:
    with _scripted(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" + b"x" * 11) as server, pytest.raises(TooLong):
        _get(Connections(server.origin))


def test_tls_is_believed_only_as_it_is_told(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key)
    with _scripted(OK, tls=ours) as server:
        with pytest.raises(NoReply, match="CERTIFICATE_VERIFY_FAILED"):
            _get(Connections(server.origin))
        connections = Connections(server.origin, ssl.create_default_context(cafile=str(certificate)))
        assert _get(connections) == b"ok"
        del connections
