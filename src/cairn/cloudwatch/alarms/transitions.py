"""Turning an alarm: its state, the item of its history, the actions that are owed and whom it wakes, at once or not."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms import history, messages, rows
from cairn.cloudwatch.alarms.alarm import Alarm, MetricSettings, State
from cairn.cloudwatch.alarms.outbox import owe
from cairn.cloudwatch.alarms.suppression import Suppression


def turn(
    connection: sa.Connection,
    alarm: Alarm,
    value: str,
    reason: str,
    data: str,
    now: float,
    *,
    suppression: Suppression | None = None,
    act: bool = True,
) -> Alarm | None:
    """Give an alarm a state, in the caller's transaction. The same state again only changes its reason.

    Args:
        suppression: of a composite alarm, from now on.
        act: whether the actions of the new state are carried out, where they are enabled.

    Returns:
        The alarm as it is now; None if somebody has changed it since it was read, and nothing was done.
    """
    before = alarm.state
    turned = value != before.value
    state = State(
        value=value, reason=reason, data=data, updated=now, transitioned=now if turned else before.transitioned
    )
    after = msgspec.structs.replace(
        alarm,
        state=state,
        suppression=suppression if suppression is not None else alarm.suppression,
        evaluation="",
        defined="",
    )
    if not rows.update(connection, after):
        return None
    if turned:
        _note(connection, after, before, now)
        rows.wake_parents(connection, alarm.row, now)
        if act:
            carry_out(connection, after, before, now)
    return msgspec.structs.replace(after, generation=alarm.generation + 1)


def carry_out(connection: sa.Connection, alarm: Alarm, before: State, now: float) -> None:
    """Owe the actions of an alarm's state, where they are enabled."""
    if alarm.enabled:
        for resource in alarm.settings.actions(alarm.state.value):
            owe(connection, alarm, before, resource, now)


def _note(connection: sa.Connection, alarm: Alarm, before: State, now: float) -> None:
    said = {"version": "1.0", "oldState": _state(before), "newState": _state(alarm.state)}
    summary = f"Alarm updated from {before.value} to {alarm.state.value}"
    detail = messages.state_change(alarm, before)
    history.note(connection, alarm.id, alarm.kind, now, history.STATE, summary, said, detail)


def _state(state: State) -> dict[str, Any]:
    said: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    if state.data:
        said["stateReasonData"] = json.loads(state.data)
    return said


def note_configuration(
    connection: sa.Connection, alarm: Alarm, operation: str, now: float, before: Alarm | None = None
) -> None:
    """Note that an alarm was created, updated or deleted: `create`, `update`, `delete`."""
    past = {"create": "created", "update": "updated", "delete": "deleted"}[operation]
    config = messages.described(alarm) | {"alarmArn": alarm.id.arn, "stateValue": alarm.state.value}
    if isinstance(alarm.settings, MetricSettings):
        config["period"] = alarm.settings.period_s
    said = {"version": "1.0", "type": operation.capitalize(), f"{past}Alarm": config}
    detail = messages.configuration_change(alarm, operation, before)
    summary = f'Alarm "{alarm.id.name}" {past}'
    history.note(connection, alarm.id, alarm.kind, now, history.CONFIGURATION, summary, said, detail)
