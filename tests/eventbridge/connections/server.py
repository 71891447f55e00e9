"""An HTTP server that rules tell, with an authorization endpoint that gives tokens for a client's credentials."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CLIENT = {"client_id": "cairn", "client_secret": "of the client"}


@dataclass
class Seen:
    """A request."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """`/token` answers as RFC 6749 (4.4) has it, `/guarded...` only those with the last token; the rest anybody."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    """Requests, but for those of tokens."""
    asked: list[Seen] = field(default_factory=list)
    """Requests for tokens."""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Statuses and headers that are answered one after the other, and then 200."""
    token: str = ""
    """The one that is good."""
    tokens: list[str] = field(default_factory=list)
    """Those that are given one after the other, before others."""
    expires_in: int | None = 3600
    token_status: int = 200
    hold: threading.Event = field(default_factory=threading.Event)
    """While it is not set, nothing is answered."""

    def new_token(self) -> str:
        self.token = self.tokens.pop(0) if self.tokens else f"token-{len(self.asked)}"
        return self.token

    def answer(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        self.hold.wait(30)
        if seen.path == "/token":
            return self._give_token(seen)
        self.seen.append(seen)
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        if seen.path.startswith("/guarded") and seen.headers.get("authorization") != f"Bearer {self.token}":
            status = 401
        return status, headers, b""

    def _give_token(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(seen)
        given = seen.query if seen.method == "GET" else parse_qs(seen.body.decode())
        wanted = {name: [value] for name, value in (CLIENT | {"grant_type": "client_credentials"}).items()}
        if self.token_status != 200 or any(given.get(name) != value for name, value in wanted.items()):
            return (self.token_status if self.token_status != 200 else 401), {}, b'{"error":"invalid_client"}'
        answer = {"access_token": self.new_token(), "token_type": "Bearer", "expires_in": self.expires_in}
        return 200, {"content-type": "application/json"}, json.dumps(answer).encode()


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    server.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.command, parts.path, parse_qs(parts.query), headers, body)
            status, more, content = server.answer(seen)
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _any

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    server.url = f"http://127.0.0.1:{listening.server_port}"
    threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.hold.set()
        listening.shutdown()
        listening.server_close()
