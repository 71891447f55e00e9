"""Posting to subscribers' servers, wherever they may be but where nobody allowed it."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from cairn.cloudwatch.sns.endpoints import EndpointError, is_private

CONNECT_S = 5.0
REPLY_S = 15.0
"""For each piece of a reply."""
WHOLE_S = 30.0
"""For all of it: a server that sends a byte now and then would keep a thread for ever."""
REPLY_BYTES_MAX = 64 << 10
AGENT = "Amazon Simple Notification Service Agent"

_TOO_MANY = 429


class HttpEndpoints:
    """Servers by URL.

    Args:
        allow_private: whether those at private addresses may be asked.
    """

    def __init__(self, *, allow_private: bool, whole_s: float = WHOLE_S) -> None:
        self._allow_private = allow_private
        self._whole_s = whole_s
        self._tls = ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post `body`. Returns once the server has taken it.

        Raises:
            EndpointError: final where the server says that the request is wrong (4xx, but for 429).
        """
        parts = urlsplit(url)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"user-agent": AGENT, "accept-encoding": "identity", **headers}
        if parts.username is not None:
            name = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            sent["authorization"] = f"Basic {base64.b64encode(name.encode()).decode()}"
        try:
            with _hung_up_after(self._whole_s, connection.sock):
                if isinstance(connection.sock, ssl.SSLSocket):
                    connection.sock.do_handshake()
                connection.request("POST", path, body, sent)
                reply = connection.getresponse()
                reply.read(REPLY_BYTES_MAX)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise EndpointError(f"no answer: {type(error).__name__}: {error}", unreachable=True) from error
        finally:
            connection.close()
        if not 200 <= reply.status < 300:
            final = 400 <= reply.status < 500 and reply.status != _TOO_MANY
            raise EndpointError(f"the endpoint answered {reply.status}", final=final)

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        """A connection to one of the host's addresses: the name is looked up once, so that what was allowed is what
        is asked."""
        number = port or (443 if scheme == "https" else 80)
        addresses = self._addresses(host, number)
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(host, port, timeout=REPLY_S, context=self._tls)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=REPLY_S)
        raw = _open(addresses)
        try:
            raw.settimeout(REPLY_S)
            connection.sock = raw
            if scheme == "https":
                connection.sock = self._tls.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
        except (OSError, ValueError) as error:
            raw.close()
            raise EndpointError(f"no connection: {type(error).__name__}: {error}", unreachable=True) from error
        return connection

    def _addresses(self, host: str, port: int) -> list[tuple[Any, ...]]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise EndpointError(f"{host} is not known: {error}", unreachable=True) from error
        if self._allow_private:
            return list(found)
        public = [each for each in found if not is_private(str(each[4][0]))]
        if not public:
            text = f"{host} is at a private address, which sns.allow_private_endpoints allows"
            raise EndpointError(text, final=True, unreachable=True)
        return list(public)


def _open(addresses: list[tuple[Any, ...]]) -> socket.socket:
    problem = "no address"
    for family, kind, protocol, _, address in addresses:
        raw = socket.socket(family, kind, protocol)
        raw.settimeout(CONNECT_S)
        try:
            raw.connect(address)
        except OSError as error:
            raw.close()
            problem = f"{type(error).__name__}: {error}"
        else:
            return raw
    raise EndpointError(f"no connection: {problem}", unreachable=True)


@contextmanager
def _hung_up_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Whoever reads or writes the connection after so long finds it closed."""

    def hang_up() -> None:
        with suppress(OSError, ValueError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
