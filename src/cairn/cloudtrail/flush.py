"""Flushes: a request, in the saved state, to deliver now what the journal holds, and the answer to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail.spans import Span
from cairn.cloudtrail.tables import delivered_files, flushes, trails
from cairn.core.clock import Clock
from cairn.core.errors import CairnError
from cairn.core.journal.journal import Journal
from cairn.core.state import State

POLL_S = 0.1
KEPT_S = 3600.0
"""How long an answer is kept."""
FILES_MAX = 1000
"""Files that an answer names."""


class FlushedFile(msgspec.Struct, frozen=True):
    """A log file that a flush delivered."""

    trail: str
    bucket: str
    key: str
    events: int


class FlushFailure(msgspec.Struct, frozen=True):
    """A trail that could not be delivered. Its delivery goes on being retried."""

    trail: str
    error: str


class FlushAnswer(msgspec.Struct, frozen=True):
    """What became of a flush."""

    files: list[FlushedFile]
    failures: list[FlushFailure]


class Flush(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is not answered yet. The row of the same names."""

    id: int
    trail_arn: str
    """Empty: all trails."""
    upto: int
    """Deliver what stands before this journal position."""
    after_file: int

    def concerns(self, arn: str, span: Span) -> bool:
        """Whether it waits for this span."""
        if self.trail_arn not in ("", arn) or span.start >= self.upto:
            return False
        return span.cursor < (self.upto if span.end is None else min(self.upto, span.end))


class Flushes:
    """The door for whoever wants a flush; delivery, perhaps in another process, carries it out."""

    def __init__(self, state: State, journal: Journal, clock: Clock) -> None:
        self._state = state
        self._journal = journal
        self._clock = clock

    def request(self, trail_arn: str = "") -> int:
        """Ask for all that the journal holds to be delivered, for one trail or all. Returns the flush's number.

        Raises:
            CairnError: there is no such trail, and there was none.
        """
        upto, now = self._journal.bounds().next, self._clock.now()
        with self._state.write() as connection:
            if (
                trail_arn
                and connection.scalar(sa.select(trails.c.id).where(trails.c.arn == trail_arn).limit(1)) is None
            ):
                raise CairnError(f"there is no trail {trail_arn!r}", advice="Give a whole ARN, or no trail for all.")
            connection.execute(sa.delete(flushes).where(flushes.c.requested < now - KEPT_S))
            last = connection.scalar(sa.select(sa.func.max(delivered_files.c.id))) or 0
            values = {"trail_arn": trail_arn, "requested": now, "upto": upto, "after_file": last}
            row: int = connection.execute(sa.insert(flushes).values(**values).returning(flushes.c.id)).scalar_one()
            return row

    def answer(self, flush: int) -> FlushAnswer | None:
        """What became of it; None while it goes on."""
        with self._state.read() as connection:
            text = connection.scalar(sa.select(flushes.c.answer).where(flushes.c.id == flush))
        return None if text is None else msgspec.json.decode(text, type=FlushAnswer)

    def wait(self, flush: int, timeout_s: float) -> FlushAnswer | None:
        """`answer`, for which it waits; None if there is none after `timeout_s`."""
        return wait_for(self._clock, lambda: self.answer(flush), timeout_s)


_Answer = TypeVar("_Answer")


def wait_for(clock: Clock, ask: Callable[[], _Answer | None], timeout_s: float) -> _Answer | None:
    """What `ask` returns once it returns anything; None if it does not within `timeout_s`."""
    deadline = clock.monotonic() + timeout_s
    never = threading.Event()
    while (answer := ask()) is None and clock.monotonic() < deadline:
        clock.wait(never, POLL_S)
    return answer


def pending(connection: sa.Connection) -> list[Flush]:
    """Flushes that are not answered yet."""
    columns = [flushes.c[name] for name in Flush.__struct_fields__]
    rows = connection.execute(sa.select(*columns).where(flushes.c.answer.is_(None)).order_by(flushes.c.id)).mappings()
    return [Flush(**row) for row in rows]


def answer(connection: sa.Connection, flush: Flush, failures: list[FlushFailure]) -> None:
    """Note that `flush` is done."""
    select = (
        sa.select(trails.c.arn, delivered_files.c.bucket, delivered_files.c.key, delivered_files.c.events)
        .join_from(delivered_files, trails, delivered_files.c.trail == trails.c.id)
        .where(delivered_files.c.id > flush.after_file)
        .order_by(delivered_files.c.id)
        .limit(FILES_MAX)
    )
    if flush.trail_arn:
        select = select.where(trails.c.arn == flush.trail_arn)
    files = [FlushedFile(*row) for row in connection.execute(select)]
    text = msgspec.json.encode(FlushAnswer(files, failures)).decode()
    connection.execute(sa.update(flushes).where(flushes.c.id == flush.id).values(answer=text))
