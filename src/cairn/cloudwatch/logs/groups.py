"""Log groups as rows."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.names import GroupId
from cairn.cloudwatch.logs.tables import groups

DAY_MS = 86_400_000

STANDARD = "STANDARD"
INFREQUENT_ACCESS = "INFREQUENT_ACCESS"
DELIVERY = "DELIVERY"


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


_FIND = sa.select(groups).where(
    groups.c.account == sa.bindparam("account"),
    groups.c.region == sa.bindparam("region"),
    groups.c.name == sa.bindparam("name"),
)
