"""Saved query definitions: queries that people keep under a name, to run them again.

They are kept as they are given. Whether one can be run is for StartQuery to say, as at AWS, whose PutQueryDefinition
knows no error for a query that is malformed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs.groups import starts_with
from cairn.cloudwatch.queries import refusals
from cairn.cloudwatch.queries.tables import definitions
from cairn.core.clock import Clock
from cairn.core.state import State

LANGUAGE = "CWLI"
"""That of Logs Insights, the one that Cairn runs."""
GROUPS_MAX = 50
"""Log groups of a query, saved or not."""
DEFINITIONS_MAX = 1000
"""Of an account in a region."""


class QueryDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """One saved query."""

    id: str = ""
    """Empty: it is new."""
    name: str
    """Others may have the same. Slashes make folders of the console."""
    language: str
    text: str
    groups: list[str] = []
    """Names; whether there are such groups nobody asks."""
    parameters: list[dict[str, str]] = []
    modified_ms: int = 0


class Definitions:
    """The saved queries of all accounts."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def put(self, account: str, region: str, wanted: QueryDefinition, *, token: str = "") -> str:
        """Make a definition, or have the one of its id be this from now on. Returns its id.

        Args:
            token: of the call that makes one: a second call of the same token makes no other.

        Raises:
            AwsError: ResourceNotFoundException: there is none of that id; LimitExceededException;
                InvalidParameterException: the token came with another definition.
        """
        with self._state.write() as connection:
            here = sa.and_(definitions.c.account == account, definitions.c.region == region)
            if wanted.id:
                values = _values(wanted, self._now_ms())
                changed = sa.update(definitions).where(here, definitions.c.id == wanted.id).values(values)
                if not connection.execute(changed).rowcount:
                    raise refusals.definition_not_found()
                return wanted.id
            made = _made_with(connection, here, token)
            if made is not None:
                if msgspec.structs.replace(made, id="", modified_ms=0) != wanted:
                    raise refusals.token_reused()
                return made.id
            if (connection.scalar(sa.select(sa.func.count()).where(here)) or 0) >= DEFINITIONS_MAX:
                raise refusals.too_many_definitions()
            new = {"id": str(uuid.uuid4()), "account": account, "region": region, "token": token}
            connection.execute(sa.insert(definitions).values(new | _values(wanted, self._now_ms())))
            return new["id"]

    def delete(self, account: str, region: str, id: str) -> None:
        """Delete a definition.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        named = sa.delete(definitions).where(
            definitions.c.account == account, definitions.c.region == region, definitions.c.id == id
        )
        with self._state.write() as connection:
            if not connection.execute(named).rowcount:
                raise refusals.definition_not_found()

    def page(
        self,
        account: str,
        region: str,
        *,
        prefix: str = "",
        language: str = "",
        after: tuple[str, str] = ("", ""),
        most: int,
    ) -> Sequence[QueryDefinition]:
        """Definitions in the order of their names and then of their ids, behind those two; at most so many."""
        place = sa.tuple_(definitions.c.name, definitions.c.id)
        query = sa.select(definitions).where(definitions.c.account == account, definitions.c.region == region)
        query = query.where(place > sa.tuple_(*(sa.literal(part) for part in after)))
        if prefix:
            query = query.where(starts_with(definitions.c.name, prefix))
        if language:
            query = query.where(definitions.c.language == language)
        with self._state.read() as connection:
            rows = connection.execute(query.order_by(definitions.c.name, definitions.c.id).limit(most))
            return [_of_row(row) for row in rows]

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def _made_with(connection: sa.Connection, here: sa.ColumnElement[bool], token: str) -> QueryDefinition | None:
    """The definition that a call of this token made, if it is still there."""
    if not token:
        return None
    row = connection.execute(sa.select(definitions).where(here, definitions.c.token == token)).first()
    return _of_row(row) if row is not None else None


def _values(wanted: QueryDefinition, now_ms: int) -> dict[str, Any]:
    return {
        "name": wanted.name,
        "language": wanted.language,
        "text": wanted.text,
        "groups": msgspec.json.encode(wanted.groups).decode(),
        "parameters": msgspec.json.encode(wanted.parameters).decode(),
        "modified_ms": now_ms,
    }


def _of_row(row: sa.Row[Any]) -> QueryDefinition:
    return QueryDefinition(
        id=row.id,
        name=row.name,
        language=row.language,
        text=row.text,
        groups=msgspec.json.decode(row.groups, type=list[str]),
        parameters=msgspec.json.decode(row.parameters, type=list[dict[str, str]]),
        modified_ms=row.modified_ms,
    )
