"""Export tasks as they are kept."""

from __future__ import annotations

import uuid

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.exports import refusals
from cairn.cloudwatch.exports.tables import tasks
from cairn.cloudwatch.logs import GroupId
from cairn.core.clock import Clock
from cairn.core.state import State

PENDING = "PENDING"
RUNNING = "RUNNING"
PENDING_CANCEL = "PENDING_CANCEL"
CANCELLED = "CANCELLED"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
ACTIVE = (PENDING, RUNNING, PENDING_CANCEL)

KEPT_S = 90 * 86_400
"""How long a task is shown after its end."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One export task."""

    id: str = ""
    account: str
    region: str
    name: str = ""
    group_name: str
    stream_prefix: str = ""
    from_ms: int
    to_ms: int
    """Of the last event that is exported."""
    bucket: str
    prefix: str
    status: str = PENDING
    message: str = ""
    created_ms: int = 0
    completed_ms: int | None = None

    @property
    def group(self) -> GroupId:
        return GroupId(self.account, self.region, self.group_name)


class Tasks:
    """The export tasks of all accounts."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def check_room(self, account: str, region: str) -> None:
        """Raise where a task of the account is active in the region.

        Raises:
            AwsError: LimitExceededException.
        """
        with self._state.read() as connection:
            _check_room(connection, account, region)

    def create(self, wanted: Task) -> str:
        """Keep a task that the worker will carry out. Returns its id.

        Raises:
            AwsError: LimitExceededException: another is active.
        """
        task = msgspec.structs.replace(wanted, id=str(uuid.uuid4()), created_ms=self._now_ms())
        with self._state.write() as connection:
            _check_room(connection, task.account, task.region)
            connection.execute(sa.insert(tasks).values(msgspec.structs.asdict(task)))
        return task.id

    def page(
        self, account: str, region: str, *, task: str, status: str, before: tuple[int, str] | None, most: int
    ) -> list[Task]:
        """Tasks, the youngest first, behind a place: when it was made, and its id."""
        select = sa.select(tasks).where(tasks.c.account == account, tasks.c.region == region)
        if task:
            select = select.where(tasks.c.id == task)
        if status:
            select = select.where(tasks.c.status == status)
        if before is not None:
            place = sa.tuple_(tasks.c.created_ms, tasks.c.id)
            select = select.where(place < sa.tuple_(*map(sa.literal, before)))
        select = select.order_by(tasks.c.created_ms.desc(), tasks.c.id.desc()).limit(most)
        with self._state.read() as connection:
            return [Task(**row) for row in connection.execute(select).mappings()]

    def cancel(self, account: str, region: str, task: str) -> None:
        """Cancel a task: at once if it waits, as soon as the worker sees it if it runs.

        Raises:
            AwsError: ResourceNotFoundException; InvalidOperationException: it has ended.
        """
        known = tasks.c.id == task, tasks.c.account == account, tasks.c.region == region
        with self._state.write() as connection:
            status = connection.scalar(sa.select(tasks.c.status).where(*known))
            if status is None:
                raise refusals.task_not_found()
            if status not in (PENDING, RUNNING):
                raise refusals.task_has_ended()
            values: dict[str, object] = {"status": PENDING_CANCEL}
            if status == PENDING:
                values = {"status": CANCELLED, "completed_ms": self._now_ms(), "message": "Cancelled by the user"}
            connection.execute(sa.update(tasks).where(*known).values(values))

    def next(self) -> Task | None:
        """The task that has been active the longest."""
        select = sa.select(tasks).where(tasks.c.status.in_(ACTIVE)).order_by(tasks.c.created_ms, tasks.c.id).limit(1)
        with self._state.read() as connection:
            row = connection.execute(select).mappings().one_or_none()
        return Task(**row) if row is not None else None

    def begin(self, task: str) -> None:
        """A task that waited runs now."""
        with self._state.write() as connection:
            known = tasks.c.id == task, tasks.c.status == PENDING
            connection.execute(sa.update(tasks).where(*known).values(status=RUNNING, message="Started"))

    def status(self, task: str) -> str:
        """As it is now."""
        with self._state.read() as connection:
            return connection.scalar(sa.select(tasks.c.status).where(tasks.c.id == task)) or CANCELLED

    def end(self, task: str, status: str, message: str) -> None:
        """A task came to its end."""
        values = {"status": status, "message": message, "completed_ms": self._now_ms()}
        with self._state.write() as connection:
            connection.execute(sa.update(tasks).where(tasks.c.id == task, tasks.c.status.in_(ACTIVE)).values(values))

    def forget_old(self) -> None:
        """Forget tasks that ended long ago."""
        before = self._now_ms() - KEPT_S * 1000
        with self._state.write() as connection:
            connection.execute(sa.delete(tasks).where(tasks.c.completed_ms < before))

    def _now_ms(self) -> int:
        return int(self._clock.now() * 1000)


def _check_room(connection: sa.Connection, account: str, region: str) -> None:
    active = sa.select(sa.func.count()).where(
        tasks.c.account == account, tasks.c.region == region, tasks.c.status.in_(ACTIVE)
    )
    if connection.scalar(active):
        raise refusals.another_is_active()
