"""EventBridge: what a gateway answers of `events`, and the loops that the worker runs for it."""

from __future__ import annotations

from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.folder import DataFolder
from cairn.core.loops import Step
from cairn.eventbridge.schema import EVENTS
from cairn.service.elsewhere import elsewhere
from cairn.service.saved import open_state
from cairn.service.troubles import Refused
from cairn.wire.operation import Operation

SERVICE = "events"


class EventBridge:
    """One a process. Where `[upstreams]` sends `events` elsewhere, it answers nothing and runs nothing."""

    def __init__(self, folder: DataFolder, settings: Settings, clock: Clock) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._is_own = elsewhere(settings, SERVICE) is None
        self._state = open_state(folder, settings, EVENTS)

    def operations(self) -> dict[str, dict[str, Operation]]:
        """What Cairn answers itself, by service; whatever else a service has is the embedded account's."""
        if not self._is_own:
            return {}
        return {SERVICE: {}}

    def steps(self) -> list[Step]:
        """What the worker does for it."""
        if not self._is_own:
            return []
        return []

    def troubles(self) -> dict[str, Refused]:
        """Targets that take nothing now, by rule and target."""
        return {}

    def close(self) -> None:
        self._state.close()
