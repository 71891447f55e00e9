"""Connections and API destinations of a database of the test's, and what calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.eventbridge.calls import Calls
from tests.eventbridge.connections.server import CLIENT, Server

from cairn.core.clock import TestClock
from cairn.core.state import State
from cairn.eventbridge.connections.authorizing import Authorizer
from cairn.eventbridge.connections.connections import Connections
from cairn.eventbridge.connections.destinations import Destinations
from cairn.eventbridge.connections.oauth import Tokens
from cairn.eventbridge.connections.operations import ConnectionOperations
from cairn.eventbridge.connections.sending import ApiDestinations
from cairn.eventbridge.connections.vault import Vault
from cairn.eventbridge.schema import EVENTS
from cairn.wire.outgoing import Outgoing

API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": "of the key"}}
BASIC = {"BasicAuthParameters": {"Username": "user", "Password": "of the user"}}


class Rig(Calls):
    def __init__(self, folder: Path, clock: TestClock, *, allow_private: bool = True) -> None:
        self.folder = folder
        self.state = State.in_folder(folder, EVENTS)
        EVENTS.metadata.create_all(self.state.engine)
        self.clock = clock
        self.connections = Connections(self.state, Vault(folder / "keys"), clock)
        self.destinations = Destinations(self.state, clock)
        super().__init__(self._made(allow_private))
        self.sender = self.new_sender()

    def new_sender(self, *, allow_private: bool = True, whole_s: float = 60.0) -> ApiDestinations:
        """Who calls, as in a worker that has just begun."""
        outgoing = Outgoing(allow_private=allow_private, setting="a.setting", whole_s=whole_s)
        self.tokens = Tokens(outgoing, self.clock)
        self.authorizer = Authorizer(self.state, self.connections, self.tokens, self.clock)
        return ApiDestinations(self.connections, self.destinations, outgoing, self.tokens, self.clock)

    def strict(self) -> Calls:
        """Operations of an installation that calls no private addresses."""
        return Calls(self._made(False))

    def connect(self, kind: str = "API_KEY", name: str = "c", **parameters: Any) -> str:
        """A new connection. Returns its ARN."""
        mine = {"API_KEY": API_KEY, "BASIC": BASIC}.get(kind, {})
        auth = {**mine, **parameters}
        made = self.call("CreateConnection", Name=name, AuthorizationType=kind, AuthParameters=auth)
        return str(made["ConnectionArn"])

    def destination(self, url: str, connection: str, method: str = "POST", name: str = "d", **more: Any) -> str:
        """A new API destination. Returns its ARN."""
        settings = {"InvocationEndpoint": url, "HttpMethod": method, "ConnectionArn": connection, **more}
        return str(self.call("CreateApiDestination", Name=name, **settings)["ApiDestinationArn"])

    def state_of(self, name: str = "c") -> str:
        return str(self.call("DescribeConnection", Name=name)["ConnectionState"])

    def close(self) -> None:
        self.state.close()

    def _made(self, allow_private: bool) -> Any:
        return ConnectionOperations(self.connections, self.destinations, allow_private=allow_private).operations()


def oauth(server: Server, method: str = "POST", secret: str = CLIENT["client_secret"], **http: Any) -> dict[str, Any]:
    """AuthParameters of the server's client."""
    client = {"ClientID": CLIENT["client_id"], "ClientSecret": secret}
    given = {"ClientParameters": client, "AuthorizationEndpoint": f"{server.url}/token", "HttpMethod": method}
    return {"OAuthParameters": given | ({"OAuthHttpParameters": http} if http else {})}
