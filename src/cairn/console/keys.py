"""The access keys that sessions act with. They never leave the server: browsers hold a cookie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cairn.core.records.identity import Identity


@dataclass(frozen=True, slots=True)
class Key:
    """An access key and who uses it."""

    id: str
    secret: str = field(repr=False)
    identity: Identity
    token: str = field(default="", repr=False)
    expires: float | None = None
    """Seconds since the epoch; None for keys that last."""


class Keys(Protocol):
    """The key table, as far as a console needs it."""

    async def find(self, key_id: str) -> Key | None:
        """The key, if its user may use it now."""

    async def check(self, key_id: str, secret: str, token: str) -> Key | None:
        """The key of somebody who has shown its secret; None where it is wrong, off or over."""

    async def issue(self, identity: Identity, expires: float, *, like: str = "") -> Key:
        """A new temporary key for whoever has signed in.

        Args:
            identity: with its session; the new key's id takes the place of its own.
            like: the key whose session policies it keeps.
        """

    async def mark(self, key_id: str, *, mfa: bool) -> Key | None:
        """Have what is done with a role's key recorded as the console's, and the person's second factor count."""

    async def end(self, *key_ids: str) -> None:
        """Let the keys let nobody in any more, in every process."""
