"""Evaluating composite alarms: whenever an alarm that they name has turned, and when a period of theirs ends."""

from __future__ import annotations

import logging
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms import reasons, rows
from cairn.cloudwatch.alarms.alarm import Alarm, CompositeSettings, name_of
from cairn.cloudwatch.alarms.alarm import State as AlarmState
from cairn.cloudwatch.alarms.evaluation import ALARM, INSUFFICIENT_DATA, OK
from cairn.cloudwatch.alarms.rule import Rule, parse_rule
from cairn.cloudwatch.alarms.suppression import UNSUPPRESSED, suppress
from cairn.cloudwatch.alarms.tables import alarms
from cairn.cloudwatch.alarms.transitions import carry_out, turn
from cairn.core.clock import Clock
from cairn.core.errors import AwsError
from cairn.core.state import State

SAME_MOMENT_S = 1.0
"""Alarms that turned so close to each other made their parent turn together."""


log = logging.getLogger(__name__)


class Composites:
    """The composite alarms of all accounts. For one thread."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._revision: int | None = None
        self._next: float | None = None

    def evaluate(self, now: float) -> None:
        """Evaluate those that are due, and those that are due because others turned, until all are right."""
        revision = self._state.revision()
        if revision == self._revision and (self._next is None or now < self._next):
            return
        with self._state.read() as connection:
            self._next = connection.scalar(sa.select(sa.func.min(alarms.c.due)))
        self._revision = revision
        while self._next is not None and self._next <= now:
            with self._state.write() as connection:
                for alarm in rows.select(connection, alarms.c.due <= now, lock=True):
                    _evaluate(connection, alarm, now)
                self._next = connection.scalar(sa.select(sa.func.min(alarms.c.due)))


def turn_composite(
    connection: sa.Connection, alarm: Alarm, value: str, reason: str, data: str, now: float, *, suppressing: bool
) -> Alarm | None:
    """Give a composite alarm a state, or the same again, and let its suppressor hold back the actions.

    Returns:
        The alarm as it is now; None if somebody has changed it since it was read.
    """
    settings = alarm.settings
    assert isinstance(settings, CompositeSettings)
    turned = value != alarm.state.value
    suppression, act = UNSUPPRESSED, turned or alarm.suppression.owed
    if settings.actions_suppressor is not None:
        suppression, act = suppress(
            alarm.suppression,
            now,
            turned=turned,
            suppressing=suppressing,
            wait_s=settings.actions_suppressor_wait_period or 0,
            extension_s=settings.actions_suppressor_extension_period or 0,
        )
    alarm = msgspec.structs.replace(alarm, due=suppression.until if suppression.until > now else None)
    if turned:
        return turn(connection, alarm, value, reason, data, now, suppression=suppression, act=act)
    after = msgspec.structs.replace(alarm, suppression=suppression, defined="")
    if not rows.update(connection, after):
        return None
    if act:
        carry_out(connection, after, _other(after.state), now)
    return msgspec.structs.replace(after, generation=alarm.generation + 1)


def suppressing(connection: sa.Connection, alarm: Alarm) -> bool:
    """Whether a composite alarm's suppressor is in ALARM."""
    settings = alarm.settings
    assert isinstance(settings, CompositeSettings)
    if settings.actions_suppressor is None:
        return False
    name = name_of(settings.actions_suppressor)
    found = rows.named(connection, alarm.id.account, alarm.id.region, [name]).get(name)
    return found is not None and found.state.value == ALARM


def _evaluate(connection: sa.Connection, alarm: Alarm, now: float) -> None:
    settings = alarm.settings
    assert isinstance(settings, CompositeSettings)
    try:
        rule = _parsed(settings.alarm_rule)
    except AwsError as error:  # it was checked when it was put: another version's grammar
        _set_aside(connection, alarm, error, now)
        return
    children = rows.named(connection, alarm.id.account, alarm.id.region, rule.children)
    states = {name: children[name].state.value if name in children else INSUFFICIENT_DATA for name in rule.children}
    value = ALARM if rule.holds(states) else OK
    reason, data = "", ""
    if alarm.defined or not children:
        reason = reasons.composite_defined(alarm.id.arn, alarm.defined or "updated", value)
    else:
        last = max(child.state.transitioned for child in children.values())
        reason, data = reasons.composite(
            [
                (child.id.arn, child.state.value, child.state.transitioned)
                for child in children.values()
                if child.state.transitioned > last - SAME_MOMENT_S
            ]
        )
    turn_composite(connection, alarm, value, reason, data, now, suppressing=suppressing(connection, alarm))


def _set_aside(connection: sa.Connection, alarm: Alarm, error: AwsError, now: float) -> None:
    """Have an alarm whose rule cannot be read say so, and wait until it is put anew or an alarm of its turns."""
    reason = reasons.composite_unreadable(alarm.id.arn, error.message)
    if alarm.state.reason != reason:
        log.error("%s", reason)
    if alarm.state.value == INSUFFICIENT_DATA:  # it does not turn, but says why from now on
        alarm = msgspec.structs.replace(alarm, state=msgspec.structs.replace(alarm.state, reason=reason, updated=now))
    turn_composite(connection, alarm, INSUFFICIENT_DATA, reason, "", now, suppressing=suppressing(connection, alarm))


def _other(state: AlarmState) -> AlarmState:
    """What an alarm turned from whose actions come late: a composite alarm has two states once it was evaluated."""
    return msgspec.structs.replace(state, value=OK if state.value == ALARM else ALARM, data="")


@lru_cache(maxsize=1_024)
def _parsed(text: str) -> Rule:
    return parse_rule(text)
