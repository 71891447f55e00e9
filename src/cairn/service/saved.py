"""Opening the saved state, with the tables of every room known."""

from __future__ import annotations

from cairn.account.s3 import tables as _s3  # noqa: F401 - importing declares the tables
from cairn.cloudtrail import tables as _cloudtrail  # noqa: F401
from cairn.cloudtrail.checkpoints import tables as _checkpoints  # noqa: F401
from cairn.cloudtrail.digests import tables as _digests  # noqa: F401
from cairn.core import metrics as _metrics  # noqa: F401
from cairn.core import status as _status  # noqa: F401
from cairn.core.config import Settings
from cairn.core.folder import DataFolder
from cairn.core.journal import tables as _journal  # noqa: F401
from cairn.core.state import State
from cairn.gateway import tables as _gateway  # noqa: F401


def open_state(folder: DataFolder, settings: Settings, *, migrate: bool = False) -> State:
    """The state that `state.url` names, by default the data folder's own."""
    state = State(settings.state.url) if settings.state.url else State.in_folder(folder.path)
    if migrate:
        state.migrate()
    return state
