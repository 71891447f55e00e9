"""The checkpoints that were seen last, in a file of the verifier's own, away from bucket and server."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from cairn.cloudtrail.checkpoints.note import BadNote, Checkpoint, VerifierKey, open_checkpoint, unsigned_checkpoint
from cairn.core.decoding import UNREADABLE
from cairn.core.durable import write_durably
from cairn.core.errors import Misuse


class Remembered(msgspec.Struct, frozen=True):
    """A log as it was last seen."""

    place: str
    """`s3://bucket/prefix`: where its trail delivers to."""
    key: str
    """Verifier key."""
    checkpoint: str
    """The signed note; empty where only the key is known."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    logs: dict[str, Remembered] = {}


class SeenCheckpoints:
    """What is remembered of every log, by origin.

    The file may also be a single checkpoint as it was published, or as a witness keeps it: then it is compared with
    and never written.

    Args:
        path: None: nothing was seen, and nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._pinned: Checkpoint | None = None
        self._pinned_note = ""
        if path is None:
            self._file = _File()
            return
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            self._file = _File()
            return
        except OSError as error:
            raise Misuse(f"{path} cannot be read: {error.strerror}") from error
        try:
            if not content.lstrip().startswith(b"{"):
                self._file = _File()
                self._pinned_note = content.decode()
                self._pinned = unsigned_checkpoint(self._pinned_note)
                return
            self._file = msgspec.json.decode(content, type=_File)
        except (BadNote, *UNREADABLE) as error:
            raise Misuse(f"{path} holds no checkpoints: {error}") from error

    def origins(self, place: str) -> list[str]:
        """Logs that were seen in a place."""
        return [origin for origin, found in self._file.logs.items() if found.place == place]

    def key(self, origin: str) -> VerifierKey | None:
        """The key under which a log was seen.

        Raises:
            Misuse: the file holds something else.
        """
        found = self._file.logs.get(origin)
        return VerifierKey.parse(found.key) if found is not None else None

    def checkpoint(self, origin: str, key: VerifierKey) -> Checkpoint | None:
        """The checkpoint that was seen last.

        Raises:
            BadNote: it is not signed by `key`.
        """
        if self._pinned is not None and self._pinned.origin == origin:
            return open_checkpoint(self._pinned_note, key, origin)
        found = self._file.logs.get(origin)
        return open_checkpoint(found.checkpoint, key, origin) if found is not None and found.checkpoint else None

    def remember(self, origin: str, place: str, key: VerifierKey, note: str) -> None:
        """Keep what a whole verification saw. Durable once it returns."""
        if self._pinned is not None or self.path is None:
            return
        self._file.logs[origin] = Remembered(place, str(key), note)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(self.path, msgspec.json.format(msgspec.json.encode(self._file)))


def default_file() -> Path:
    """`cairn/checkpoints.json` where this user's programs keep their state."""
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "cairn" / "checkpoints.json"
