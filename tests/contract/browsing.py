"""A browser as far as the console's API can tell: it keeps the cookie and shows the CSRF token."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.running import Cairn

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of the error that it is."""
        return str(self.json["error"]["code"])


@dataclass
class Browser:
    """One browser. Its headers can be changed to those of a foreign page."""

    cairn: Cairn
    cookie: str = ""
    csrf: str = ""
    set_cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Reply:
        """A request for a path behind `/console`."""
        parts = urlsplit(self.cairn.endpoint)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self.cairn.certificate)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(parts.netloc, context=context)
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        headers = {"user-agent": USER_AGENT}
        if self.cookie:
            headers["cookie"] = f"cairn_session={self.cookie}"
        if self.csrf:
            headers["x-cairn-csrf"] = self.csrf
        if body is not None:
            headers["content-type"] = "application/json"
        content = json.dumps(body).encode() if body is not None else None
        target = f"/console{path}" + (f"?{urlencode(query)}" if query else "")
        connection.request(method, target, content, headers | self.headers)
        answered = connection.getresponse()
        reply = Reply(answered.status, {k.lower(): v for k, v in answered.getheaders()}, answered.read())
        connection.close()
        if "set-cookie" in reply.headers:
            self.set_cookie = reply.headers["set-cookie"]
            self.cookie = SimpleCookie(self.set_cookie)["cairn_session"].value
        return reply

    def get(self, path: str, **query: Any) -> Reply:
        return self.ask("GET", f"/api{path}", **query)

    def sign_in(self, **body: Any) -> Reply:
        reply = self.ask("POST", "/api/session", body)
        if reply.status == 200:
            self.csrf = reply.json["csrf"]
        return reply

    def as_administrator(self) -> Browser:
        administrator = self.cairn.folder.administrator()
        reply = self.sign_in(accessKeyId=administrator.access_key_id, secretAccessKey=administrator.secret_access_key)
        assert reply.status == 200, reply.body
        return self

    def as_root(self) -> Browser:
        administrator = self.cairn.folder.administrator()
        reply = self.sign_in(root=True, account=administrator.account, password=administrator.secret_access_key)
        assert reply.status == 200, reply.body
        return self

    def call(self, service: str, operation: str, region: str = "us-east-1", **input: Any) -> Reply:
        path = f"/api/aws/{quote(service)}/{quote(operation)}"
        return self.ask("POST", path, {"region": region, "input": input})
