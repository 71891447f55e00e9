"""Log groups: what they are, and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.policies import delete_of
from cairn.cloudwatch.logs.tables import batches, graves, group_tags, groups, living
from cairn.core.clock import Clock
from cairn.core.state import State

DAY_MS = 86_400_000
TAGS_MAX = 50
"""Of a group."""

STANDARD = "STANDARD"
DELIVERY = "DELIVERY"
DELIVERY_RETENTION_DAYS = 2
"""What groups of the class DELIVERY have, and no other."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One log group."""

    row: int
    id: GroupId
    created_ms: int
    retention_days: int | None = None
    """None: its events stay for ever."""
    kms_key: str = ""
    """ARN; empty: none."""
    log_class: str = STANDARD
    protected: bool = False
    """Against deletion."""
    chunk_bytes: int = 0

    @property
    def arn(self) -> str:
        return self.id.arn

    def oldest_ms(self, now_ms: int) -> int:
        """Timestamp of the oldest event that it keeps."""
        return now_ms - self.retention_days * DAY_MS if self.retention_days is not None else 0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which groups of an account in a region are listed."""

    account: str
    region: str
    prefix: str = ""
    parts: Sequence[str] = ()
    """Names hold at least one of these; one that begins with `^` has to stand at the beginning."""
    log_class: str = ""
    names: Sequence[str] | None = None
    tags: Sequence[tuple[str, Sequence[str]]] = ()
    """For each, the key is there, with one of the values if there are any; `!` before a value is any but that, `*` at
    its begin or end stands for any text."""


class Groups:
    """The log groups of all accounts."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def get(self, group: GroupId) -> Group:
        """The group.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        with self._state.read() as connection:
            return get(connection, group)

    def create(
        self,
        group: GroupId,
        *,
        log_class: str = STANDARD,
        kms_key: str = "",
        protected: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Make a group.

        Raises:
            AwsError: ResourceAlreadyExistsException.
        """
        with self._state.write() as connection:
            if find(connection, group) is not None:
                raise refusals.group_already_exists()
            row = connection.execute(
                sa.insert(groups).values(
                    **group._asdict(),
                    created_ms=int(self._clock.now() * 1000),
                    retention_days=DELIVERY_RETENTION_DAYS if log_class == DELIVERY else None,
                    kms_key=kms_key,
                    log_class=log_class,
                    protected=protected,
                    chunk_bytes=0,
                )
            ).inserted_primary_key
            assert row is not None
            _put_tags(connection, row[0], tags or {})

    def delete(self, group: GroupId) -> None:
        """Delete a group and all that is in it.

        Nobody finds it any more, and its name is free. Its rows stay until sinks have read what was put into it
        before; then they go (`cleaning`).

        Raises:
            AwsError: ResourceNotFoundException; ValidationException: it is protected.
        """
        with self._state.write() as connection:
            found = get(connection, group)
            if found.protected:
                raise refusals.group_protected()
            connection.execute(sa.insert(graves).values(log_group=found.row, log_stream=None))
            delete_of(connection, group)
            gone_ms = int(self._clock.now() * 1000)
            connection.execute(sa.update(groups).where(groups.c.id == found.row).values(gone_ms=gone_ms))

    def change(self, group: GroupId, **values: object) -> None:
        """Set columns of a group.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        with self._state.write() as connection:
            connection.execute(sa.update(groups).where(groups.c.id == get(connection, group).row).values(**values))

    def page(self, wanted: Wanted, *, after: str = "", limit: int) -> list[Group]:
        """Groups in the order of their names, behind a name; no more than `limit`."""
        query = sa.select(groups).where(
            groups.c.account == wanted.account, groups.c.region == wanted.region, groups.c.name > after, living
        )
        if wanted.prefix:
            query = query.where(groups.c.name >= wanted.prefix, starts_with(groups.c.name, wanted.prefix))
        if wanted.parts:
            query = query.where(sa.or_(*map(_has, wanted.parts)))
        if wanted.log_class:
            query = query.where(groups.c.log_class == wanted.log_class)
        if wanted.names is not None:
            query = query.where(groups.c.name.in_(wanted.names))
        for key, values in wanted.tags:
            tagged = sa.select(group_tags.c.log_group).where(group_tags.c.key == key)
            if values:
                tagged = tagged.where(sa.or_(*map(_tagged, values)))
            query = query.where(groups.c.id.in_(tagged))
        with self._state.read() as connection:
            return [of_row(row) for row in connection.execute(query.order_by(groups.c.name).limit(limit))]

    def stored_bytes(self, listed: Sequence[Group]) -> dict[GroupId, int]:
        """Bytes of the events of each, as AWS counts those of a put."""
        query = sa.select(batches.c.log_group, sa.func.sum(batches.c.bytes).label("bytes")).group_by(
            batches.c.log_group
        )
        with self._state.read() as connection:
            rows = connection.execute(query.where(batches.c.log_group.in_([group.row for group in listed])))
            fresh = {row.log_group: int(row.bytes) for row in rows}
        return {group.id: group.chunk_bytes + fresh.get(group.row, 0) for group in listed}

    def tags(self, group: GroupId) -> dict[str, str]:
        """The tags of a group.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        with self._state.read() as connection:
            return _tags(connection, get(connection, group).row)

    def add_tags(self, group: GroupId, new: Mapping[str, str]) -> None:
        """Add tags, in place of those of the same keys.

        Raises:
            AwsError: ResourceNotFoundException, TooManyTagsException.
        """
        with self._state.write() as connection:
            row = get(connection, group).row
            if len(_tags(connection, row) | dict(new)) > TAGS_MAX:
                raise refusals.too_many_tags(group.arn)
            _remove_tags(connection, row, new)
            _put_tags(connection, row, new)

    def remove_tags(self, group: GroupId, keys: Iterable[str]) -> None:
        """Remove tags by key; a key that is not there is none to remove.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        with self._state.write() as connection:
            _remove_tags(connection, get(connection, group).row, keys)


def find(connection: sa.Connection, group: GroupId) -> Group | None:
    row = connection.execute(_FIND, group._asdict()).one_or_none()
    return of_row(row) if row is not None else None


def get(connection: sa.Connection, group: GroupId) -> Group:
    """The group.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    found = find(connection, group)
    if found is None:
        raise refusals.group_not_found()
    return found


def hold(connection: sa.Connection, group: int) -> None:
    """Keep others from changing what hangs on a group's row, such as its filters, until the transaction ends."""
    if connection.dialect.name != "sqlite":  # which has one writer at a time
        connection.execute(sa.select(groups.c.id).where(groups.c.id == group).with_for_update())


def of_row(row: sa.Row[tuple[object, ...]]) -> Group:
    return Group(
        row=row.id,
        id=GroupId(row.account, row.region, row.name),
        created_ms=row.created_ms,
        retention_days=row.retention_days,
        kms_key=row.kms_key,
        log_class=row.log_class,
        protected=row.protected,
        chunk_bytes=row.chunk_bytes,
    )


def starts_with(column: sa.Column[str], prefix: str) -> sa.ColumnElement[bool]:
    """Whether a text begins so, upper and lower case apart."""
    return sa.func.substr(column, 1, len(prefix)) == prefix


def _has(part: str) -> sa.ColumnElement[bool]:
    if part.startswith("^"):
        return starts_with(groups.c.name, part[1:])
    return sa.func.replace(groups.c.name, part, "") != groups.c.name  # the one search that all databases have


def _tagged(value: str) -> sa.ColumnElement[bool]:
    column, text = group_tags.c.value, value.removeprefix("!").strip("*")
    match value.removeprefix("!").startswith("*"), len(value) > 1 and value.endswith("*"):
        case True, True:
            holds = sa.or_(sa.literal(not text), sa.func.replace(column, text, "") != column)
        case True, False:
            holds = sa.func.substr(column, sa.func.length(column) - len(text) + 1) == text
        case False, True:
            holds = starts_with(column, text)
        case _:
            holds = column == text
    return sa.not_(holds) if value.startswith("!") else holds


def _tags(connection: sa.Connection, row: int) -> dict[str, str]:
    rows = connection.execute(sa.select(group_tags).where(group_tags.c.log_group == row).order_by(group_tags.c.key))
    return {row.key: row.value for row in rows}


def _put_tags(connection: sa.Connection, row: int, new: Mapping[str, str]) -> None:
    if new:
        rows = [{"log_group": row, "key": key, "value": value} for key, value in new.items()]
        connection.execute(sa.insert(group_tags), rows)


def _remove_tags(connection: sa.Connection, row: int, keys: Iterable[str]) -> None:
    connection.execute(sa.delete(group_tags).where(group_tags.c.log_group == row, group_tags.c.key.in_(list(keys))))


_FIND = sa.select(groups).where(
    groups.c.account == sa.bindparam("account"),
    groups.c.region == sa.bindparam("region"),
    groups.c.name == sa.bindparam("name"),
    living,
)
