"""The connections of all accounts: making, changing, listing and deleting them."""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge.connections import parameters, refusals
from cairn.eventbridge.connections.connection import (
    AUTHORIZED,
    AUTHORIZING,
    DEAUTHORIZED,
    Connection,
    at,
    connection_arn,
    secret_arn,
    select,
    values,
)
from cairn.eventbridge.connections.parameters import OAUTH, Parameters
from cairn.eventbridge.connections.tables import connections
from cairn.eventbridge.connections.vault import Vault
from cairn.eventbridge.listing import Page, Place

CONNECTIONS_MAX = 3000
"""Of an account in a region, as in AWS."""
REASON_CHARACTERS_MAX = 512
_SUFFIX = string.ascii_letters + string.digits


class Connections:
    """Used by many threads and processes at once: all that it knows is in the database."""

    def __init__(self, state: State, vault: Vault, clock: Clock) -> None:
        self._state = state
        self._vault = vault
        self._clock = clock

    def create(self, place: Place, name: str, kind: str, given: Parameters, settings: Mapping[str, Any]) -> Connection:
        """A new connection of checked parameters.

        Args:
            kind: AuthorizationType.
            settings: fields of `Connection`: description, kms_key.

        Raises:
            AwsError: there is one of that name, or there are too many.
        """
        id, now = str(uuid.uuid4()), self._clock.now()
        made = Connection(
            row=0, place=place, name=name, arn=connection_arn(place, name, id), type=kind, created=now, **settings
        )
        with self._state.write() as connection:
            if select(connection, *at(place), connections.c.name == name):
                raise refusals.connection_exists(name)
            count = sa.select(sa.func.count()).select_from(connections).where(*at(place))
            if (connection.scalar(count) or 0) >= CONNECTIONS_MAX:
                raise refusals.too_many("connections", CONNECTIONS_MAX)
            made = msgspec.structs.replace(self._authorized(made, given), modified=now)
            key = connection.execute(sa.insert(connections).values(values(made))).inserted_primary_key
            assert key is not None
        return msgspec.structs.replace(made, row=key[0])

    def change(
        self, place: Place, name: str, change: Callable[[Connection, Parameters], tuple[Connection, Parameters]]
    ) -> Connection:
        """Give a connection what `change` makes of it and of its parameters, and authorize it anew.

        Raises:
            AwsError: there is none, or what `change` raises.
        """
        with self._state.write() as connection:
            before = _get(connection, place, name, "update")
            changed, given = change(before, self.secrets_of(before))
            changed = msgspec.structs.replace(changed, version=before.version + 1)
            changed = self._authorized(changed, given) if given else changed
            _write(connection, changed)
        return changed

    def deauthorize(self, place: Place, name: str) -> Connection:
        """Remove the parameters of a connection. Raises ResourceNotFoundException."""
        with self._state.write() as connection:
            before = _get(connection, place, name, "deauthorize")
            changed = msgspec.structs.replace(
                before,
                shown={},
                sealed=b"",
                secret_arn="",
                state=DEAUTHORIZED,
                reason="",
                version=before.version + 1,
                modified=self._clock.now(),
            )
            _write(connection, changed)
        return changed

    def delete(self, place: Place, name: str) -> Connection:
        """Delete a connection; destinations that use it are inactive then. Raises ResourceNotFoundException."""
        with self._state.write() as connection:
            found = _get(connection, place, name, "delete")
            connection.execute(sa.delete(connections).where(connections.c.id == found.row))
        return found

    def get(self, place: Place, name: str) -> Connection:
        """Raises ResourceNotFoundException."""
        with self._state.read() as connection:
            return _get(connection, place, name, "describe")

    def page(self, place: Place, wanted: Page, state: str) -> list[Connection]:
        """A page of connections, and one more if there are more.

        Args:
            state: which alone are listed; empty: all.
        """
        of_state = [connections.c.state == state] if state else []
        with self._state.read() as connection:
            where = (*at(place), *wanted.where(connections.c.name), *of_state)
            return select(connection, *where, limit=wanted.rows)

    def by_arn(self, arn: str) -> Connection | None:
        """The connection, or None where there is none."""
        with self._state.read() as connection:
            return next(iter(select(connection, connections.c.arn == arn)), None)

    def authorizing(self, limit: int) -> list[Connection]:
        """Connections that nobody has tried to get a token for yet."""
        with self._state.read() as connection:
            return select(connection, connections.c.state == AUTHORIZING, limit=limit)

    def secrets_of(self, connection: Connection) -> Parameters:
        """Its parameters with their secrets; empty where they were removed.

        Raises:
            CairnError: they cannot be opened.
        """
        return self._vault.open(connection.sealed, connection.arn) if connection.sealed else {}

    def note(self, connection: Connection, state: str, reason: str = "") -> None:
        """Say what became of authorizing a connection, unless its parameters were changed in between."""
        now = self._clock.now()
        change: dict[str, Any] = {"state": state, "reason": reason[:REASON_CHARACTERS_MAX]}
        change |= {"authorized": now} if state == AUTHORIZED else {}
        mine = sa.and_(connections.c.id == connection.row, connections.c.version == connection.version)
        with self._state.write() as writing:
            writing.execute(sa.update(connections).where(mine).values(change))

    def _authorized(self, connection: Connection, given: Parameters) -> Connection:
        """A connection with these parameters; where they are for a token, somebody has yet to ask for it."""
        now = self._clock.now()
        secret = connection.secret_arn
        if not secret:
            suffix = "".join(secrets.choice(_SUFFIX) for _ in range(6))
            secret = secret_arn(connection.place, connection.name, str(uuid.uuid4()), suffix)
        return msgspec.structs.replace(
            connection,
            shown=parameters.shown(given),
            sealed=self._vault.seal(given, connection.arn),
            secret_arn=secret,
            state=AUTHORIZING if connection.type == OAUTH else AUTHORIZED,
            reason="",
            modified=now,
            authorized=now,
        )


def _get(connection: sa.Connection, place: Place, name: str, verb: str) -> Connection:
    found = select(connection, *at(place), connections.c.name == name)
    if not found:
        raise refusals.connection_not_found(verb, name)
    return found[0]


def _write(connection: sa.Connection, changed: Connection) -> None:
    connection.execute(sa.update(connections).where(connections.c.id == changed.row).values(values(changed)))
