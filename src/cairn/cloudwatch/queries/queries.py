"""Queries as they are kept: whoever starts, runs, stops or asks for one may be in another process.

One that runs says so every few seconds. Where nobody does any more, its process is gone, and it has failed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.queries import refusals
from cairn.cloudwatch.queries.results import PAGE_ROWS, Results, rows_of
from cairn.cloudwatch.queries.tables import pages, queries
from cairn.core.clock import Clock
from cairn.core.loops import Step, every
from cairn.core.state import State

SCHEDULED = "Scheduled"
RUNNING = "Running"
COMPLETE = "Complete"
FAILED = "Failed"
CANCELLED = "Cancelled"
TIMEOUT = "Timeout"
ACTIVE = (SCHEDULED, RUNNING)

CONCURRENT_MAX = 100
"""Queries of an account in a region that are scheduled or run."""
KEPT_S = 7 * 86_400
"""How long results can be asked for."""
SILENT_S = 60
"""After so long without a sign the process that had it is gone."""


CLEAN_EVERY_S = 10.0


class SavedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One query."""

    id: str
    account: str
    region: str
    groups: list[str]
    """Names."""
    text: str
    start_ms: int
    end_ms: int
    """Of the last event that it sees."""
    row_limit: int | None = None
    user_arn: str = ""
    status: str = SCHEDULED
    created_ms: int = 0
    ended_ms: int | None = None
    beat_ms: int = 0
    matched: int = 0
    scanned: int = 0
    bytes: int = 0
    result_rows: int = 0


class Progress(msgspec.Struct):
    """How far a query has come."""

    scanned: int = 0
    bytes: int = 0
    matched: int = 0


class Queries:
    """The queries of all accounts."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def schedule(
        self,
        account: str,
        region: str,
        *,
        groups: Sequence[str],
        text: str,
        start_ms: int,
        end_ms: int,
        row_limit: int | None,
        user_arn: str,
    ) -> str:
        """Keep a query that somebody will run. Returns its id.

        Raises:
            AwsError: LimitExceededException: too many run already.
        """
        now = self._now_ms()
        query = SavedQuery(
            id=str(uuid.uuid4()),
            account=account,
            region=region,
            groups=list(groups),
            text=text,
            start_ms=start_ms,
            end_ms=end_ms,
            row_limit=row_limit,
            user_arn=user_arn,
            created_ms=now,
            beat_ms=now,
        )
        with self._state.write() as connection:
            active = sa.select(sa.func.count()).where(*_of(account, region), queries.c.status.in_(ACTIVE))
            if (connection.scalar(active) or 0) >= CONCURRENT_MAX:
                raise refusals.too_many_queries(CONCURRENT_MAX)
            row = msgspec.structs.asdict(query) | {"groups": msgspec.json.encode(query.groups).decode()}
            connection.execute(sa.insert(queries).values(row))
        return query.id

    def get(self, account: str, region: str, query: str) -> SavedQuery:
        """
        Raises:
            AwsError: ResourceNotFoundException.
        """
        found = self._find(query)
        if found is None or (found.account, found.region) != (account, region):
            raise refusals.query_not_found(query)
        return found

    def page(
        self, account: str, region: str, *, group: str = "", status: str = "", before: tuple[int, str] | None, most: int
    ) -> list[SavedQuery]:
        """Queries, the youngest first, behind a place: when it was made, and its id."""
        select = sa.select(queries).where(*_of(account, region))
        if status:
            select = select.where(queries.c.status == status)
        if group:
            name = msgspec.json.encode(group).decode()
            select = select.where(queries.c.groups.contains(name, autoescape=True))
        if before is not None:
            place = sa.tuple_(queries.c.created_ms, queries.c.id)
            select = select.where(place < sa.tuple_(*map(sa.literal, before)))
        select = select.order_by(queries.c.created_ms.desc(), queries.c.id.desc()).limit(most)
        with self._state.read() as connection:
            return [_saved(row) for row in connection.execute(select).mappings()]

    def begin(self, query: str) -> SavedQuery | None:
        """Take a scheduled query to run it; None: it was stopped meanwhile."""
        with self._state.write() as connection:
            taken = connection.execute(
                sa.update(queries)
                .where(queries.c.id == query, queries.c.status == SCHEDULED)
                .values(status=RUNNING, beat_ms=self._now_ms())
            ).rowcount
        return self._find(query) if taken else None

    def beat(self, query: str, progress: Progress) -> bool:
        """Say that a query still runs, and how far it has come. Returns whether it still should."""
        values = msgspec.structs.asdict(progress) | {"beat_ms": self._now_ms()}
        with self._state.write() as connection:
            known = sa.update(queries).where(queries.c.id == query, queries.c.status == RUNNING).values(values)
            return bool(connection.execute(known).rowcount)

    def keep_scheduled(self, waiting: Sequence[str]) -> None:
        """Say that these queries will still be run."""
        with self._state.write() as connection:
            known = sa.update(queries).where(queries.c.id.in_(waiting), queries.c.status == SCHEDULED)
            connection.execute(known.values(beat_ms=self._now_ms()))

    def end(self, query: str, status: str, progress: Progress, results: Results | None = None) -> None:
        """A query came to its end, with its results if it is complete. One that was stopped meanwhile stays so."""
        values: dict[str, Any] = msgspec.structs.asdict(progress)
        values |= {"status": status, "ended_ms": self._now_ms(), "result_rows": results.rows if results else 0}
        with self._state.write() as connection:
            known = sa.update(queries).where(queries.c.id == query, queries.c.status.in_(ACTIVE)).values(values)
            if connection.execute(known).rowcount and results is not None and results.pages:
                rows = [{"query": query, "number": at, "content": page} for at, page in enumerate(results.pages)]
                connection.execute(sa.insert(pages), rows)

    def stop(self, query: SavedQuery) -> bool:
        """Stop a query that is scheduled or runs. Returns whether it did."""
        with self._state.write() as connection:
            known = sa.update(queries).where(queries.c.id == query.id, queries.c.status.in_(ACTIVE))
            return bool(connection.execute(known.values(status=CANCELLED, ended_ms=self._now_ms())).rowcount)

    def rows(self, query: str, first: int, most: int) -> list[list[tuple[str, str]]]:
        """Results from a row on."""
        found: list[list[tuple[str, str]]] = []
        select = (
            sa.select(pages.c.content)
            .where(pages.c.query == query, pages.c.number >= first // PAGE_ROWS)
            .where(pages.c.number <= (first + most - 1) // PAGE_ROWS)
            .order_by(pages.c.number)
        )
        with self._state.read() as connection:
            for page in connection.scalars(select):
                found += rows_of(page)
        begin = first % PAGE_ROWS
        return found[begin : begin + most]

    def clean(self) -> None:
        """Fail the queries whose process is gone, and forget the old ones."""
        now = self._now_ms()
        with self._state.write() as connection:
            silent = sa.update(queries).where(queries.c.status.in_(ACTIVE), queries.c.beat_ms < now - SILENT_S * 1000)
            connection.execute(silent.values(status=FAILED, ended_ms=now))
            connection.execute(sa.delete(queries).where(queries.c.created_ms < now - KEPT_S * 1000))

    def _find(self, query: str) -> SavedQuery | None:
        with self._state.read() as connection:
            row = connection.execute(sa.select(queries).where(queries.c.id == query)).mappings().one_or_none()
        return _saved(row) if row is not None else None

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def cleaner(queries: Queries) -> Step:
    """The step that cleans up."""
    return every("queries", CLEAN_EVERY_S, queries.clean)


def _of(account: str, region: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return queries.c.account == account, queries.c.region == region


def _saved(row: sa.RowMapping) -> SavedQuery:
    return SavedQuery(**{**row, "groups": msgspec.json.decode(row["groups"], type=list[str])})
