"""Actions that are owed: noted in the transaction in which an alarm turns, and carried out afterwards.

An action that is carried out leaves the outbox in the transaction that notes it in the history. What dies in between
is carried out again under the same id, by which a topic knows that it has the message already.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms import history, messages
from cairn.cloudwatch.alarms.alarm import Alarm, AlarmId, State
from cairn.cloudwatch.alarms.tables import actions

SNS = "sns"
LAMBDA = "lambda"

DATA_CHARACTERS_MAX = 4_095
"""HistoryData; a published message that does not fit is left out of it."""


_INSERT = sa.insert(actions)


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a topic or a function is given."""

    message: str = ""
    """JSON."""
    subject: str = ""
    email: str = ""


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """One action of one turn. The row of the same names."""

    id: int
    alarm: AlarmId
    kind: str
    service: str
    resource: str
    content: Content
    changed: float
    attempts: int

    @property
    def once(self) -> str:
        """Names this action of this turn, for ever."""
        return f"{self.id}/{self.changed:.3f}/{self.alarm.arn}"  # FIFO topics look at the beginning


def owe(connection: sa.Connection, alarm: Alarm, before: State, resource: str, now: float) -> None:
    """Note an action for what it is when the alarm turns, whatever is put afterwards."""
    service = service_of(resource)
    content = Content()
    if service == SNS:
        content = Content(messages.notification(alarm, before), messages.subject(alarm), messages.email(alarm, before))
    elif service == LAMBDA:
        content = Content(messages.function_event(alarm, before))
    values = {
        **alarm.id._asdict(),
        "kind": alarm.kind,
        "service": service,
        "resource": resource,
        "content": msgspec.json.encode(content).decode(),
        "changed": alarm.state.updated,
        "due": now,
        "attempts": 0,
        "error": "",
    }
    connection.execute(_INSERT, values)


def due(connection: sa.Connection, *conditions: sa.ColumnElement[bool], now: float, limit: int) -> list[Owed]:
    """The oldest that are due."""
    wanted = sa.select(actions).where(actions.c.due <= now, *conditions).order_by(actions.c.id).limit(limit)
    return [_owed(row) for row in connection.execute(wanted)]


def next_due(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> float | None:
    found: float | None = connection.scalar(sa.select(sa.func.min(actions.c.due)).where(*conditions))
    return found


def delay(connection: sa.Connection, owed: Owed, error: str, due: float) -> None:
    """Note that an action failed and is tried again."""
    where = actions.c.id == owed.id
    connection.execute(sa.update(actions).where(where).values(attempts=owed.attempts + 1, error=error, due=due))


def settle(connection: sa.Connection, owed: Owed, now: float, error: str = "") -> None:
    """Note in the history that an action was carried out or, with an error, that it never will be."""
    connection.execute(sa.delete(actions).where(actions.c.id == owed.id))
    summary = f"Successfully executed action {owed.resource}"
    if error:
        summary = f'Failed to execute action {owed.resource}. Received error: "{error}"'
    history.note(connection, owed.alarm, owed.kind, now, history.ACTION, summary, _data(owed, error))


def service_of(resource: str) -> str:
    return resource.split(":")[2] if resource.count(":") >= 2 else ""


def _data(owed: Owed, error: str) -> dict[str, Any]:
    published: str | None = None
    if owed.service == SNS:
        published = msgspec.json.encode({"default": owed.content.message, "email": owed.content.email}).decode()
    elif owed.service == LAMBDA:
        published = owed.content.message
    said = {
        "actionState": "Failed" if error else "Succeeded",
        "stateUpdateTimestamp": round(owed.changed * 1000),
        "notificationResource": owed.resource,
        "publishedMessage": published,
        "error": error or None,
    }
    if len(msgspec.json.encode(said)) > DATA_CHARACTERS_MAX:
        said["publishedMessage"] = None
    return said


def _owed(row: sa.Row[Any]) -> Owed:
    return Owed(
        id=row.id,
        alarm=AlarmId(row.account, row.region, row.name),
        kind=row.kind,
        service=row.service,
        resource=row.resource,
        content=msgspec.json.decode(row.content, type=Content),
        changed=row.changed,
        attempts=row.attempts,
    )
