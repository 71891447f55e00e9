"""Page tokens: where a page ended, sealed so that it fits only the question it was given for, and for a while."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec

from cairn.core.clock import Clock
from cairn.core.durable import private_folder, sync_folder, write_durably

KEY_FILE = "page.key"
KEY_BYTES = 32
SEAL_BYTES = 16
TOKEN_VALID_S = 3600
TOKEN_CHARS_MAX = 1024


class BadToken(Exception):
    """The token is not ours, too old, or was given for another question."""


class Bookmark(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended."""

    time: int
    seq: int
    seq_end: int
    """The number behind the last event that was there when the first page was read."""


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    bookmark: Bookmark
    expires: int


class PageTokens:
    """Makes and opens tokens. All processes of an installation share the key in the history's folder."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._key: bytes | None = None

    def make(self, bookmark: Bookmark, question: object) -> str:
        """A token for the page behind `bookmark`. `question` is whatever must be the same when it comes back."""
        body = msgspec.msgpack.encode(_Sealed(bookmark, int(self._clock.now()) + TOKEN_VALID_S))
        return base64.urlsafe_b64encode(body + self._seal(body, question)).decode().rstrip("=")

    def open(self, token: str, question: object) -> Bookmark:
        """Where the page begins that `token` asks for.

        Raises:
            BadToken: see there.
        """
        if len(token) > TOKEN_CHARS_MAX:
            raise BadToken("the token is too long")
        try:
            content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadToken("the token is no token") from None
        body, seal = content[:-SEAL_BYTES], content[-SEAL_BYTES:]
        if not body or not hmac.compare_digest(seal, self._seal(body, question)):
            raise BadToken("the token does not belong to this question")
        sealed = msgspec.msgpack.decode(body, type=_Sealed)
        if sealed.expires < self._clock.now():
            raise BadToken("the token has expired")
        return sealed.bookmark

    def _seal(self, body: bytes, question: object) -> bytes:
        if self._key is None:
            self._key = _shared_key(private_folder(self._folder) / KEY_FILE)
        asked = msgspec.msgpack.encode(question)
        return hmac.digest(self._key, hashlib.sha256(asked).digest() + body, "sha256")[:SEAL_BYTES]


def _shared_key(path: Path) -> bytes:
    """The key in `path`. Of several processes that find none, one makes it for all."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        write_durably(draft, secrets.token_bytes(KEY_BYTES))
        try:
            os.link(draft, path)  # fails if another was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(path.parent)
    return path.read_bytes()
