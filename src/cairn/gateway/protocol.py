"""uvicorn's HTTP protocol with two things more: what TLS agreed on, and AWS-shaped answers to garbage."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_GARBAGE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>BadRequest</Code><Message>An error occurred when parsing the HTTP request.</Message></Error>"
)


class AwsHttpProtocol(HttpToolsProtocol):
    """One client connection."""

    _tls: dict[str, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn says the same
        super().connection_made(transport)
        self._tls = _agreed(transport.get_extra_info("ssl_object"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._tls:
            scope: dict[str, Any] = self.scope  # type: ignore[assignment] # a TypedDict that extensions widen
            scope.setdefault("extensions", {})["tls"] = self._tls

    def send_400_response(self, msg: str) -> None:
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/xml\r\n"
            f"content-length: {len(_GARBAGE)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + _GARBAGE)
        self.transport.close()


def _agreed(tls: ssl.SSLObject | None) -> dict[str, str] | None:
    """tlsDetails as a record has them: `TLSv1.3` and the suite's IANA-like name."""
    if tls is None:
        return None
    cipher = tls.cipher()
    return {"tlsVersion": tls.version() or "", "cipherSuite": cipher[0] if cipher else ""}
