"""The metric filters of all log groups: putting, deleting, finding them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs import groups as log_groups
from cairn.cloudwatch.logs import refusals as log_refusals
from cairn.cloudwatch.logs.groups import STANDARD, starts_with
from cairn.cloudwatch.logs.joints import WITH_REGEXES_MAX, RegexFilters, no_others
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.store import LogStore
from cairn.cloudwatch.logs.tables import groups, living
from cairn.cloudwatch.metric_filters import refusals
from cairn.cloudwatch.metric_filters.definition import Definition, MetricFilter
from cairn.cloudwatch.metric_filters.tables import metric_filters
from cairn.cloudwatch.patterns import Pattern, compile_pattern

FILTERS_MAX = 100
"""Of a group."""

_pairs = msgspec.json.Decoder(tuple[tuple[str, str], ...])
_names = msgspec.json.Decoder(tuple[str, ...])


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which metric filters of an account in a region are listed; empty: all."""

    account: str
    region: str
    group: str = ""
    prefix: str = ""
    namespace: str = ""
    metric: str = ""


Stamp = tuple[int, int, int]
"""Another one whenever any filter was put or is gone."""


class MetricFilters:
    """Metric filters. Several processes and threads may use the database at once.

    Args:
        compile_pattern: how their patterns are read.
        others: the other filters of a group that count with them.
    """

    def __init__(
        self,
        logs: LogStore,
        compile_pattern: Callable[[str], Pattern] = compile_pattern,
        *,
        others: RegexFilters = no_others,
    ) -> None:
        self._others = others
        self.compile = compile_pattern
        self._logs = logs
        self._state = logs.state

    def put(self, group: GroupId, definition: Definition) -> None:
        """Make a filter, or change the one of that name; it looks at what is put from then on.

        A changed one looks at what its former self has not seen yet, so that nothing passes between the two.

        Raises:
            AwsError: ResourceNotFoundException: no such group; InvalidOperationException: not in groups of its class;
                LimitExceededException.
        """
        with self._state.write() as connection:
            found = log_groups.get(connection, group)
            if found.log_class != STANDARD:
                raise refusals.not_of_class(found.log_class)
            log_groups.hold(connection, found.row)
            own = sa.select(metric_filters).where(metric_filters.c.log_group == found.row)
            others = {row.name: row for row in connection.execute(own)}
            former = others.pop(definition.name, None)
            regexes = sum(row.regexes > 0 for row in others.values()) + self._others(connection, found.row)
            if len(others) >= FILTERS_MAX or (definition.regexes and regexes >= WITH_REGEXES_MAX):
                raise log_refusals.limit_exceeded()
            if former is not None:
                connection.execute(sa.delete(metric_filters).where(metric_filters.c.id == former.id))
            connection.execute(
                sa.insert(metric_filters).values(
                    log_group=found.row,
                    created_ms=former.created_ms if former is not None else self._logs.now_ms(),
                    since=former.since if former is not None else self._logs.next_seq(connection),
                    **_values(definition),
                )
            )

    def delete(self, group: GroupId, name: str) -> None:
        """Delete a filter; its metric's data stay.

        Raises:
            AwsError: ResourceNotFoundException: no such group, or no such filter.
        """
        with self._state.write() as connection:
            row = log_groups.get(connection, group).row
            named = sa.delete(metric_filters).where(metric_filters.c.log_group == row, metric_filters.c.name == name)
            if connection.execute(named).rowcount == 0:
                raise refusals.filter_not_found()

    def page(self, wanted: Wanted, *, after: tuple[str, str] = ("", ""), limit: int) -> list[MetricFilter]:
        """Filters in the order of their names and then of their groups' names, behind those two; at most `limit`.

        Raises:
            AwsError: ResourceNotFoundException: there is no such group.
        """
        place = sa.tuple_(metric_filters.c.name, groups.c.name)
        query = _SELECT.where(groups.c.account == wanted.account, groups.c.region == wanted.region, living)
        query = query.where(place > sa.tuple_(*(sa.literal(part) for part in after)))
        if wanted.prefix:
            query = query.where(starts_with(metric_filters.c.name, wanted.prefix))
        if wanted.metric:
            query = query.where(metric_filters.c.metric == wanted.metric)
            query = query.where(metric_filters.c.namespace == wanted.namespace)
        with self._state.read() as connection:
            if wanted.group:
                row = log_groups.get(connection, GroupId(wanted.account, wanted.region, wanted.group)).row
                query = query.where(metric_filters.c.log_group == row)
            query = query.order_by(metric_filters.c.name, groups.c.name).limit(limit)
            return [_of_row(row) for row in connection.execute(query)]

    def counts(self, listed: Sequence[GroupId]) -> dict[GroupId, int]:
        """How many filters groups of one account in one region have; those without are left out."""
        if not listed:
            return {}
        query = (
            sa.select(groups.c.name, sa.func.count().label("filters"))
            .join(metric_filters, metric_filters.c.log_group == groups.c.id)
            .where(groups.c.account == listed[0].account, groups.c.region == listed[0].region, living)
            .where(groups.c.name.in_([group.name for group in listed]))
            .group_by(groups.c.name)
        )
        with self._state.read() as connection:
            return {listed[0]._replace(name=row.name): row.filters for row in connection.execute(query)}

    def stamp(self) -> Stamp:
        """Costs a pass over an index; what is cached of `all` is good as long as it stays the same."""
        with self._state.read() as connection:
            count, youngest, total = connection.execute(_STAMP).one()
        return int(count), int(youngest or 0), int(total or 0)

    def all(self) -> Iterator[MetricFilter]:
        """Every filter of every group, those of deleted groups too as long as there is something to read of them."""
        with self._state.read() as connection:
            for row in connection.execute(_SELECT):
                yield _of_row(row)


_SELECT = sa.select(
    metric_filters,
    groups.c.account.label("account"),
    groups.c.region.label("region"),
    groups.c.name.label("group_name"),
).join(groups, groups.c.id == metric_filters.c.log_group)
_STAMP = sa.select(sa.func.count(), sa.func.max(metric_filters.c.id), sa.func.sum(metric_filters.c.id))


def with_regexes(connection: sa.Connection, group: int) -> int:
    """`logs.joints.RegexFilters` of metric filters."""
    query = sa.select(sa.func.count()).where(metric_filters.c.log_group == group, metric_filters.c.regexes > 0)
    return connection.scalar(query) or 0


def _values(definition: Definition) -> dict[str, Any]:
    values = msgspec.structs.asdict(definition)
    values["default_value"] = values.pop("default")
    for name in ("dimensions", "system_fields"):
        values[name] = msgspec.json.encode(values[name]).decode()
    return values


def _of_row(row: sa.Row[Any]) -> MetricFilter:
    return MetricFilter(
        row=row.id,
        group=GroupId(row.account, row.region, row.group_name),
        group_row=row.log_group,
        definition=Definition(
            name=row.name,
            pattern=row.pattern,
            regexes=row.regexes,
            namespace=row.namespace,
            metric=row.metric,
            value=row.value,
            default=row.default_value,
            dimensions=_pairs.decode(row.dimensions),
            system_fields=_names.decode(row.system_fields),
            unit=row.unit,
        ),
        created_ms=row.created_ms,
        since=row.since,
    )
