"""Sessions: who is behind a cookie, as whom they act, and until when."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from cairn.console.exchange import Refusal
from cairn.console.keys import Key, Keys
from cairn.console.seal import Seal
from cairn.console.tables import sessions
from cairn.core.clock import Clock
from cairn.core.state import State

SESSION_S = 12 * 3600.0
"""How long a sign-in lasts, as at AWS."""
SESSIONS_MAX = 10_000
TOKEN_BYTES = 32


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What a session has switched to."""

    key: str
    account: str
    name: str
    display: str = ""
    expires: float


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, and as whom they act."""

    id: str
    """Of the session."""
    base: Key
    """Of whoever signed in."""
    key: Key
    """What calls are signed with: the base, or that of the role."""
    csrf: str
    """What a request that changes something has to show beside the cookie."""
    created: float
    expires: float
    role: Role | None = None

    @property
    def account(self) -> str:
        return self.key.identity.account


class Sessions:
    """Sessions in the saved state, which every gateway process shares."""

    def __init__(self, state: State, seal: Seal, keys: Keys, clock: Clock) -> None:
        self._state = state
        self._seal = seal
        self._keys = keys
        self._clock = clock

    async def begin(self, key: Key, *, proof: str = "") -> str:
        """A new session that acts with `key`; returns the token that only the browser keeps.

        Args:
            proof: the access key of the table that somebody has shown the secret of, with which the session ends.

        Raises:
            Refusal: there are too many.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        try:
            await asyncio.to_thread(self._begin, self._seal.digest("session", token), key, proof)
        except Refusal:
            await self._keys.end(key.id)
            raise
        return token

    async def find(self, token: str) -> Person | None:
        """Who is behind a cookie's token; None where it is over, was ended, or never was."""
        if not token or len(token) > TOKEN_BYTES * 2:
            return None
        row = await asyncio.to_thread(self._row, self._seal.digest("session", token))
        if row is None or row.expires <= self._clock.now():
            return None
        if row.proof and await self._keys.find(row.proof) is None:
            return None
        base = await self._keys.find(row.key)
        if base is None:
            return None
        csrf = self._seal.digest("csrf", token)
        if row.role is None:
            return Person(row.id, base, base, csrf, row.created, row.expires)
        role = msgspec.json.decode(row.role, type=Role)
        key = await self._keys.find(role.key)
        if key is None:  # the hour of the role is over, or the role is gone: whoever it was goes on as nobody
            return Person(row.id, base, _over(base), csrf, row.created, row.expires, role)
        return Person(row.id, base, key, csrf, row.created, row.expires, role)

    async def switch(self, person: Person, role: Role | None) -> None:
        """Have a session act as a role, or as whoever signed in; the key of the role before ends. So does the new one's
        where the session was ended meanwhile."""
        encoded = msgspec.json.encode(role).decode() if role is not None else None
        before = await asyncio.to_thread(self._replace, person.id, encoded)
        over = role.key if before is None and role is not None else ""
        await self._keys.end(*(key for key in (_role_key(before), over) if key))

    async def end(self, person: Person) -> None:
        """Sign out: neither the cookie nor any key of the session lets anybody in from now on, anywhere."""
        before = await asyncio.to_thread(self._delete, person.id)
        await self._keys.end(*(key for key in (person.base.id, _role_key(before)) if key))

    def _begin(self, id: str, key: Key, proof: str) -> None:
        now = self._clock.now()
        expires = min(now + SESSION_S, key.expires if key.expires is not None else now + SESSION_S)
        with self._state.write() as connection:
            connection.execute(sessions.delete().where(sessions.c.expires <= now))
            count = connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one()
            if count >= SESSIONS_MAX:
                raise Refusal("ServiceUnavailable", f"{SESSIONS_MAX} people are signed in. Try again later.", 503)
            connection.execute(
                sessions.insert().values(id=id, key=key.id, proof=proof or None, created=now, expires=expires)
            )

    def _row(self, id: str) -> sa.Row[tuple[str, str, str | None, str | None, float, float]] | None:
        with self._state.read() as connection:
            return connection.execute(sa.select(sessions).where(sessions.c.id == id)).one_or_none()

    def _replace(self, id: str, role: str | None) -> sa.Row[tuple[str | None]] | None:
        """Set the role, and return the one before; None where there is no such session."""
        with self._state.write() as connection:
            before = connection.execute(sa.select(sessions.c.role).where(sessions.c.id == id)).one_or_none()
            connection.execute(sessions.update().where(sessions.c.id == id).values(role=role))
        return before

    def _delete(self, id: str) -> sa.Row[tuple[str | None]] | None:
        """Delete a session, and return its role; None where there is none."""
        with self._state.write() as connection:
            before = connection.execute(sa.select(sessions.c.role).where(sessions.c.id == id)).one_or_none()
            connection.execute(sessions.delete().where(sessions.c.id == id))
        return before


def _role_key(row: sa.Row[tuple[str | None]] | None) -> str:
    """The key of the role in a row, if any."""
    return msgspec.json.decode(row.role, type=Role).key if row is not None and row.role is not None else ""


def _over(base: Key) -> Key:
    """A key that nothing accepts, in the account of `base`."""
    return Key("", "", base.identity, expires=0.0)
