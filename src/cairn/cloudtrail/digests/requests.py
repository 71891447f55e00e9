"""Requests, in the saved state, for digests now, and the answers to them (`cairn flush --digests`)."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from cairn.cloudtrail.digests.periods import Period
from cairn.cloudtrail.digests.tables import digests, requests
from cairn.cloudtrail.flush import FILES_MAX, KEPT_S, FlushedFile, FlushFailure, wait_for
from cairn.cloudtrail.tables import delivered_files, trails
from cairn.core.clock import Clock
from cairn.core.state import State


class DigestAnswer(msgspec.Struct, frozen=True):
    """What became of a request."""

    files: list[FlushedFile]
    """Digest files, with the number of events in the log files that each names."""
    failures: list[FlushFailure]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is not answered yet. The row of the same names."""

    id: int
    trail_arn: str
    """Empty: all trails."""
    requested: float
    after_digest: int

    def concerns(self, arn: str, period: Period) -> bool:
        """Whether it asks for digests of this period."""
        return self.trail_arn in ("", arn) and period.began <= self.requested


class DigestRequests:
    """The door for whoever wants digests now; the worker makes them."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def request(self, trail_arn: str = "") -> int:
        """Ask for a digest of what was delivered until now, for one trail or all. Returns the request's number."""
        now = self._clock.now()
        with self._state.write() as connection:
            connection.execute(sa.delete(requests).where(requests.c.requested < now - KEPT_S))
            last = connection.scalar(sa.select(sa.func.max(digests.c.id))) or 0
            insert = sa.insert(requests).values(trail_arn=trail_arn, requested=now, after_digest=last)
            row: int = connection.execute(insert.returning(requests.c.id)).scalar_one()
            return row

    def answer(self, request: int) -> DigestAnswer | None:
        """What became of it; None while it goes on."""
        with self._state.read() as connection:
            text = connection.scalar(sa.select(requests.c.answer).where(requests.c.id == request))
        return None if text is None else msgspec.json.decode(text, type=DigestAnswer)

    def wait(self, request: int, timeout_s: float) -> DigestAnswer | None:
        """`answer`, for which it waits; None if there is none after `timeout_s`."""
        return wait_for(self._clock, lambda: self.answer(request), timeout_s)


def pending(connection: sa.Connection) -> list[Request]:
    """Requests that are not answered yet."""
    columns = [requests.c[name] for name in Request.__struct_fields__]
    found = connection.execute(sa.select(*columns).where(requests.c.answer.is_(None)).order_by(requests.c.id))
    return [Request(**row) for row in found.mappings()]


def answer(connection: sa.Connection, request: Request, failures: list[FlushFailure]) -> None:
    """Note that `request` is done."""
    file = delivered_files.c
    events = (
        sa.select(sa.func.coalesce(sa.func.sum(file.events), 0))
        .where(
            file.trail == digests.c.trail,
            file.id > digests.c.after_file,
            file.id <= digests.c.last_file,
            file.account == digests.c.account,
            file.region == digests.c.region,
        )
        .scalar_subquery()
    )
    select = (
        sa.select(trails.c.arn, digests.c.bucket, digests.c.key, events)
        .join_from(digests, trails, digests.c.trail == trails.c.id)
        .where(
            digests.c.outcome == "delivered",
            sa.or_(digests.c.id > request.after_digest, digests.c.delivered >= request.requested),
        )
        .order_by(digests.c.id)
        .limit(FILES_MAX)
    )
    if request.trail_arn:
        select = select.where(trails.c.arn == request.trail_arn)
    made = [FlushedFile(*row) for row in connection.execute(select)]
    text = msgspec.json.encode(DigestAnswer(made, failures)).decode()
    connection.execute(sa.update(requests).where(requests.c.id == request.id).values(answer=text))
