"""Which spans go to their trail's log group, and how far each is sent.

A span has such a row if the trail had a log group when it began, until all of it is sent or the trail gives its log
group up. It is written beside the span, so that delivery to the bucket and to the log group know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from cairn.cloudtrail import spans
from cairn.cloudtrail.spans import Span
from cairn.cloudtrail.tables import log_spans
from cairn.cloudtrail.tables import spans as spans_table


def unfinished(connection: sa.Connection) -> list[tuple[Span, int]]:
    """Spans that are not sent to their end, each with the position to go on at; the oldest of a trail first."""
    joined = sa.select(spans_table, log_spans.c.cursor.label("sent")).join(
        log_spans, log_spans.c.span == spans_table.c.id
    )
    rows = connection.execute(joined.order_by(spans_table.c.id)).mappings()
    return [(spans.of_row(row), row["sent"]) for row in rows]


def advance(connection: sa.Connection, sent: Mapping[int, int]) -> None:
    """Note how far spans are sent, by their numbers."""
    for span, position in sent.items():
        connection.execute(sa.update(log_spans).where(log_spans.c.span == span).values(cursor=position))


def finish(connection: sa.Connection, finished: Collection[int]) -> None:
    """Forget spans, by their numbers, that are sent to their end."""
    connection.execute(sa.delete(log_spans).where(log_spans.c.span.in_(finished)))


def drop(connection: sa.Connection, trail: int) -> None:
    """Send nothing more of a trail."""
    of_trail = sa.select(spans_table.c.id).where(spans_table.c.trail == trail)
    connection.execute(sa.delete(log_spans).where(log_spans.c.span.in_(of_trail)))
