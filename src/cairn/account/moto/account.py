"""The account inside the child: moto, adapted, its state restored, and what saves it."""

from __future__ import annotations

import logging
from pathlib import Path

from moto.core.base_backend import BaseBackend

from cairn.account.moto.adaptations import Adaptations
from cairn.account.moto.backends import watch_lookups
from cairn.account.moto.commits import Commits
from cairn.account.moto.constants import CONSTANTS
from cairn.account.moto.front import Front
from cairn.account.moto.gate import Gate
from cairn.account.moto.internal import Internal
from cairn.account.moto.snapshots import Snapshots
from cairn.account.moto.store import Store
from cairn.account.moto.wire_names import S3Access

log = logging.getLogger(__name__)


class Account:
    """Only one a process, since moto's state is the process's. Restored when this returns.

    Raises:
        NotOurs: the folder is somebody else's.
    """

    def __init__(self, folder: Path, s3: S3Access | None = None) -> None:
        self._gate = Gate()
        self._adaptations = Adaptations(self._gate, s3)
        watch_lookups(self._first_seen)
        self._store = Store(folder)
        snapshots = Snapshots()
        for snapshot in self._store.load():
            try:
                snapshots.restore(snapshot)
            except Exception as error:
                log.exception("the state of %s cannot be restored", snapshot.name)
                self._store.set_aside(snapshot.name, f"it cannot be restored: {type(error).__name__}: {error}")
        snapshots.regroup()
        self._commits = Commits(self._gate, snapshots, self._store)

    def front(self, secret: str) -> Front:
        """What answers requests that carry `secret`."""
        return Front(secret, self._gate, self._commits, Internal(self._commits))

    def start(self) -> None:
        self._commits.start()

    def stop(self) -> None:
        """Save what is left."""
        self._commits.stop()
        self._store.close()

    def _first_seen(self, backend: BaseBackend) -> None:
        self._adaptations.first_seen(backend)
        CONSTANTS.note(backend)
