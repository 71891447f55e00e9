"""Secrets of connections, sealed with a key of the data folder: whoever reads the database alone learns none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cairn.core.durable import private_folder, write_first
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
            private_folder(self._path.parent)
            write_first(self._path, AESGCM.generate_key(KEY_BITS))
        try:
            return AESGCM(self._path.read_bytes())
        except (OSError, ValueError) as error:
            raise CairnError(
                f"the key {self._path} cannot be read: {error}",
                advice="Restore it from a backup; without it the connections need their secrets anew.",
            ) from error
