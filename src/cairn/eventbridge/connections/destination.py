"""An API destination as it is saved."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.connections.connection import AUTHORIZED
from cairn.eventbridge.connections.tables import connections, destinations
from cairn.eventbridge.event import partition
from cairn.eventbridge.listing import Place

RATE_MAX = 300
"""Calls a second, which is also what a destination has that names no rate."""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """A server outside of AWS that rules tell."""

    row: int
    place: Place
    name: str
    arn: str
    connection: str
    """ARN."""
    endpoint: str
    """URL; each `*` in it stands for a path parameter of the target."""
    method: str
    rate: int = RATE_MAX
    """Calls a second at most."""
    description: str = ""
    created: float = 0.0
    modified: float = 0.0
    is_active: bool = False
    """Whether its connection is authorized."""

    def answered(self) -> dict[str, Any]:
        """What operations answer that change it."""
        return {
            "ApiDestinationArn": self.arn,
            "ApiDestinationState": "ACTIVE" if self.is_active else "INACTIVE",
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }

    def listed(self) -> dict[str, Any]:
        """Its entry in a list."""
        return self.answered() | {
            "Name": self.name,
            "ConnectionArn": self.connection,
            "InvocationEndpoint": self.endpoint,
            "HttpMethod": self.method,
            "InvocationRateLimitPerSecond": self.rate,
        }

    def described(self) -> dict[str, Any]:
        """What DescribeApiDestination answers."""
        return self.listed() | ({"Description": self.description} if self.description else {})


def destination_arn(place: Place, name: str, id: str) -> str:
    return f"arn:{partition(place.region)}:events:{place.region}:{place.account}:api-destination/{name}/{id}"


_FIELDS = ("name", "arn", "connection", "endpoint", "method", "rate", "description", "created", "modified")


def values(destination: Destination) -> dict[str, Any]:
    """The columns of a destination, but for its number."""
    place = {"account": destination.place.account, "region": destination.place.region}
    return place | {name: getattr(destination, name) for name in _FIELDS}


def select(connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Destination]:
    """Destinations in the order of their names."""
    columns = sa.select(destinations, connections.c.state).outerjoin(
        connections, connections.c.arn == destinations.c.connection
    )
    found = columns.where(*where).order_by(destinations.c.name, destinations.c.id).limit(limit)
    return [_read(row) for row in connection.execute(found)]


def at(place: Place) -> tuple[sa.ColumnElement[bool], ...]:
    """What is true of the destinations of an account in a region."""
    return destinations.c.account == place.account, destinations.c.region == place.region


def _read(row: Any) -> Destination:
    fields = {name: getattr(row, name) for name in _FIELDS}
    place = Place(row.account, row.region)
    return Destination(row=row.id, place=place, is_active=row.state == AUTHORIZED, **fields)
