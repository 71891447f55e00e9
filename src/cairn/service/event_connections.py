"""Connections and API destinations as the processes have them."""

from __future__ import annotations

from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.folder import DataFolder
from cairn.core.loops import Step
from cairn.core.state import State
from cairn.eventbridge.connections.authorizing import Authorizer
from cairn.eventbridge.connections.connections import Connections
from cairn.eventbridge.connections.destinations import Destinations
from cairn.eventbridge.connections.oauth import Tokens
from cairn.eventbridge.connections.operations import ConnectionOperations
from cairn.eventbridge.connections.parameters import PRIVATE_SETTING
from cairn.eventbridge.connections.sending import WHOLE_S, ApiDestinations
from cairn.eventbridge.connections.vault import Vault
from cairn.wire.operation import Operation
from cairn.wire.outgoing import Outgoing


class EventConnections:
    """One a process."""

    def __init__(self, state: State, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._allow_private = settings.reaches_private(settings.eventbridge.allow_private_endpoints)
        self._connections = Connections(state, Vault(folder.keys / "eventbridge"), clock)
        self._destinations = Destinations(state, clock)
        outgoing = Outgoing(allow_private=self._allow_private, setting=PRIVATE_SETTING, whole_s=WHOLE_S)
        self._tokens = Tokens(outgoing, clock)
        self.api_destinations = ApiDestinations(self._connections, self._destinations, outgoing, self._tokens, clock)
        """Whom targets are told through, in the worker."""

    def operations(self) -> dict[str, Operation]:
        found = ConnectionOperations(self._connections, self._destinations, allow_private=self._allow_private)
        return found.operations()

    def steps(self) -> list[Step]:
        """What the worker does for them."""
        return [Authorizer(self._state, self._connections, self._tokens, self._clock)]
