"""What waits for delivery, as it stands in the database."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.sns import subscription as subscribed
from cairn.cloudwatch.sns.message import Message
from cairn.cloudwatch.sns.subscription import Subscription
from cairn.cloudwatch.sns.subscriptions import forget_messages, topic_id
from cairn.cloudwatch.sns.tables import deliveries, messages, published, subscriptions, tallies
from cairn.cloudwatch.sns.topic import Topic
from cairn.cloudwatch.sns.topics import read_topic
from cairn.core.state import State
from cairn.core.tallies import Tallies, Tally

ERROR_CHARACTERS_MAX = 500


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way to a subscriber."""

    id: int
    message_id: int
    message: Message
    group: str
    attempts: int
    """That failed; of a dead one: at the dead-letter queue."""
    due: float
    dead: bool
    error: str


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one subscriber."""

    subscription: Subscription
    topic: Topic
    deliveries: list[Delivery]
    """The oldest first."""


class Queue:
    """Deliveries that are not done. Used by many threads.

    Args:
        counted: whether what became of them is counted for the metrics.
    """

    def __init__(self, state: State, *, counted: bool = True) -> None:
        self._state = state
        self._tallies = Tallies(tallies, kept=counted)

    def waiting(self) -> int:
        with self._state.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(deliveries)) or 0

    def revision(self) -> int:
        """A number that is another one once anybody has changed anything since it was last asked for."""
        return self._state.revision()

    def next_due(self, now: float) -> float | None:
        """When something is due that is not due now; None if there is no such thing."""
        with self._state.read() as connection:
            found: float | None = connection.scalar(
                sa.select(sa.func.min(deliveries.c.due)).where(deliveries.c.due > now)
            )
            return found

    def due(self, now: float, limit: int) -> list[int]:
        """Subscriptions that something is due for, who has waited longest first."""
        select = (
            sa.select(deliveries.c.subscription)
            .where(deliveries.c.due <= now, _is_first(now))
            .group_by(deliveries.c.subscription)
            .order_by(sa.func.min(deliveries.c.due))
            .limit(limit)
        )
        with self._state.read() as connection:
            return list(connection.scalars(select))

    def work(self, subscription: int, now: float, limit: int) -> Work | None:
        """What is due for a subscription; None where it is gone.

        Of a group only what nothing earlier of the group is in the way of.
        """
        with self._state.read() as connection:
            found = subscribed.select(connection, subscriptions.c.id == subscription)
            topic = read_topic(connection, topic_id(found[0].arn)) if found else None
            if topic is None:
                return None
            mine = deliveries.c.subscription == subscription
            select = (
                sa.select(deliveries, messages.c.content)
                .join(messages, messages.c.id == deliveries.c.message)
                .where(mine, deliveries.c.due <= now, _is_first(now))
                .order_by(deliveries.c.id)
                .limit(limit)
            )
            rows = connection.execute(select).mappings().all()
        return Work(subscription=found[0], topic=topic, deliveries=[_of_row(row) for row in rows])

    def note(
        self, finished: Sequence[Delivery], delayed: Sequence[Delivery], counted: Sequence[Tally], now: float
    ) -> None:
        """Forget deliveries that are finished, note when others are tried next and why, and count what happened now."""
        if not finished and not delayed:
            return
        with self._state.write() as connection:
            if finished:
                _forget(connection, finished)
            if delayed:
                _put_off(connection, delayed)
            self._tallies.add(connection, counted, now)

    def tidy(self, now: float) -> None:
        """Forget ids that count no more, and messages that lost their subscribers."""
        with self._state.write() as connection:
            connection.execute(sa.delete(published).where(published.c.until <= now))
            forget_messages(connection)

    def names(self, rows: Sequence[int], lately: Sequence[int]) -> dict[int, str]:
        """ARNs by row of those subscriptions that are still there and that something waits for; of those of `lately`
        anyway."""
        id = subscriptions.c.id
        waits = sa.exists().where(deliveries.c.subscription == id)
        with self._state.read() as connection:
            select = sa.select(id, subscriptions.c.arn).where((id.in_(rows) & waits) | id.in_(lately))
            return {row.id: row.arn for row in connection.execute(select)}


def _forget(connection: sa.Connection, finished: Sequence[Delivery]) -> None:
    """Forget deliveries, and messages that nobody else waits for."""
    connection.execute(sa.delete(deliveries).where(deliveries.c.id.in_([each.id for each in finished])))
    owed = sa.exists().where(deliveries.c.message == messages.c.id)
    mine = messages.c.id.in_([each.message_id for each in finished])
    connection.execute(sa.delete(messages).where(mine, ~owed))


def _put_off(connection: sa.Connection, delayed: Sequence[Delivery]) -> None:
    row = sa.update(deliveries).where(deliveries.c.id == sa.bindparam("row"))
    statement = row.values({name: sa.bindparam(f"new_{name}") for name in ("attempts", "due", "dead", "error")})
    values = [
        {
            "row": each.id,
            "new_attempts": each.attempts,
            "new_due": each.due,
            "new_dead": each.dead,
            "new_error": each.error[:ERROR_CHARACTERS_MAX],
        }
        for each in delayed
    ]
    connection.execute(statement, values)


def _is_first(now: float) -> sa.ColumnElement[bool]:
    """Nothing that is due later comes before it in its group, if it has one."""
    earlier = deliveries.alias("earlier")
    in_the_way = sa.exists().where(
        earlier.c.subscription == deliveries.c.subscription,
        earlier.c.group_id == deliveries.c.group_id,
        earlier.c.id < deliveries.c.id,
        earlier.c.due > now,
    )
    return sa.or_(deliveries.c.group_id == "", ~in_the_way)


def _of_row(row: sa.RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        message_id=row["message"],
        message=msgspec.json.decode(row["content"], type=Message),
        group=row["group_id"],
        attempts=row["attempts"],
        due=row["due"],
        dead=row["dead"],
        error=row["error"],
    )
