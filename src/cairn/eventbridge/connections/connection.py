"""A connection as it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.connections.tables import connections
from cairn.eventbridge.event import partition
from cairn.eventbridge.listing import Place

AUTHORIZED = "AUTHORIZED"
AUTHORIZING = "AUTHORIZING"
DEAUTHORIZED = "DEAUTHORIZED"
DEAUTHORIZING = "DEAUTHORIZING"
DELETING = "DELETING"


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """How servers are authorized with."""

    row: int
    place: Place
    name: str
    arn: str
    type: str
    """AuthorizationType."""
    shown: dict[str, Any] = {}
    """Its parameters without their secrets."""
    sealed: bytes = b""
    """Its parameters as `vault.Vault` seals them; empty: they were removed."""
    secret_arn: str = ""
    description: str = ""
    kms_key: str = ""
    state: str = AUTHORIZED
    reason: str = ""
    version: int = 1
    """Grows with each change of the parameters."""
    created: float = 0.0
    modified: float = 0.0
    authorized: float = 0.0

    def answered(self, state: str = "", *, new: bool = False) -> dict[str, Any]:
        """What operations answer that change it.

        Args:
            state: in place of its own.
            new: whether it was made just now.
        """
        answer = {
            "ConnectionArn": self.arn,
            "ConnectionState": state or self.state,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }
        return answer if new else answer | {"LastAuthorizedTime": self.authorized}

    def listed(self) -> dict[str, Any]:
        """Its entry in a list."""
        reason = {"StateReason": self.reason} if self.reason else {}
        return self.answered() | reason | {"Name": self.name, "AuthorizationType": self.type}

    def described(self) -> dict[str, Any]:
        """What DescribeConnection answers."""
        optional = {"Description": self.description, "KmsKeyIdentifier": self.kms_key, "SecretArn": self.secret_arn}
        answer = self.listed() | {name: value for name, value in optional.items() if value}
        return answer | {"AuthParameters": self.shown}


def connection_arn(place: Place, name: str, id: str) -> str:
    return f"arn:{partition(place.region)}:events:{place.region}:{place.account}:connection/{name}/{id}"


def secret_arn(place: Place, name: str, id: str, suffix: str) -> str:
    """What AWS calls the secret that it keeps the parameters in. Here there is none: `vault` has them."""
    path = f"events!connection/{name}/{id}-{suffix}"
    return f"arn:{partition(place.region)}:secretsmanager:{place.region}:{place.account}:secret:{path}"


_FIELDS = (
    "name",
    "arn",
    "type",
    "sealed",
    "secret_arn",
    "description",
    "kms_key",
    "state",
    "reason",
    "version",
    "created",
    "modified",
    "authorized",
)


def values(connection: Connection) -> Mapping[str, Any]:
    """The columns of a connection, but for its number."""
    fields = {name: getattr(connection, name) for name in _FIELDS}
    place = {"account": connection.place.account, "region": connection.place.region}
    return fields | place | {"shown": msgspec.json.encode(connection.shown).decode()}


def select(connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Connection]:
    """Connections in the order of their names."""
    found = sa.select(connections).where(*where).order_by(connections.c.name, connections.c.id).limit(limit)
    return [_read(row) for row in connection.execute(found)]


def at(place: Place) -> tuple[sa.ColumnElement[bool], ...]:
    """What is true of the connections of an account in a region."""
    return connections.c.account == place.account, connections.c.region == place.region


def _read(row: Any) -> Connection:
    fields = {name: getattr(row, name) for name in _FIELDS}
    return Connection(row=row.id, place=Place(row.account, row.region), shown=msgspec.json.decode(row.shown), **fields)
