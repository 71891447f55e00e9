"""A door on loopback through which SeaweedFS, which knows one KMS, reaches the keys of every account and region.

SeaweedFS asks with the key's ARN when it encrypts, and with nothing but the ciphertext when it decrypts. So what it
gets as ciphertext begins with the key's ARN, in clear; the rest is the KMS's own. And since it also decides what a
key's state means (moto lets a disabled key work), the state is looked at before every use.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import http.client
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import msgspec

from cairn.account.seaweedfs_files import Kms
from cairn.core.process import random_secret
from cairn.wire.signing import Credentials

BODY_BYTES_MAX = 1 << 20
REPLY_S = 10.0

_TARGET = "TrentService."
_ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?:key|alias)/.+")
_SCOPED = re.compile(rb"cairn (?P<arn>[\x21-\x7e]+) (?P<blob>.*)", re.DOTALL)
_KEY_ID = re.compile(r"Credential=([^/,\s]+)/")

Send = Callable[[str, str, str, bytes], tuple[int, bytes]]
"""The KMS behind the door: takes account, region, operation and the JSON body; gives status and JSON reply."""


class KmsRelay:
    """The door. `kms` is what SeaweedFS must be told; only who knows its random access key id is let in."""

    def __init__(self, send: Send) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(send, key_id := random_secret(32)))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="kms-relay", daemon=True)
        self.kms = Kms(
            endpoint=f"http://127.0.0.1:{self._server.server_port}", credentials=Credentials(key_id, random_secret())
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def http_kms(url: str, headers: Mapping[str, str]) -> Send:
    """A KMS at `url` that believes the account in `x-moto-account-id`, and wants `headers` with each request."""
    parts = urlsplit(url)

    def send(account: str, region: str, operation: str, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=REPLY_S)
        scope = f"Credential={account}/20200101/{region}/kms/aws4_request, SignedHeaders=host, Signature=0"
        try:
            connection.request(
                "POST",
                "/",
                body,
                {
                    "content-type": "application/x-amz-json-1.1",
                    "x-amz-target": _TARGET + operation,
                    "authorization": f"AWS4-HMAC-SHA256 {scope}",
                    "x-moto-account-id": account,
                    **headers,
                },
            )
            reply = connection.getresponse()
            return reply.status, reply.read(BODY_BYTES_MAX)
        finally:
            connection.close()

    return send


def relay(send: Send, operation: str, body: bytes) -> tuple[int, bytes]:
    """One request of SeaweedFS's, sent to the account and region that it concerns.

    Raises:
        ValueError: neither its key nor its ciphertext tells which these are.
    """
    params = msgspec.json.decode(body, type=dict[str, object])
    named = str(params.get("KeyId", ""))
    if operation == "Decrypt":
        scoped = _SCOPED.fullmatch(base64.b64decode(str(params.get("CiphertextBlob", "")), validate=True))
        if scoped is None:
            raise ValueError("the ciphertext was not made here")
        named = scoped["arn"].decode()
        params["CiphertextBlob"] = base64.b64encode(scoped["blob"]).decode()
    arn = _ARN.fullmatch(named)
    if arn is None:
        raise ValueError("KeyId is no ARN")
    status, reply = send(arn["account"], arn["region"], "DescribeKey", msgspec.json.encode({"KeyId": named}))
    if operation == "DescribeKey" or status != 200:
        return status, reply
    state = msgspec.json.decode(reply, type=_Described).KeyMetadata.KeyState
    if state != "Enabled":
        return 400, _error(
            "DisabledException" if state == "Disabled" else "KMSInvalidStateException", f"{named}: {state}"
        )
    status, reply = send(arn["account"], arn["region"], operation, msgspec.json.encode(params))
    if operation == "GenerateDataKey" and status == 200:
        answer = msgspec.json.decode(reply, type=dict[str, object])
        blob = base64.b64decode(str(answer["CiphertextBlob"]))
        home = f"cairn {answer['KeyId']} ".encode()
        reply = msgspec.json.encode(answer | {"CiphertextBlob": base64.b64encode(home + blob).decode()})
    return status, reply


class _Metadata(msgspec.Struct):
    KeyState: str


class _Described(msgspec.Struct):
    KeyMetadata: _Metadata


def _handler(send: Send, key_id: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            if size > BODY_BYTES_MAX:
                self.close_connection = True
                self._answer(413, _error("ValidationException", "the request is too large"))
                return
            body = self.rfile.read(size)
            shown = _KEY_ID.search(self.headers.get("authorization") or "")
            if shown is None or not hmac.compare_digest(shown[1].encode(), key_id.encode()):
                self._answer(403, _error("AccessDeniedException", "this door is not yours"))
                return
            operation = (self.headers.get("x-amz-target") or "").removeprefix(_TARGET)
            try:
                status, reply = relay(send, operation, body)
            except (ValueError, binascii.Error, KeyError) as error:
                status, reply = 400, _error("NotFoundException", str(error))
            except (OSError, http.client.HTTPException) as error:
                status, reply = 503, _error("KMSInternalException", f"the KMS does not answer: {error}")
            self._answer(status, reply)

        def _answer(self, status: int, reply: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _error(code: str, message: str) -> bytes:
    return msgspec.json.encode({"__type": code, "message": message})
