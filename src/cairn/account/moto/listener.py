"""HTTP/1.1 on a loopback port, a thread a connection, connections kept open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from cairn.account.moto.front import Environ, Reply

log = logging.getLogger(__name__)

IDLE_S = 120.0
"""How long a connection may be silent; longer than the client keeps an unused one."""


class Listener(ThreadedWSGIServer):
    """Accepts connections from the moment it is made; answers them in `serve_forever`."""

    request_queue_size = 256

    def __init__(self, host: str, port: int, respond: Callable[[Environ], Reply]) -> None:
        super().__init__(host, port, None, handler=_Handler)
        self.respond = respond


class _Handler(MotoRequestHandler):
    """One connection. moto's handler makes the WSGI environment; werkzeug's answer would close each connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_S

    def run_wsgi(self) -> None:
        if self.headers.get("expect", "").lower() == "100-continue":
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
            self.wfile.flush()
        reply: Reply = self.server.respond(self.make_environ())
        self.send_response_only(reply.status)
        without_body = self.command == "HEAD" or reply.status in (204, 304)
        for name, value in reply.headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        if not without_body:
            self.send_header("Content-Length", str(len(reply.body)))
        if reply.status in (400, 413):
            self.send_header("Connection", "close")  # the request's body may not have been read to its end
            self.close_connection = True
        self.end_headers()
        if not without_body:
            self.wfile.write(reply.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)
