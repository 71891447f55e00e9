"""Rows: what a query works on. A log event is one, whose fields are read from its JSON only when somebody asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from cairn.cloudwatch.queries.language.values import Timestamp, Value

_strict = msgspec.json.Decoder()
_lenient = json.JSONDecoder()

Read = Callable[["Row"], Value]
"""An expression that was compiled: its value in a row."""


class Record:
    """A log event, its JSON decoded once at most."""

    __slots__ = ("_body", "ingestion_ms", "log", "message", "pointer", "stream", "timestamp_ms")

    def __init__(
        self,
        timestamp_ms: int,
        message: str,
        *,
        stream: str = "",
        log: str = "",
        ingestion_ms: int = 0,
        pointer: Callable[[], str] = str,
    ) -> None:
        self.timestamp_ms = timestamp_ms
        self.message = message
        self.stream = stream
        self.log = log
        """`ACCOUNT:GROUP`."""
        self.ingestion_ms = ingestion_ms
        self.pointer = pointer
        """Makes what names this event; few that are read are shown."""
        self._body: Any = _UNREAD

    @property
    def body(self) -> dict[str, Any] | list[Any] | None:
        """The JSON of the message, or the first that is in it; None where there is none."""
        if self._body is _UNREAD:
            self._body = _json_in(self.message)
        return self._body  # type: ignore[no-any-return]

    def forget(self) -> None:
        """Let go of the decoded JSON, which takes several times as much memory as the message."""
        self._body = _UNREAD


class Row:
    """A row: columns of its own, and the event that it came from, if it is one."""

    __slots__ = ("record", "values")

    def __init__(self, values: dict[str, Value], record: Record | None = None) -> None:
        self.values = values
        self.record = record


_UNREAD = object()
_OF_EVENTS: dict[str, Callable[[Record], Value]] = {
    "@timestamp": lambda record: Timestamp(record.timestamp_ms),
    "@ingestionTime": lambda record: Timestamp(record.ingestion_ms),
    "@message": lambda record: record.message,
    "@logStream": lambda record: record.stream,
    "@log": lambda record: record.log,
    "@ptr": lambda record: record.pointer(),
}


def field_reader(name: str) -> Read:
    """What finds a field in a row: a column of the row, else a field of the event, else one of its JSON."""
    of_event = _OF_EVENTS.get(name)
    if of_event is not None:

        def read_event(row: Row) -> Value:
            if name in row.values:
                return row.values[name]
            return of_event(row.record) if row.record is not None else None

        return read_event
    steps = tuple(name.split("."))
    column, inside = steps[0], steps[1:]

    def read(row: Row) -> Value:
        values = row.values
        if name in values:
            return values[name]
        if inside and column in values:
            return _walk(values[column], inside)
        if row.record is None:
            return None
        body = row.record.body
        if body is None:
            return None
        found = _walk(body, steps)
        if found is None and inside and type(body) is dict:
            found = body.get(name)
        return None if type(found) is dict or type(found) is list else found

    return read


def _walk(value: Any, steps: tuple[str, ...]) -> Value:
    for step in steps:
        if type(value) is dict:
            value = value.get(step)
        elif type(value) is list and step.isdigit() and len(step) <= 9 and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _json_in(message: str) -> Any:
    """Only the first brace is tried, so that a message full of them costs no more than its length."""
    start = message.find("{")
    if start < 0:
        return None
    if not message[:start].strip():
        try:
            return _strict.decode(message)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            pass
    try:
        return _lenient.raw_decode(message, start)[0]
    except (ValueError, RecursionError):
        return None
