"""What servers of strangers answer: those that give tokens, and those that events are sent to."""

from __future__ import annotations

import http.client
import io
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from cairn.core.clock import TestClock
from cairn.eventbridge.connections.connection import Connection
from cairn.eventbridge.connections.connections import Connections
from cairn.eventbridge.connections.destination import Destination
from cairn.eventbridge.connections.destinations import Destinations
from cairn.eventbridge.connections.oauth import TokenError, Tokens
from cairn.eventbridge.connections.parameters import BASIC, OAUTH, Parameters
from cairn.eventbridge.connections.request import build
from cairn.eventbridge.connections.sending import RETRY_AFTER_MAX_S, ApiDestinations
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.eventbridge.listing import Place
from cairn.wire.outgoing import Answer, Outgoing
from fuzz.target import Target, parts

SECRET = "of-the-client"
_TOKENS, _EVENTS = "tokens.example.com", "events.example.com"
_PARAMETERS: Parameters = {
    "OAuthParameters": {
        "ClientParameters": {"ClientID": "client", "ClientSecret": SECRET},
        "AuthorizationEndpoint": f"https://{_TOKENS}/token",
        "HttpMethod": "POST",
    }
}
_BASIC: Parameters = {"BasicAuthParameters": {"Username": "user", "Password": SECRET}}
_SAID = re.compile(
    r"the authorization endpoint (gave no answer: \w+(: [\w ]+)?|answered (\d{3}|no access_token|a token that [\w ]+))"
)
"""What may be told of an answer: nothing that stands in it but its status."""
_LIVES_S = 1e9
_REPLY_BYTES_MAX = 1 << 20


class _Socket:
    """Whoever is at its other end says one thing, whatever it is told."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self.told = b""

    def sendall(self, data: bytes) -> None:
        self.told += data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._said)

    def shutdown(self, how: int) -> None: ...

    def close(self) -> None: ...


class _Servers(Outgoing):
    """Servers that answer bytes, by host. `asked` counts their requests; `told` and `answer` are of the last."""

    def __init__(self, said: Mapping[str, bytes]) -> None:
        super().__init__(allow_private=True, setting="a.setting")
        self._said = said
        self._socket = _Socket(b"")
        self.asked = 0
        self.answer: Answer | None = None

    @property
    def told(self) -> bytes:
        return self._socket.told

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        self.asked += 1
        self.answer = None
        self.answer = super().request(method, url, headers, body)
        return self.answer

    def _connection(self, scheme: str, host: str, port: int | None, end: float) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(host)
        self._socket = _Socket(self._said[host][:_REPLY_BYTES_MAX])
        connection.sock = cast(Any, self._socket)
        return connection


def oauth_answer(data: bytes) -> None:
    """What an authorization server answers."""
    clock, servers = TestClock(), _Servers({_TOKENS: data, _EVENTS: b"HTTP/1.1 200 OK\r\n\r\n"})
    tokens, connection = Tokens(servers, clock), _connection(OAUTH)
    try:
        token = tokens.get(connection, _PARAMETERS)
    except TokenError as error:
        assert _SAID.fullmatch(str(error)), f"it shows what was answered: {error}"
        return
    life = _life(servers.answer)
    _sent(servers, token)
    asked = servers.asked
    if life is None:
        clock.advance(_LIVES_S)
        assert tokens.get(connection, _PARAMETERS) == token and servers.asked == asked, "it had no end"
    elif life < _LIVES_S:
        clock.advance(life)
        with suppress(TokenError):
            tokens.get(connection, _PARAMETERS)
        assert servers.asked == asked + 1, "it is used after its end"


def _life(answer: Answer | None) -> float | None:
    """The seconds that an answered token lives; None where nothing is said that makes sense."""
    assert answer is not None
    try:
        found = float(json.loads(answer.body).get("expires_in"))
    except (TypeError, ValueError):
        return None
    return found if found > 0 else None


def _sent(servers: _Servers, token: str) -> None:
    """A token is sent in a header of its own, and nothing else by it."""
    heads = []
    for value in ("token", token):
        request = build("POST", f"https://{_EVENTS}/", b"{}", {}, _PARAMETERS, value)
        servers.request(request.method, request.url, request.headers, request.body)
        heads.append(servers.told.split(b"\r\n"))
    plain, told = heads
    mine = plain.index(b"authorization: Bearer token")
    assert told == [*plain[:mine], f"authorization: Bearer {token}".encode(), *plain[mine + 1 :]], "other headers"


class _Connections(Connections):
    """One connection, which forgets what is noted of it."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def by_arn(self, arn: str) -> Connection | None:
        return _connection(self._kind)

    def secrets_of(self, connection: Connection) -> Parameters:
        return _PARAMETERS if self._kind == OAUTH else _BASIC

    def note(self, connection: Connection, state: str, reason: str = "") -> None:
        assert SECRET not in reason


class _Destinations(Destinations):
    """One destination."""

    def __init__(self) -> None: ...

    def by_arn(self, arn: str) -> Destination | None:
        return Destination(
            row=1, place=_PLACE, name="d", arn=arn, connection="c", endpoint=f"https://{_EVENTS}/*", method="POST"
        )


def destination_answer(data: bytes) -> None:
    """What an API destination answers; and, where there is a second part, the server that its tokens are of."""
    answered, token = parts(data, 2)
    servers, clock = _Servers({_EVENTS: answered, _TOKENS: token}), TestClock()
    connections = _Connections(OAUTH if token else BASIC)
    sender = ApiDestinations(connections, _Destinations(), servers, Tokens(servers, clock), clock)
    try:
        sender.send("arn", b'{"a": 1}', b'{"detail": {}}', {"PathParameterValues": ["p"]})
    except DeliveryError as error:
        assert 0 <= error.retry_after_s <= RETRY_AFTER_MAX_S
        assert SECRET not in str(error)
        return
    assert servers.answer is not None and 200 <= servers.answer.status < 300


_PLACE = Place("123456789012", "us-east-1")


def _connection(kind: str) -> Connection:
    return Connection(row=1, place=_PLACE, name="c", arn="c", type=kind, sealed=b"sealed")


TARGETS = (
    Target("oauth-answer", "A token that can be sent and is not used after its end, or a refusal.", oauth_answer),
    Target("destination-answer", "What API destinations answer: taken, or why not and when again.", destination_answer),
)
