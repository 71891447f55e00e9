"""Spans: which stretches of the journal a trail logs, and how far each is delivered.

StartLogging opens a span at the journal's end; StopLogging ends it there. A change of what the trail logs ends one
span and opens the next, so that an event is judged by the selection that was in force when it was recorded, however
late it is delivered. Spans of a trail never overlap. What is finished stays, for redelivery and for proof.

The last thing a trail should tell is who stopped it, but the journal takes the record of StopLogging only after
trail state says "stopped". So a stopped span reaches `LATE_S` further, for events that happened before the stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail.selectors import Selection
from cairn.cloudtrail.tables import log_spans, plans, spans, trails

LATE_S = 5.0
"""How long after StopLogging the journal may take a record of what happened before it."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the journal that a trail logs, in journal positions. The row of the same names."""

    id: int
    trail: int
    selection: str
    start: int
    stop: int | None
    stop_time: float | None
    end: int | None
    cursor: int

    @property
    def late(self) -> bool:
        """Whether what is left are events that came late to a stopped trail."""
        return self.stop is not None and self.cursor >= self.stop

    @property
    def limit(self) -> int | None:
        """A position at which reading for this span has to pause or end; None where there is none yet."""
        if self.end is not None:
            return self.end
        return None if self.late else self.stop

    @property
    def closes(self) -> float:
        """Journal time after which no late event is taken. Only where `late`."""
        assert self.stop_time is not None
        return self.stop_time + LATE_S

    def takes(self, position: int, event_time: int) -> bool:
        """Whether an event at `position` lies within the span, as far as place and time decide."""
        if self.stop is None or position < self.stop:
            return True
        assert self.stop_time is not None
        return event_time <= self.stop_time

    def holds(self, position: int, recorded: float, event_time: int) -> bool:
        """Whether an event at `position`, which the journal took at `recorded`, lies within the span, for readers that
        are not bound to its cursor."""
        if position < self.start or (self.end is not None and position >= self.end):
            return False
        in_time = self.stop is None or position < self.stop or recorded <= self.closes
        return in_time and self.takes(position, event_time)


def open_span(
    connection: sa.Connection, trail: int, arn: str, selection: Selection, position: int, *, to_log_group: bool
) -> None:
    """Begin to log at `position`. Whatever is still open under this ARN ends there.

    Args:
        to_log_group: whether the trail's log group is sent the span too.
    """
    same_arn = sa.select(trails.c.id).where(trails.c.arn == arn)
    for span in _open(connection, spans.c.trail.in_(same_arn)):
        position = max(position, _reached(connection, span))
        _set(connection, span, end=position)
    insert = sa.insert(spans).values(
        trail=trail, selection=selection.encode(), start=position, cursor=position, stop=None, end=None
    )
    span = connection.execute(insert.returning(spans.c.id)).scalar_one()
    if to_log_group:
        connection.execute(sa.insert(log_spans).values(span=span, cursor=position))


def stop_span(connection: sa.Connection, trail: int, position: int, time: float) -> None:
    """Log nothing that happens from now on; `position` is the journal's end."""
    for span in _open(connection, spans.c.trail == trail):
        if span.stop is None:
            _set(connection, span, stop=max(position, _reached(connection, span)), stop_time=time)


def unfinished(connection: sa.Connection) -> list[Span]:
    """Spans that are not delivered to their end, the oldest of a trail first."""
    rows = connection.execute(
        sa.select(spans).where(sa.or_(spans.c.end.is_(None), spans.c.cursor < spans.c.end)).order_by(spans.c.id)
    )
    return [of_row(row) for row in rows.mappings()]


def reaching(connection: sa.Connection, position: int) -> list[Span]:
    """Spans that journal positions from `position` on may lie in, delivered or not."""
    rows = connection.execute(sa.select(spans).where(sa.or_(spans.c.end.is_(None), spans.c.end > position)))
    return [of_row(row) for row in rows.mappings()]


def of_trail(connection: sa.Connection, trail: int) -> list[Span]:
    """All spans of a trail, the oldest first."""
    rows = connection.execute(sa.select(spans).where(spans.c.trail == trail).order_by(spans.c.id))
    return [of_row(row) for row in rows.mappings()]


def advance(connection: sa.Connection, passed: Sequence[Span], position: int, *, finished: bool = False) -> None:
    """Move the cursors of spans to `position`, and end them there if they are `finished`.

    Spans that are no more as the caller has seen them are left alone.
    """
    open_ones = [] if finished else [span for span in passed if span.stop is None and span.end is None]
    for cursor in {span.cursor for span in open_ones}:  # one statement for the many trails that log nothing
        still_open = (spans.c.cursor == cursor, spans.c.stop.is_(None), spans.c.end.is_(None))
        ids = [span.id for span in open_ones if span.cursor == cursor]
        connection.execute(sa.update(spans).where(spans.c.id.in_(ids), *still_open).values(cursor=position))
    handled = {span.id for span in open_ones}
    for span in passed:
        if span.id not in handled and unchanged(connection, span):
            _set(connection, span, cursor=position, **({"end": position} if finished else {}))


def unchanged(connection: sa.Connection, span: Span) -> bool:
    """Whether `span` stands as the caller has seen it; if so it cannot change until the transaction ends."""
    row = connection.execute(sa.select(spans).where(spans.c.id == span.id).with_for_update()).mappings().first()
    return row is not None and of_row(row) == span


def _open(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Iterator[Span]:
    rows = connection.execute(sa.select(spans).where(condition, spans.c.end.is_(None)).with_for_update()).mappings()
    return map(of_row, rows.all())


def _reached(connection: sa.Connection, span: Span) -> int:
    """How far the span is delivered or about to be, and sent: a staged plan is never taken back."""
    staged = sa.select(sa.func.max(plans.c.next)).where(plans.c.span == span.id, plans.c.outcome == "staged")
    sent = sa.select(log_spans.c.cursor).where(log_spans.c.span == span.id)
    return max(span.cursor, connection.scalar(staged) or 0, connection.scalar(sent) or 0)


def _set(connection: sa.Connection, span: Span, **values: Any) -> None:
    connection.execute(sa.update(spans).where(spans.c.id == span.id).values(**values))


def of_row(row: Mapping[Any, Any]) -> Span:
    """The span of a row of the table."""
    return Span(**{name: row[name] for name in Span.__struct_fields__})
