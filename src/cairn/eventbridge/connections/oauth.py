"""Tokens of OAuth connections: asked for with the client's credentials, and held until they are about to expire."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec

from cairn.core.clock import Clock
from cairn.core.decoding import UNREADABLE
from cairn.eventbridge.connections.connection import Connection
from cairn.eventbridge.connections.parameters import Parameters, pairs
from cairn.eventbridge.connections.request import AGENT
from cairn.wire.outgoing import Outgoing, OutgoingError

MARGIN_S = 60.0
"""Before its end at which a token is not used any more; half of its life if that is less."""
TOKENS_MAX = 4096
"""Tokens held at once, those used last."""

_TOKEN = re.compile(r"[\x20-\x7e]+")
"""RFC 6749, A.12. Others no header carries, or it would carry more than them."""
_FORM = "application/x-www-form-urlencoded"
_TOO_MANY = 429


class TokenError(Exception):
    """There is no token. The message holds no secret.

    Args:
        denied: whether the server says no, rather than nothing.
    """

    def __init__(self, message: str, *, denied: bool, timed_out: bool = False) -> None:
        super().__init__(message)
        self.denied = denied
        self.timed_out = timed_out


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: float | str | None = None


class _Held(msgspec.Struct, frozen=True):
    version: int
    token: str
    until: float | None
    """Monotonic; None: until it is refused."""

    def fits(self, connection: Connection, now: float) -> bool:
        """Whether it is of the connection as it is, and lives."""
        return self.version == connection.version and (self.until is None or now < self.until)


class Tokens:
    """One a process; used by many threads."""

    def __init__(self, outgoing: Outgoing, clock: Clock) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[int, _Held] = OrderedDict()  # by the connection's row

    def get(self, connection: Connection, parameters: Parameters, *, refused: str = "") -> str:
        """A token of a connection.

        Args:
            refused: one that is no good any more.

        Raises:
            TokenError: there is none.
        """
        with self._lock:
            held = self._held.get(connection.row)
        if held is not None and held.fits(connection, self._clock.monotonic()) and held.token != refused:
            return held.token
        answer = self._ask(parameters["OAuthParameters"])
        now, life = self._clock.monotonic(), _seconds(answer.expires_in)
        until = None if life is None else now + max(life - MARGIN_S, life / 2)
        with self._lock:
            self._held[connection.row] = _Held(connection.version, answer.access_token, until)
            self._held.move_to_end(connection.row)
            while len(self._held) > TOKENS_MAX:
                self._held.popitem(last=False)
        return answer.access_token

    def _ask(self, oauth: Parameters) -> _Answer:
        http = oauth.get("OAuthHttpParameters", {})
        client = oauth["ClientParameters"]
        fields = {"grant_type": "client_credentials", "client_id": client["ClientID"]}
        fields |= {"client_secret": client["ClientSecret"]} | dict(pairs(http, "BodyParameters"))
        query = dict(pairs(http, "QueryStringParameters"))
        headers = {name.lower(): value for name, value in pairs(http, "HeaderParameters") if name}
        method, body = oauth["HttpMethod"], None
        if method == "GET":
            query = fields | query
        else:
            headers = {"content-type": _FORM} | headers
            is_json = headers["content-type"].startswith("application/json")
            body = msgspec.json.encode(fields) if is_json else urlencode(fields, quote_via=quote).encode()
        url = _with_query(oauth["AuthorizationEndpoint"], query)
        try:
            answer = self._outgoing.request(
                method, url, {"accept": "application/json"} | headers | {"user-agent": AGENT}, body
            )
        except OutgoingError as error:
            text = f"the authorization endpoint gave {error}"
            raise TokenError(text, denied=error.refused, timed_out=error.timed_out) from error
        if not 200 <= answer.status < 300:
            denied = 300 <= answer.status < 500 and answer.status != _TOO_MANY
            raise TokenError(f"the authorization endpoint answered {answer.status}", denied=denied)
        try:
            found = msgspec.json.decode(answer.body, type=_Answer)
        except UNREADABLE:  # its text could show what was answered
            raise TokenError("the authorization endpoint answered no access_token", denied=True) from None
        if not _TOKEN.fullmatch(found.access_token):
            raise TokenError("the authorization endpoint answered a token that cannot be sent", denied=True)
        return found


def _with_query(url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    more = urlencode(query, quote_via=quote)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, more)))))


def _seconds(given: float | str | None) -> float | None:
    """How long a token lives; None where it is not said."""
    try:
        found = float(given) if given is not None else None
    except ValueError:
        return None
    return found if found is not None and found > 0 else None
