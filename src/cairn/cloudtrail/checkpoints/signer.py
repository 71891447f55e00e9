"""The key that signs checkpoints: one Ed25519 key an installation, in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from cairn.core.durable import sync_folder, write_durably
from cairn.core.errors import CairnError

FILE = "checkpoint-key.pem"


class KeyDamaged(CairnError):
    """The file holds no Ed25519 key."""


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """The key in a folder, made when there is none. Of two processes that make one at once, one makes it.

    Raises:
        KeyDamaged: the file holds something else.
    """
    path = folder / FILE
    if not path.exists():
        draft = folder / f".{FILE}.{secrets.token_hex(4)}"
        made = Ed25519PrivateKey.generate()
        write_durably(draft, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        try:
            os.link(draft, path)  # fails if the other was quicker
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(folder)
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise KeyDamaged(f"{path} holds no key: {error}", advice="Put it back from a backup.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyDamaged(f"{path} holds no Ed25519 key", advice="Put it back from a backup.")
    return key
