"""The alarms of all accounts: putting, deleting, setting, and finding them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms import reasons, refusals, rows, tags
from cairn.cloudwatch.alarms.alarm import (
    COMPOSITE_ALARM,
    METRIC_ALARM,
    Alarm,
    AlarmId,
    CompositeSettings,
    MetricSettings,
    State,
    name_of,
)
from cairn.cloudwatch.alarms.composites import suppressing, turn_composite
from cairn.cloudwatch.alarms.evaluation import INSUFFICIENT_DATA
from cairn.cloudwatch.alarms.rule import parse_rule
from cairn.cloudwatch.alarms.suppression import Suppression
from cairn.cloudwatch.alarms.tables import alarms, references
from cairn.cloudwatch.alarms.transitions import note_configuration, turn
from cairn.core.clock import Clock
from cairn.core.state import State as Database

ALARMS_MAX = 5_000
"""In an account and Region."""
PARENTS_MAX = 150
"""Composite alarms that may depend on one alarm."""

Condition = sa.ColumnElement[bool]


class Alarms:
    """Every change is one transaction, durable when it returns. What one finds may be another's a moment later."""

    def __init__(self, state: Database, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def put_metric(self, id: AlarmId, settings: MetricSettings, *, enabled: bool, tagged: dict[str, str]) -> None:
        """Make an alarm, or change all of it but its state and its tags."""
        self._twice(lambda connection: self._put(connection, id, settings, enabled, tagged))

    def put_composite(self, id: AlarmId, settings: CompositeSettings, *, enabled: bool, tagged: dict[str, str]) -> None:
        """
        Raises:
            AwsError: ValidationError; the rule is none, or names alarms that are not there, or comes back to itself.
        """
        rule = parse_rule(settings.alarm_rule)
        suppressor = name_of(settings.actions_suppressor) if settings.actions_suppressor is not None else None
        names = {*rule.children, *([suppressor] if suppressor is not None else [])}

        def put(connection: sa.Connection) -> None:
            found = rows.named(connection, id.account, id.region, names, lock=True)
            missing = [name for name in rule.children if name not in found]
            if id.name in names:
                raise refusals.cycle(id.name)
            if missing:
                raise refusals.no_such_children(missing)
            if suppressor is not None and suppressor not in found:
                raise refusals.no_such_suppressor(suppressor)
            row = self._put(connection, id, settings, enabled, tagged)
            _check_parents(connection, row, found)
            children = {found[name].row for name in rule.children}
            rows.refer(connection, row, children, found[suppressor].row if suppressor is not None else None)

        self._twice(put)

    def delete(self, account: str, region: str, names: Sequence[str]) -> None:
        """Delete all of them or none.

        Raises:
            AwsError: ResourceNotFound; ValidationError, where others depend on one, or composite alarms are mixed.
        """
        with self._state.write() as connection:
            found = rows.named(connection, account, region, names, lock=True)
            for name in names:
                if name not in found:
                    raise refusals.alarm_not_found(name)
            if len(found) > 1 and any(alarm.kind == COMPOSITE_ALARM for alarm in found.values()):
                raise refusals.one_composite_at_a_time()
            going = {alarm.row for alarm in found.values()}
            needed = {child for parent, child in rows.parents(connection, going) if parent not in going}
            if needed:
                raise refusals.depended_on([alarm.id.name for alarm in found.values() if alarm.row in needed])
            rows.delete(connection, sorted(going))
            for alarm in found.values():
                note_configuration(connection, alarm, "delete", self._clock.now())

    def set_state(self, id: AlarmId, value: str, reason: str, data: str) -> None:
        """Give an alarm a state until it is evaluated the next time.

        Raises:
            AwsError: ResourceNotFound.
        """
        now = self._clock.now()
        with self._state.write() as connection:
            alarm = rows.find(connection, id, lock=True)
            if alarm is None:
                raise refusals.alarm_not_found(id.name)
            if isinstance(alarm.settings, MetricSettings):
                turn(connection, alarm, value, reason, data, now)
            else:
                held = suppressing(connection, alarm)
                turn_composite(connection, alarm, value, reason, data, now, suppressing=held)

    def enable(self, account: str, region: str, names: Iterable[str], enabled: bool) -> None:
        """Whether actions are carried out. Names of no alarm are passed over."""
        now = self._clock.now()
        with self._state.write() as connection:
            for alarm in rows.named(connection, account, region, names, lock=True).values():
                if alarm.enabled != enabled:
                    after = msgspec.structs.replace(alarm, enabled=enabled, configured=now)
                    rows.update(connection, after)
                    note_configuration(connection, after, "update", now, alarm)

    def find(self, id: AlarmId) -> Alarm | None:
        with self._state.read() as connection:
            return rows.find(connection, id)

    def select(self, account: str, region: str, *conditions: Condition, limit: int | None = None) -> list[Alarm]:
        """Alarms by name."""
        with self._state.read() as connection:
            return rows.select(
                connection, alarms.c.account == account, alarms.c.region == region, *conditions, limit=limit
            )

    def tags(self, id: AlarmId) -> dict[str, str] | None:
        """The tags of an alarm; None: there is no such alarm."""
        with self._state.read() as connection:
            alarm = rows.find(connection, id)
            return tags.read(connection, alarm.row) if alarm is not None else None

    def change_tags(self, id: AlarmId, change: Callable[[dict[str, str]], dict[str, str]]) -> bool:
        """Returns whether there is such an alarm."""
        with self._state.write() as connection:
            alarm = rows.find(connection, id, lock=True)
            if alarm is None:
                return False
            tags.write(connection, alarm.row, change(tags.read(connection, alarm.row)))
            return True

    def _twice(self, put: Callable[[sa.Connection], object]) -> None:
        """Put in a transaction, and once more where somebody has put an alarm of the same new name meanwhile."""
        try:
            with self._state.write() as connection:
                put(connection)
        except sa.exc.IntegrityError:
            with self._state.write() as connection:
                put(connection)

    def _put(
        self,
        connection: sa.Connection,
        id: AlarmId,
        settings: MetricSettings | CompositeSettings,
        enabled: bool,
        tagged: dict[str, str],
    ) -> int:
        """Returns the alarm's row."""
        now = self._clock.now()
        composite = isinstance(settings, CompositeSettings)
        before = rows.find(connection, id, lock=True)
        if before is None:
            mine = (alarms.c.account == id.account, alarms.c.region == id.region)
            if (connection.scalar(sa.select(sa.func.count()).where(*mine)) or 0) >= ALARMS_MAX:
                raise refusals.too_many_alarms(ALARMS_MAX)
            alarm = Alarm(
                row=0,
                id=id,
                settings=settings,
                enabled=enabled,
                state=State(value=INSUFFICIENT_DATA, reason=reasons.INITIAL, updated=now, transitioned=now),
                configured=now,
                generation=1,
                due=now if composite else None,
                defined="created" if composite else "",
            )
            row = rows.insert(connection, alarm)
            tags.write(connection, row, tagged)
            note_configuration(connection, alarm, "create", now)
            return row
        if before.kind != (COMPOSITE_ALARM if composite else METRIC_ALARM):
            raise refusals.kind_differs(id.name, before.kind)
        after = msgspec.structs.replace(
            before,
            settings=settings,
            enabled=enabled,
            configured=now,
            due=now if composite else None,
            suppression=_kept(before, settings),
            defined=before.defined or ("updated" if composite else ""),
            evaluation="",
        )
        rows.update(connection, after)
        note_configuration(connection, after, "update", now, before)
        return before.row


def _kept(before: Alarm, settings: MetricSettings | CompositeSettings) -> Suppression:
    """Another suppressor ends the period that runs; what is owed stays owed."""
    suppressors = [
        each.actions_suppressor if isinstance(each, CompositeSettings) else None for each in (before.settings, settings)
    ]
    if suppressors[0] == suppressors[1]:
        return before.suppression
    return Suppression(owed=before.suppression.owed)


def _check_parents(connection: sa.Connection, row: int, found: dict[str, Alarm]) -> None:
    """Whether a composite alarm may depend on these: it is not among those that they depend on, and nor are too many
    on one of them."""
    names = {alarm.row: name for name, alarm in found.items()}
    depending: dict[int, set[int]] = {}
    for parent, child in rows.parents(connection, names):
        depending.setdefault(child, set()).add(parent)
    for child, parents in depending.items():
        if len(parents - {row}) >= PARENTS_MAX:
            raise refusals.too_many_parents(names[child], PARENTS_MAX)
    reached = frontier = set(names)
    while frontier:
        below = sa.select(references.c.child).where(references.c.parent.in_(frontier))
        frontier = set(connection.scalars(below)) - reached
        reached = reached | frontier
        if row in reached:
            raise refusals.cycle(connection.scalar(sa.select(alarms.c.name).where(alarms.c.id == row)) or "")
