"""Where the journal is and how to enter it: what every process of an installation needs to know to open it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from cairn.core.config import Engines, JournalSettings
from cairn.core.decoding import UNREADABLE
from cairn.core.durable import write_durably
from cairn.core.errors import Unreachable

ACCESS_FILE = "access.json"


class JournalAccess(msgspec.Struct, frozen=True, kw_only=True):
    """The address of a NATS server, credentials, and the shape of the stream."""

    address: str
    """`nats://host:port`, several with commas between them."""
    user: str = ""
    password: str = ""
    credentials_file: str = ""
    bytes_max: int = 20 << 30
    replicas: int = 1
    folder: str = ""
    """Where the stream's files are, if they are on this machine."""
    reserve_bytes: int = 64 << 20
    """Appends are refused while the disk of `folder` has less room than this."""

    @classmethod
    def remote(cls, engines: Engines, settings: JournalSettings) -> JournalAccess:
        """Access to a running server that `engines.nats` names."""
        return cls(
            address=engines.nats,
            credentials_file=engines.nats_credentials,
            bytes_max=int(settings.bytes_max),
            replicas=settings.replicas,
        )

    def save(self, folder: Path) -> None:
        """Leave it in `folder` for the installation's other processes, for the owner's eyes alone."""
        write_durably(folder / ACCESS_FILE, msgspec.json.encode(self))

    @classmethod
    def load(cls, folder: Path) -> JournalAccess:
        """What `save` left.

        Raises:
            Unreachable: nothing that can be read is there.
        """
        try:
            return msgspec.json.decode((folder / ACCESS_FILE).read_bytes(), type=cls)
        except (OSError, *UNREADABLE) as error:
            raise Unreachable(
                f"the journal's address cannot be read from {folder}: {error}", advice="Is `cairn up` running there?"
            ) from error

    def has_room(self, share: float = 1.0) -> bool:
        """Whether the disk has `share` of the reserve free, as far as this machine can tell."""
        if not self.folder:
            return True
        try:
            disk = os.statvfs(self.folder)
        except OSError:
            return True  # the server will say
        return disk.f_bavail * disk.f_frsize >= self.reserve_bytes * share
