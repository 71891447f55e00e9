"""uvicorn's HTTP protocol with what it leaves to others: what TLS agreed on, AWS-shaped answers to garbage, and limits
for clients that send without end, or neither send nor read.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 192 << 10
"""Of a request line and headers as they arrive: a path of 64 KB, and headers that the door may still find too many."""
IDLE_S_MAX = 75.0
"""How long a client may take for the head of its next request, and for reading any of what it is still owed."""
HANG_UP = "cairn.hang_up"
"""The extension of the ASGI scope that drops the connection at once."""

_GARBAGE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>BadRequest</Code><Message>An error occurred when parsing the HTTP request.</Message></Error>"
)


class AwsHttpProtocol(HttpToolsProtocol):
    """One client connection."""

    _tls: dict[str, str] | None = None
    _in_head = True
    """Whether what comes next belongs to a head; fields that come later are trailers."""
    _heads = 0
    """Those that were whole."""
    _head_bytes = 0
    """Of the one that is not."""
    _idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn says the same
        super().connection_made(transport)
        self._tls = _agreed(transport.get_extra_info("ssl_object"))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        heads, in_head = self._heads, self._in_head
        super().data_received(data)
        if in_head and self._heads == heads:  # nothing else was in it
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
                self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment] # a TypedDict that extensions widen
        scope["extensions"] = {HANG_UP: self.transport.abort} | ({"tls": self._tls} if self._tls else {})

    def on_header(self, name: bytes, value: bytes) -> None:
        """uvicorn would add a trailer to the headers of its request, where a proxy has not looked at it."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        _check_host(self.url, [value for name, value in self.headers if name == b"host"], self.parser)
        super().on_headers_complete()
        self._in_head, self._head_bytes = False, 0
        self._heads += 1
        self._stop_waiting()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:
            self._wait()

    def timeout_keep_alive_handler(self) -> None:
        """uvicorn would wait without end for a client to read the rest; `_waited` does not."""

    def send_400_response(self, msg: str) -> None:
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/xml\r\n"
            f"content-length: {len(_GARBAGE)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + _GARBAGE)
        self.transport.close()

    def _wait(self) -> None:
        """For the next head, and for the client to read what it is owed."""
        self._stop_waiting()
        self._idle = self.loop.call_later(IDLE_S_MAX, self._waited, self.transport.get_write_buffer_size())

    def _waited(self, owed: int) -> None:
        if 0 < self.transport.get_write_buffer_size() < owed:
            self._wait()
        else:
            self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


def _check_host(target: bytes, hosts: list[bytes], parser: Any) -> None:
    """Refuse a request that names two hosts, or none: whoever reads it next could take the other one.

    Raises:
        ValueError: which the parser takes for garbage.
    """
    if len(hosts) > 1 or (not hosts and parser.get_http_version() != "1.0"):
        raise ValueError("a request names its host once")
    authority = target.partition(b"://")[2].partition(b"/")[0] if target[:1] not in (b"/", b"*") else b""
    if authority and authority.lower() != hosts[0].strip().lower():
        raise ValueError("a request names one host")


def _agreed(tls: ssl.SSLObject | None) -> dict[str, str] | None:
    """tlsDetails as a record has them: `TLSv1.3` and the suite's IANA-like name."""
    if tls is None:
        return None
    cipher = tls.cipher()
    return {"tlsVersion": tls.version() or "", "cipherSuite": cipher[0] if cipher else ""}
