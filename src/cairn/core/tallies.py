"""What services count of themselves: durable with what was counted, and moved to the metrics exactly once.

Whoever counts writes tallies into a table of its own database, in the transaction that does what is counted. A
`TallyMover` takes them to the metrics, which are another database, in three transactions: it gives a batch of them the
number after the last one that the metrics have seen; the metrics take the batch and note its number at once; the
batch is forgotten. Wherever it dies, the numbers say what is left to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import msgspec
import sqlalchemy as sa

from cairn.core.failpoints import failpoint
from cairn.core.state import State

PERIOD_S = 60
"""Tallies of the same period are as if they had been made together."""
POLL_S = 1.0
ROWS_A_STEP = 5_000

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Tally(NamedTuple):
    """Something that happened `times` times, with the same value each time, to one metric of an account."""

    account: str
    region: str
    name: str
    """The metric's, in its service's namespace."""
    dimensions: tuple[tuple[str, str], ...]
    """Names and values, sorted."""
    value: float = 1.0
    times: int = 1
    unit: str = "Count"


class Tallied(NamedTuple):
    """Tallies of one metric in one period."""

    tally: Tally
    """With `times` in all that happened with this value."""
    start: int
    """Of the period, in seconds since the epoch."""


class TallySink(Protocol):
    """Where tallies go. The position of a reader and what it added are one transaction."""

    def position(self, reader: str) -> int:
        """The number that a reader last added under; 0 if it never has."""

    def add(self, reader: str, position: int, namespace: str, tallied: Sequence[Tallied]) -> None:
        """Add to metrics of a namespace, and note the position: both, or neither when it raises.

        What is added under a position that is not behind the noted one was added before: nothing happens.
        """


def tallies_table(name: str, metadata: sa.MetaData) -> sa.Table:
    """A table of tallies among a room's own; the room's migrations make it."""
    return sa.Table(
        name,
        metadata,
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(12), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False, doc="of the metric"),
        sa.Column("dimensions", sa.Text, nullable=False, doc="pairs as JSON, sorted"),
        sa.Column("unit", sa.String(20), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False, doc="of its period, seconds since the epoch"),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("batch", sa.BigInteger, doc="that it is moved in; none: it waits"),
        sa.Index(f"{name}_batch", "batch", "id"),
    )


class Tallies:
    """Writes tallies into a table. Used by many threads and processes at once: they wait for nobody but the database.

    Args:
        kept: whether there is somebody who moves them; otherwise nothing is written.
    """

    def __init__(self, table: sa.Table, *, kept: bool = True) -> None:
        self._table = table
        self._kept = kept

    def add(self, connection: sa.Connection, tallies: Iterable[Tally], now: float) -> None:
        """Write in the caller's transaction what happened now (seconds since the epoch)."""
        times: Counter[Tally] = Counter()
        for each in tallies:
            times[each._replace(times=0)] += each.times
        if not times or not self._kept:
            return
        start = int(now) // PERIOD_S * PERIOD_S
        rows = [
            tally._asdict() | {"dimensions": _json(tally.dimensions), "times": count, "start": start}
            for tally, count in times.items()
        ]
        connection.execute(sa.insert(self._table), rows)


class TallyMover:
    """A `core.loops.Step` that moves the tallies of a table to the metrics. One a table.

    Args:
        reader: how the sink knows it.
        namespace: of its metrics: `AWS/SNS`.
    """

    def __init__(self, state: State, table: sa.Table, sink: TallySink, *, reader: str, namespace: str) -> None:
        self.name = reader
        self._state = state
        self._table = table
        self._sink = sink
        self._namespace = namespace
        self._revision: int | None = None
        """Of the database, when it had no tallies."""

    def step(self) -> float:
        """Move a batch. Returns the seconds until there may be more to do."""
        revision = self._state.revision()
        if revision == self._revision or not self._any():
            self._revision = revision
            return POLL_S
        position = self._sink.position(self.name)
        batch, tallied, more = self._gather(position)
        if tallied:
            failpoint("tallies.gathered")
            self._sink.add(self.name, batch, self._namespace, tallied)
            failpoint("tallies.moved")
            self._forget(batch)
        return 0.0 if more else POLL_S

    def _any(self) -> bool:
        with self._state.read() as connection:
            return connection.execute(sa.select(self._table.c.id).limit(1)).first() is not None

    def _gather(self, position: int) -> tuple[int, list[Tallied], bool]:
        """The batch that is to be moved: its number, what is in it, and whether there may be more."""
        table = self._table
        with self._state.write() as connection:
            connection.execute(sa.delete(table).where(table.c.batch <= position))
            begun = connection.scalar(sa.select(sa.func.max(table.c.batch)))  # was not moved, or the metrics lost it
            batch = begun
            if batch is None:
                batch = position + 1
                waiting = sa.select(table.c.id).where(table.c.batch.is_(None)).order_by(table.c.id).limit(ROWS_A_STEP)
                connection.execute(sa.update(table).where(table.c.id.in_(waiting)).values(batch=batch))
            rows = connection.execute(sa.select(table).where(table.c.batch.is_not(None))).all()
        return batch, _summed(rows), begun is not None or len(rows) >= ROWS_A_STEP

    def _forget(self, batch: int) -> None:
        with self._state.write() as connection:
            connection.execute(sa.delete(self._table).where(self._table.c.batch <= batch))


def _summed(rows: Iterable[sa.Row[tuple[object, ...]]]) -> list[Tallied]:
    times: Counter[Tallied] = Counter()
    for row in rows:
        found = row._mapping
        dimensions = _dimensions.decode(found["dimensions"])
        known = (found["account"], found["region"], found["name"], dimensions, found["value"], 0, found["unit"])
        times[Tallied(Tally(*known), found["start"])] += found["times"]
    return [Tallied(each.tally._replace(times=count), each.start) for each, count in times.items()]


_dimensions = msgspec.json.Decoder(tuple[tuple[str, str], ...])


def _json(dimensions: tuple[tuple[str, str], ...]) -> str:
    return msgspec.json.encode(dimensions).decode()
