"""Requests as an attacker writes them: signed as they should be, then changed, and sent byte by byte."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.running import Cairn

FORM = "application/x-www-form-urlencoded"
JSON = "application/x-amz-json-1.1"
LIST_KEYS = "TrentService.ListKeys"
_CODE = re.compile(rb"<Code>([^<]+)</Code>|\"(?:__type|code)\": ?\"([^\"]+)\"")
_ID = re.compile(rb"<(?:RequestId|RequestID|requestId)>([^<]+)<")


@dataclass(frozen=True)
class Answer:
    """What came back. `code` is that of the error, empty where there is none."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        found = _CODE.search(self.body)
        return (found[1] or found[2]).decode().rpartition("#")[2] if found and self.status >= 400 else ""

    @property
    def request_id(self) -> str:
        """By which its record is found."""
        found = _ID.search(self.body)
        told = self.headers.get("x-amzn-requestid") or self.headers.get("x-amz-request-id") or ""
        return told or (found[1].decode() if found else "")


@dataclass
class Forged:
    """A request. `headers` are `(name, value)` in the order in which they are sent."""

    cairn: Cairn
    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def get(self, name: str) -> str:
        return next(value for known, value in self.headers if known.lower() == name)

    def without(self, *names: str) -> Forged:
        self.headers = [header for header in self.headers if header[0].lower() not in names]
        return self

    def put(self, name: str, value: str) -> Forged:
        """Set a header, in the place of any that there is."""
        self.without(name.lower()).headers.append((name, value))
        return self

    @property
    def head(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def send(self) -> Answer:
        framed = {name.lower() for name, _ in self.headers} & {"content-length", "transfer-encoding"}
        if self.body and not framed:
            self.headers.append(("content-length", str(len(self.body))))
        return exchange(self.cairn, self.head + self.body)


def signed(
    cairn: Cairn,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    service: str,
    region: str = "us-east-1",
    headers: Sequence[tuple[str, str]] = (),
    keys: tuple[str, str] = ("", ""),
    at: float | None = None,
) -> Forged:
    """A request that holds, made by botocore's signer.

    Args:
        keys: access key and secret; the administrator's else.
        at: seconds since the epoch, in place of now.
    """
    administrator = cairn.folder.administrator()
    key_id, secret = keys if keys[0] else (administrator.access_key_id, administrator.secret_access_key)
    host = urlsplit(cairn.endpoint).netloc
    request = AWSRequest(method, cairn.endpoint + target, headers={"host": host} | dict(headers), data=body)
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(key_id, secret), service, region)
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    request.context["timestamp"] = moment.strftime(SIGV4_TIMESTAMP)
    signer._modify_request_before_signing(request)
    for name, value in headers:  # which the signer may have replaced by its own
        del request.headers[name]
        request.headers[name] = value
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(to_sign, request))
    return Forged(cairn, method, target, [(name, str(value)) for name, value in request.headers.items()], body)


def form(cairn: Cairn, body: bytes, *, service: str = "iam", target: str = "/", **more: object) -> Forged:
    """A call of the query protocol."""
    return signed(cairn, "POST", target, body, service=service, headers=[("content-type", FORM)], **more)  # type: ignore[arg-type]


def json_call(cairn: Cairn, operation: str, body: bytes = b"{}", *, target: str = "/", **more: object) -> Forged:
    """A call of a JSON protocol; `operation` is its X-Amz-Target."""
    headers = [("content-type", JSON), ("x-amz-target", operation)]
    return signed(cairn, "POST", target, body, headers=headers, **({"service": "kms"} | more))  # type: ignore[arg-type]


def exchange(cairn: Cairn, sent: bytes, method: str = "GET") -> Answer:
    """Send bytes, and read one answer; status 0 where the server hung up without one."""
    with socket.create_connection(("127.0.0.1", cairn.port), timeout=60) as connection:
        connection.sendall(sent)
        reply = http.client.HTTPResponse(connection, method=method)
        try:
            reply.begin()
            body = reply.read()
        except (http.client.HTTPException, ConnectionError):
            return Answer(0, {}, b"")
        finally:
            reply.close()
    return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, body)
