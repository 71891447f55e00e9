"""Authorizing OAuth connections that are new or were changed: the loop that asks for their first token."""

from __future__ import annotations

import logging

from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.core.state import State
from cairn.eventbridge.connections.connection import AUTHORIZED, DEAUTHORIZED, Connection
from cairn.eventbridge.connections.connections import Connections
from cairn.eventbridge.connections.oauth import TokenError, Tokens

log = logging.getLogger(__name__)

POLL_S = 0.5
RETRY_S = 2.0
PATIENCE_S = 30.0
"""For how long a server that does not answer is asked, before the connection counts as not authorized."""
CONNECTIONS_A_STEP = 20


class Authorizer:
    """Has connections become AUTHORIZED, or DEAUTHORIZED. `step` is for one thread, in one process."""

    name = "event-connections"

    def __init__(self, state: State, connections: Connections, tokens: Tokens, clock: Clock) -> None:
        self._state = state
        self._connections = connections
        self._tokens = tokens
        self._clock = clock
        self._idle_at: int | None = None
        """The database's revision when no connection waited."""

    def step(self) -> float:
        """Ask for the tokens of connections that wait. Returns the seconds until there may be more to do."""
        revision = self._state.revision()
        if revision == self._idle_at:
            return POLL_S
        waiting = self._connections.authorizing(CONNECTIONS_A_STEP)
        if not waiting:
            self._idle_at = revision
            return POLL_S
        self._idle_at = None
        for connection in waiting:
            self._authorize(connection)
        return RETRY_S

    def _authorize(self, connection: Connection) -> None:
        try:
            self._tokens.get(connection, self._connections.secrets_of(connection))
        except TokenError as error:
            if error.denied or self._clock.now() >= connection.modified + PATIENCE_S:
                self._connections.note(connection, DEAUTHORIZED, str(error))
                log.warning("the connection %s is not authorized: %s", connection.arn, error)
        except CairnError as error:
            self._connections.note(connection, DEAUTHORIZED, error.message)
            log.warning("the connection %s is not authorized: %s", connection.arn, error.message)
        else:
            self._connections.note(connection, AUTHORIZED)
