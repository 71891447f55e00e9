"""AWS's operations, called through this very gateway as the person who is signed in.

botocore makes the request and reads the reply; in between, nothing goes over the network: the request is handed to the
gateway in this process, which authenticates, authorizes and records it like any other.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import CredentialResolver, Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import OperationModel, Shape

from cairn.console.exchange import Peer, Refusal
from cairn.console.keys import Key
from cairn.console.turns import Turns
from cairn.wire.client import read_body
from cairn.wire.http import Headers, Request, Response, UpstreamUnavailable

Answer = Callable[[Request], Awaitable[Response]]

USER_AGENT = "AWS Internal"
"""As records of calls by AWS's console have it."""
THREADS = 16
THREADS_A_PERSON = 4
WAITING_MAX = 64
"""Calls that may wait for a thread; one more is refused."""
CLIENTS_MAX = 48
REPLY_BYTES_MAX = 16 << 20
CALL_S_MAX = 60.0
DEPTH_MAX = 100
"""Of an input: more than an item of DynamoDB may have."""
_CONTROLS = re.compile(r"[\0-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Turn:
    """What the thread that makes a call has to know beside botocore."""

    key: Key
    peer: Peer
    loop: asyncio.AbstractEventLoop
    bytes_max: int


_NO_SETTINGS: dict[str, tuple[None, None, str | None, None]] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Whoever started the server may have settings of their own for AWS's clients; they are not the person's."""

_turn: ContextVar[_Turn] = ContextVar("turn")


class Calls:
    """Makes calls.

    Args:
        answer: the gateway.
        endpoint: where it answers, for the addresses that replies hold.
    """

    def __init__(self, answer: Answer, *, endpoint: str) -> None:
        self._answer = answer
        self._endpoint = endpoint
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="console-call")
        self._turns = Turns(at_once=THREADS_A_PERSON, most=THREADS + WAITING_MAX)
        self._clients: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self._lock = threading.Lock()
        self._session = botocore.session.Session(session_vars=_NO_SETTINGS)
        self._session.set_config_variable("ignore_configured_endpoint_urls", True)
        self._session.register_component("credential_provider", CredentialResolver([_Persons()]))

    def close(self) -> None:
        self._threads.shutdown()

    async def call(
        self,
        key: Key,
        service: str,
        operation: str,
        input: Mapping[str, Any],
        *,
        region: str,
        peer: Peer,
        bytes_max: int = REPLY_BYTES_MAX,
        streamed: bool = False,
    ) -> dict[str, Any]:
        """The output of an operation, in botocore's names and types.

        Args:
            input: the same as JSON: times as ISO texts, blobs in base64.
            peer: where the person is.
            bytes_max: the largest reply.
            streamed: whether the operation may be one whose reply is a stream.

        Raises:
            Refusal: AWS's error, or why the call cannot be made here.
        """
        turn = _Turn(key, peer, asyncio.get_running_loop(), bytes_max)
        async with self._turns.of(key.identity.arn):
            return await turn.loop.run_in_executor(
                self._threads, self._make, turn, service, operation, input, region, streamed
            )

    def _make(
        self, turn: _Turn, service: str, operation: str, input: Mapping[str, Any], region: str, streamed: bool
    ) -> dict[str, Any]:
        token = _turn.set(turn)
        try:
            client = self._client(service, region)
            if operation not in client.meta.service_model.operation_names:
                raise Refusal("UnknownOperationException", f"{service} has no operation {operation}.", 404)
            model = client.meta.service_model.operation_model(operation)
            if _streams(model) and not streamed:
                raise Refusal("UnsupportedOperation", f"{operation} streams, which the console's calls do not.", 400)
            made: dict[str, Any] = getattr(client, xform_name(operation))(**_plain(input, model.input_shape, 0))
        except ClientError as error:
            raise _refusal(error) from None
        except _NotAnswered as error:
            raise Refusal("ServiceUnavailable", str(error), 503) from None
        except (BotoCoreError, TypeError, ValueError, OverflowError, RuntimeError) as error:
            raise Refusal("ValidationException", str(error), 400) from None
        finally:
            _turn.reset(token)
        made.pop("ResponseMetadata", None)
        return made

    def _client(self, service: str, region: str) -> Any:
        """A client, made once for a service and Region; whose it is depends on the turn."""
        name = service, region
        with self._lock:
            if name in self._clients:
                self._clients.move_to_end(name)
                return self._clients[name]
            if service not in self._session.get_available_services():
                raise Refusal("UnknownOperationException", f"There is no service {service}.", 404)
            client = self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self._endpoint,
                config=Config(
                    retries={"total_max_attempts": 1},
                    s3={"addressing_style": "path"},
                    user_agent=USER_AGENT,
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    tcp_keepalive=False,
                ),
            )
            client.meta.events.register("before-send", self._send)
            self._clients[name] = client
            if len(self._clients) > CLIENTS_MAX:
                self._clients.popitem(last=False)
            return client

    def _send(self, request: AWSPreparedRequest, **_more: object) -> AWSResponse:
        """In place of botocore's own way to the network."""
        turn = _turn.get()
        answered: Future[tuple[Response, bytes]] = asyncio.run_coroutine_threadsafe(
            self._answered(_as_ours(request, turn.peer), turn.bytes_max), turn.loop
        )
        try:
            response, body = answered.result(CALL_S_MAX)
        except TimeoutError:  # it goes on, as for a client that hangs up: what becomes of it is to be recorded
            raise _NotAnswered(f"There was no answer within {CALL_S_MAX:g} seconds.") from None
        except UpstreamUnavailable as error:
            raise _NotAnswered(str(error)) from None
        return AWSResponse(request.url, response.status, dict(response.headers), _Raw(body))

    async def _answered(self, request: Request, bytes_max: int) -> tuple[Response, bytes]:
        response = await self._answer(request)
        try:
            length = response.headers.get("content-length")
            if length.isdigit() and int(length) > bytes_max and not isinstance(response.body, bytes):
                raise UpstreamUnavailable(f"the reply is larger than {bytes_max} bytes")
            return response, await read_body(response, bytes_max=bytes_max)
        finally:
            if not isinstance(response.body, bytes) and hasattr(response.body, "aclose"):
                await response.body.aclose()


class _NotAnswered(Exception):
    """The gateway gave no reply that can be used."""


class _Raw(BytesIO):
    """A body that was read, as urllib3 would give it."""

    def stream(self, *_arguments: object, **_more: object) -> Iterator[bytes]:
        yield self.read()


class _Credentials(Credentials):
    """Those of whoever's turn it is."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        key = _turn.get().key
        return ReadOnlyCredentials(key.id, key.secret, key.token or None)


class _Persons:
    METHOD = CANONICAL_NAME = "console"

    def load(self) -> Credentials:
        return _Credentials("-", "-")


def _as_ours(request: AWSPreparedRequest, peer: Peer) -> Request:
    parts = urlsplit(request.url)
    headers = Headers(
        (name, value.decode("latin-1") if isinstance(value, bytes) else str(value))
        for name, value in request.headers.items()
    )
    headers.set("host", parts.netloc)
    headers.set("user-agent", USER_AGENT)
    if any(map(_CONTROLS.search, (part for header in headers for part in header))):
        raise ValueError("A value that becomes a header has a control character.")  # as no server would let through
    body = request.body if request.body is not None else b""
    content = body.encode() if isinstance(body, str) else body if isinstance(body, bytes | bytearray) else body.read()
    return Request(
        request.method, parts.path or "/", parts.query, headers, _once(bytes(content)), peer.address, scheme=peer.scheme
    )


async def _once(body: bytes) -> Any:
    if body:
        yield body


def _streams(model: OperationModel) -> bool:
    return bool(
        model.has_streaming_input
        or model.has_streaming_output
        or model.has_event_stream_input
        or model.has_event_stream_output
    )


def _refusal(error: ClientError) -> Refusal:
    told = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    code, message = str(told.get("Code") or "Unknown"), str(told.get("Message") or "")
    return Refusal(code, message, status if 400 <= status < 600 else 400)


def _plain(value: Any, shape: Shape | None, depth: int) -> Any:
    """An input as botocore wants it: blobs as bytes. What the shape does not have, botocore refuses itself.

    Raises:
        ValueError: it is no base64, or nested too deeply.
    """
    if depth > DEPTH_MAX:
        raise ValueError(f"The input is nested more than {DEPTH_MAX} deep.")
    if shape is None:
        return value
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"{shape.name} must be base64") from None
    if shape.type_name == "structure" and isinstance(value, dict):
        return {name: _plain(item, shape.members.get(name), depth + 1) for name, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_plain(item, shape.member, depth + 1) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: _plain(item, shape.value, depth + 1) for name, item in value.items()}
    return value
