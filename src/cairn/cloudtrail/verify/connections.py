"""GETs over kept connections and nothing else of HTTP: a sixth of what a whole library spends on a small object."""

from __future__ import annotations

import socket
import ssl
import weakref
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

CONNECT_S = 5.0
READ_S = 60.0
PIECE_BYTES = 1 << 17


class Reply(NamedTuple):
    """An answer. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes


class NoReply(Exception):
    """No connection, or it broke off, or what came is no HTTP."""


class TooLong(Exception):
    """The content has more bytes than were allowed."""


class Connections:
    """GETs of one address by many threads, over as many connections as were ever needed at once.

    Args:
        origin: `https://host:port`.
        trust: whom to believe on TLS; None: whomever this machine trusts.
    """

    def __init__(self, origin: str, trust: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(origin)
        tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if tls else 80)
        self._trust = (trust or ssl.create_default_context()) if tls else None
        self._idle: list[_Connection] = []  # of any thread: append and pop are atomic
        weakref.finalize(self, _close, self._idle)

    def get(self, target: str, headers: Iterable[tuple[str, str]], *, bytes_max: int) -> Reply:
        """The answer to one GET of a path with its query.

        Raises:
            NoReply, TooLong.
        """
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
        request = "\r\n".join(lines).encode()
        while True:
            kept = bool(self._idle)
            try:
                connection = self._idle.pop() if kept else self._connect()
            except IndexError:  # another thread was faster
                continue
            except OSError as error:
                raise NoReply(str(error)) from error
            try:
                reply = connection.ask(request, bytes_max)
            except (OSError, HttpParserError) as error:
                connection.close()
                if kept and not isinstance(error, TimeoutError):
                    continue  # the other side may close whatever is idle
                raise NoReply(str(error)) from error
            except BaseException:
                connection.close()
                raise
            if connection.goes_on:
                self._idle.append(connection)
            else:
                connection.close()
            return reply

    def _connect(self) -> _Connection:
        connected = socket.create_connection((self._host, self._port), CONNECT_S)
        try:
            if self._trust is not None:
                connected = self._trust.wrap_socket(connected, server_hostname=self._host)
            connected.settimeout(READ_S)
        except BaseException:
            connected.close()
            raise
        return _Connection(connected)


class _Connection:
    """One connection, used by one thread at a time. Its parser calls the methods `on_...`."""

    def __init__(self, connected: socket.socket) -> None:
        self.goes_on = True
        self._socket = connected
        self._parser = HttpResponseParser(self)
        self._piece = memoryview(bytearray(PIECE_BYTES))
        self._begin()

    def ask(self, request: bytes, bytes_max: int) -> Reply:
        self._begin()
        self._socket.sendall(request)
        while not self._whole:
            received = self._socket.recv_into(self._piece)
            if not received:
                if not self._ends_with_connection():
                    raise ConnectionResetError("the connection was closed before the answer was whole")
                self.goes_on = False
                break
            self._parser.feed_data(self._piece[:received])
            if self._length > bytes_max:
                raise TooLong(f"more than {bytes_max} bytes")
        return Reply(self._parser.get_status_code(), self._headers, b"".join(self._content))

    def close(self) -> None:
        self._socket.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, piece: bytes) -> None:
        self._length += len(piece)
        self._content.append(piece)

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_message_complete(self) -> None:
        self._whole = True
        self.goes_on = self._parser.should_keep_alive()

    def _begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._content: list[bytes] = []
        self._length = 0
        self._headed = self._whole = False

    def _ends_with_connection(self) -> bool:
        """Whether an answer is one that tells neither its length nor its end."""
        return self._headed and not {"content-length", "transfer-encoding"} & self._headers.keys()


def _close(idle: list[_Connection]) -> None:
    while idle:
        idle.pop().close()
