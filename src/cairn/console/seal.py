"""The key of the console: what stands in the saved state of a token can be compared with it, and not turned back."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cairn.core.durable import private_folder, write_first
from cairn.core.errors import CairnError

KEY_BYTES = 32


class Seal:
    """The key in the file `console.key`, made by the process that needs it first, the same for all."""

    def __init__(self, folder: Path) -> None:
        path = folder / "console.key"
        if not path.exists():
            private_folder(folder)
            write_first(path, os.urandom(KEY_BYTES))
        try:
            self._key = path.read_bytes()
        except OSError as error:
            raise CairnError(
                f"the key {path} cannot be read: {error}", advice="Remove it; all sign in anew."
            ) from error
        if len(self._key) != KEY_BYTES:
            raise CairnError(f"the key {path} is damaged", advice="Remove it; all sign in anew.")

    def digest(self, purpose: str, *parts: str) -> str:
        """64 hex digits that nobody can make without the key."""
        text = "\0".join([purpose, *parts])
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
