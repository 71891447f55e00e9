"""GETs over kept connections, and nothing else of HTTP: half the CPU that a whole library spends on a small object."""

from __future__ import annotations

import socket
import ssl
import weakref
from collections.abc import Iterable
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

CONNECT_S = 5.0
READ_S = 60.0
PIECE_BYTES = 1 << 16
LINE_BYTES_MAX = 1 << 16
LINES_MAX = 200


class Reply(NamedTuple):
    """An answer. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    content: bytes


class NoReply(Exception):
    """No connection, or it broke off, or what came is no HTTP."""


class TooLong(Exception):
    """The content has more bytes than were allowed."""


class Get(Protocol):
    """`Connections.get`."""

    def __call__(self, target: str, headers: Iterable[tuple[str, str]], *, bytes_max: int) -> Reply: ...


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
        self._socket = connected
        self._file = connected.makefile("rb")

    def ask(self, request: bytes, bytes_max: int) -> Reply:
        self._parser = HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._content: list[bytes] = []
        self._length = 0
        self._whole = False
        self._socket.sendall(request)
        self._parser.feed_data(self._head())
        self.goes_on = self._parser.should_keep_alive()
        if not self._whole:
            self._read_content(bytes_max)
        if self._length > bytes_max:
            raise TooLong(f"more than {bytes_max} bytes")
        return Reply(self._parser.get_status_code(), self._headers, b"".join(self._content))

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, piece: bytes) -> None:
        self._length += len(piece)
        self._content.append(piece)

    def on_message_complete(self) -> None:
        self._whole = True

    def _head(self) -> bytes:
        lines, line = [], b""
        while line != b"\r\n":
            line = self._file.readline(LINE_BYTES_MAX)
            lines.append(line)
            if not line or len(lines) > LINES_MAX:
                raise _broken_off()
        return b"".join(lines)

    def _read_content(self, bytes_max: int) -> None:
        """Past the parser where the length is told, or is what comes until the end: that is one copy only."""
        if "transfer-encoding" in self._headers:
            while not self._whole and self._length <= bytes_max:
                piece = self._file.read1(PIECE_BYTES)
                if not piece:
                    raise _broken_off()
                self._parser.feed_data(piece)
            return
        told = self._headers.get("content-length")
        self.goes_on = self.goes_on and told is not None
        self.on_body(self._file.read(min(int(told), bytes_max + 1) if told is not None else bytes_max + 1))
        if told is not None and self._length < min(int(told), bytes_max + 1):
            raise _broken_off()


def _broken_off() -> ConnectionResetError:
    return ConnectionResetError("the connection was closed before the answer was whole")


def _close(idle: list[_Connection]) -> None:
    while idle:
        idle.pop().close()
