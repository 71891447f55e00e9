"""Subscription filters as they are kept."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs import GroupId, LogStore
from cairn.cloudwatch.logs.groups import get, hold
from cairn.cloudwatch.logs.joints import WITH_REGEXES_MAX, RegexFilters, no_others
from cairn.cloudwatch.logs.tables import groups
from cairn.cloudwatch.subscriptions import refusals
from cairn.cloudwatch.subscriptions.tables import filters, messages

FILTERS_MAX = 2
"""Of a log group."""
BY_STREAM = "ByLogStream"


class SubscriptionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """One filter."""

    id: int = 0
    group: GroupId
    group_row: int = 0
    name: str
    pattern: str
    regexes: int = 0
    """Regular expressions in the pattern."""
    destination: str
    """Its ARN."""
    role: str = ""
    """Its ARN; empty: none."""
    distribution: str = BY_STREAM
    created_ms: int = 0
    first_seq: int = 0
    """The first put that it sees."""
    dropped: int = 0
    """Events that its destination refused for too long."""


class Filters:
    """The filters of all log groups.

    Args:
        others: the other filters of a group that count with them, where they have regular expressions.
    """

    def __init__(self, store: LogStore, others: RegexFilters = no_others) -> None:
        self._store = store
        self._others = others

    def check_room(self, wanted: SubscriptionFilter) -> None:
        """Raise unless its group may have this filter.

        Raises:
            AwsError: ResourceNotFoundException, LimitExceededException.
        """
        with self._store.state.read() as connection:
            self._check_room(connection, get(connection, wanted.group).row, wanted)

    def put(self, wanted: SubscriptionFilter) -> None:
        """Make a filter, or change the one of that name. It sees what is put from now on.

        Raises:
            AwsError: ResourceNotFoundException, LimitExceededException.
        """
        values: dict[str, Any] = {
            "pattern": wanted.pattern,
            "regexes": wanted.regexes,
            "destination": wanted.destination,
            "role": wanted.role,
            "distribution": wanted.distribution,
        }
        with self._store.state.write() as connection:
            row = get(connection, wanted.group).row
            hold(connection, row)
            self._check_room(connection, row, wanted)
            known = filters.c.log_group == row, filters.c.name == wanted.name
            if connection.execute(sa.update(filters).where(*known).values(values)).rowcount:
                return
            values |= {"log_group": row, "name": wanted.name, "created_ms": self._store.now_ms(), "dropped": 0}
            connection.execute(sa.insert(filters).values(values | {"first_seq": self._store.next_seq(connection)}))

    def delete(self, group: GroupId, name: str) -> None:
        """Delete a filter, and what waits to be delivered for it.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        with self._store.state.write() as connection:
            row = get(connection, group).row
            known = filters.c.log_group == row, filters.c.name == name
            if not connection.execute(sa.delete(filters).where(*known)).rowcount:
                raise refusals.filter_not_found()

    def page(self, group: GroupId, *, prefix: str, after: str, most: int) -> list[SubscriptionFilter]:
        """Filters of a group in the order of their names, behind a name.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        with self._store.state.read() as connection:
            row = get(connection, group).row
            query = _SELECT.where(
                filters.c.log_group == row, filters.c.name > after, filters.c.name.startswith(prefix, autoescape=True)
            )
            return [_filter(each) for each in connection.execute(query.order_by(filters.c.name).limit(most))]

    def all(self) -> list[SubscriptionFilter]:
        """Those of all groups, of deleted ones too as long as there is something to read or to deliver of them."""
        with self._store.state.read() as connection:
            return [_filter(row) for row in connection.execute(_SELECT.order_by(filters.c.id))]

    def _check_room(self, connection: sa.Connection, group: int, wanted: SubscriptionFilter) -> None:
        others = sa.select(filters.c.regexes).where(filters.c.log_group == group, filters.c.name != wanted.name)
        found = list(connection.scalars(others))
        if len(found) >= FILTERS_MAX:
            raise refusals.too_many_filters()
        if not wanted.regexes:
            return
        if sum(regexes > 0 for regexes in found) + self._others(connection, group) >= WITH_REGEXES_MAX:
            raise refusals.too_many_filters()

    def needs(self, group_row: int) -> bool:
        """Whether something waits to be delivered for a filter of a group."""
        waiting = sa.select(messages.c.id).join(filters, filters.c.id == messages.c.filter)
        with self._store.state.read() as connection:
            return connection.scalar(waiting.where(filters.c.log_group == group_row).limit(1)) is not None


_SELECT = sa.select(filters, groups.c.account, groups.c.region, groups.c.name.label("group_name")).join(
    groups, groups.c.id == filters.c.log_group
)


def with_regexes(connection: sa.Connection, group: int) -> int:
    """`logs.joints.RegexFilters` of subscription filters."""
    query = sa.select(sa.func.count()).where(filters.c.log_group == group, filters.c.regexes > 0)
    return connection.scalar(query) or 0


def _filter(row: sa.Row[Any]) -> SubscriptionFilter:
    return SubscriptionFilter(
        id=row.id,
        group=GroupId(row.account, row.region, row.group_name),
        group_row=row.log_group,
        name=row.name,
        pattern=row.pattern,
        regexes=row.regexes,
        destination=row.destination,
        role=row.role,
        distribution=row.distribution,
        created_ms=row.created_ms,
        first_seq=row.first_seq,
        dropped=row.dropped,
    )
