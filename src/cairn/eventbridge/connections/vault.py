"""Secrets of connections, sealed with a key of the data folder: whoever reads the database alone learns none."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cairn.core.durable import private_folder, sync_folder
from cairn.core.errors import CairnError

NONCE_BYTES = 12
KEY_BITS = 256


class Vault:
    """The key of an installation, in a folder that all its processes see; made by whoever needs it first."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "connections.key"

    def seal(self, secret: dict[str, Any], arn: str) -> bytes:
        """What may be stored of the parameters of a connection."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, msgspec.json.encode(secret), arn.encode())

    def open(self, sealed: bytes, arn: str) -> dict[str, Any]:
        """The parameters of a connection.

        Raises:
            CairnError: they were sealed for another connection, or with another key.
        """
        try:
            text = self._cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], arn.encode())
        except InvalidTag as error:
            raise CairnError(
                f"the secrets of {arn} cannot be opened with the key {self._path}",
                advice="Restore the key from a backup, or update the connection with its secrets.",
            ) from error
        found: dict[str, Any] = msgspec.json.decode(text)
        return found

    def _cipher(self) -> AESGCM:
        if not self._path.exists():
            _make(self._path)
        try:
            return AESGCM(self._path.read_bytes())
        except (OSError, ValueError) as error:
            raise CairnError(
                f"the key {self._path} cannot be read: {error}",
                advice="Restore it from a backup; without it the connections need their secrets anew.",
            ) from error


def _make(path: Path) -> None:
    """Make the file, unless another process does first."""
    draft = private_folder(path.parent) / f".{path.name}.{secrets.token_hex(4)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(AESGCM.generate_key(KEY_BITS))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)
