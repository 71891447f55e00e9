"""The key table: access keys, their secrets, and who uses them. Fed by the replies that issue or end keys."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.records.identity import Identity
from cairn.core.state import State
from cairn.gateway.issued import Add, Change, Directory, Remove, RemoveOwner, Rename, SetActive, key_changes, owner_of
from cairn.gateway.tables import access_keys
from cairn.wire.http import Call
from cairn.wire.signing import Credentials

CACHED_KEYS_MAX = 10_000
KEEP_EXPIRED_S = 86_400.0
"""An expired session is remembered for a day, so that its user is told that it expired."""

_identities = msgspec.json.Decoder(Identity)
_policies = msgspec.json.Decoder(tuple[str, ...])


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key and who uses it. Secret and token stay out of its text."""

    id: str
    secret: str = field(repr=False)
    identity: Identity
    token: str = field(default="", repr=False)
    active: bool = True
    expires: float | None = None
    """Seconds since the epoch; None for keys that last."""
    policies: tuple[str, ...] | None = None
    """Session policies, of which one must allow what its user does; None where there is no such limit."""


class KeyTable:
    """Access keys in saved state, which every gateway process shares.

    What it remembers of the table is trusted only while nobody has changed it, so a key that one process ends is
    refused by all from then on (on PostgreSQL: within a second, see `State.revision`).
    """

    def __init__(self, state: State, clock: Clock, directory: Directory) -> None:
        self._state = state
        self._clock = clock
        self._directory = directory
        self._cache: OrderedDict[str, AccessKey | None] = OrderedDict()
        self._revision = self._changes = -1

    async def find(self, key_id: str) -> AccessKey | None:
        """The key `key_id`, whatever its status; None if there is none."""
        changes = self._fresh()
        if key_id in self._cache:
            self._cache.move_to_end(key_id)
            return self._cache[key_id]
        key = await asyncio.to_thread(self._load, key_id)
        if changes == self._fresh():  # else what was read may be older than the change
            self._cache[key_id] = key
            if len(self._cache) > CACHED_KEYS_MAX:
                self._cache.popitem(last=False)
        return key

    def credentials(self, key_id: str) -> Credentials | None:
        """What calls of the user of `key_id` are signed with, where they are sent on. Seldom blocks: a caller's key
        was looked up just before."""
        self._fresh()
        key = self._cache[key_id] if key_id in self._cache else self._load(key_id)
        return Credentials(key.id, key.secret, key.token) if key is not None else None

    def put(self, key: AccessKey) -> None:
        """Add a key, or replace the one of the same id. Blocks until it is durable."""
        with self._state.write() as connection:
            self._put(connection, key)

    def remove(self, key_ids: Collection[str]) -> None:
        """Forget keys. Blocks until that is durable."""
        with self._state.write() as connection:
            connection.execute(access_keys.delete().where(access_keys.c.id.in_(key_ids)))

    async def learn(self, call: Call, output: Mapping[str, Any]) -> None:
        """Take over what the successful reply to `call` says of keys. Durable once it returns.

        Args:
            output: the reply in botocore's names.
        """
        changes = await key_changes(call, output, self._directory, now=self._clock.now())
        if changes:
            await asyncio.to_thread(self._apply, changes)

    def purge(self) -> int:
        """Forget sessions that expired long ago, and tell how many."""
        with self._state.write() as connection:
            return self._purge(connection)

    def _fresh(self) -> int:
        """How often keys have changed, everything remembered from before forgotten."""
        revision = self._state.revision()
        if revision != self._revision:
            changes = self._state.changes(access_keys)
            if changes != self._changes:
                self._cache.clear()
            self._revision, self._changes = revision, changes
        return self._changes

    def _load(self, key_id: str) -> AccessKey | None:
        with self._state.read() as connection:
            row = connection.execute(sa.select(access_keys).where(access_keys.c.id == key_id)).one_or_none()
        if row is None:
            return None
        policies = _policies.decode(row.policies) if row.policies is not None else None
        identity = _identities.decode(row.identity)
        return AccessKey(row.id, row.secret, identity, row.token, row.active, row.expires, policies)

    def _apply(self, changes: list[Change]) -> None:
        with self._state.write() as connection:
            for change in changes:
                match change:
                    case Add(credentials, identity, expires, active, policies):
                        key = AccessKey(
                            credentials.access_key_id,
                            credentials.secret_access_key,
                            identity,
                            credentials.session_token,
                            active,
                            expires,
                            policies,
                        )
                        self._put(connection, key)
                    case SetActive(key_id, active):
                        connection.execute(access_keys.update().where(access_keys.c.id == key_id).values(active=active))
                    case Remove(key_id):
                        connection.execute(access_keys.delete().where(access_keys.c.id == key_id))
                    case RemoveOwner(owner):
                        connection.execute(access_keys.delete().where(access_keys.c.owner == owner))
                    case Rename():
                        self._rename(connection, change)
            self._purge(connection)

    def _put(self, connection: sa.Connection, key: AccessKey) -> None:
        connection.execute(access_keys.delete().where(access_keys.c.id == key.id))
        connection.execute(
            access_keys.insert().values(
                id=key.id,
                owner=owner_of(key.identity),
                secret=key.secret,
                token=key.token,
                active=key.active,
                expires=key.expires,
                identity=msgspec.json.encode(key.identity).decode(),
                policies=msgspec.json.encode(key.policies).decode() if key.policies is not None else None,
            )
        )

    def _rename(self, connection: sa.Connection, change: Rename) -> None:
        rows = connection.execute(sa.select(access_keys).where(access_keys.c.owner == change.owner)).all()
        for row in rows:
            identity = change.renamed(_identities.decode(row.identity))
            connection.execute(
                access_keys.update()
                .where(access_keys.c.id == row.id)
                .values(owner=owner_of(identity), identity=msgspec.json.encode(identity).decode())
            )

    def _purge(self, connection: sa.Connection) -> int:
        before = self._clock.now() - KEEP_EXPIRED_S
        return connection.execute(access_keys.delete().where(access_keys.c.expires < before)).rowcount
