"""CloudWatch's operations that read alarms."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.cloudwatch.alarms import refusals, rows
from cairn.cloudwatch.alarms.alarm import (
    COMPOSITE_ALARM,
    METRIC_ALARM,
    Alarm,
    AlarmId,
    MetricSettings,
)
from cairn.cloudwatch.alarms.alarms import Alarms
from cairn.cloudwatch.alarms.tables import alarms as table
from cairn.cloudwatch.alarms.tables import references
from cairn.core.clock import utc
from cairn.core.decoding import UNREADABLE
from cairn.core.state import State
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

ALARMS_PER_PAGE = 50
_KINDS = (COMPOSITE_ALARM, METRIC_ALARM)
"""In the order in which pages list them."""


def operations(alarms: Alarms, state: State) -> dict[str, Operation]:
    doors = _Readers(alarms, state)
    return {
        "DescribeAlarms": doors.describe_alarms,
        "DescribeAlarmsForMetric": doors.describe_alarms_for_metric,
        "DescribeAlarmContributors": doors.describe_alarm_contributors,
    }


class _Readers:
    def __init__(self, alarms: Alarms, state: State) -> None:
        self._alarms = alarms
        self._state = state

    def describe_alarms(self, context: Context, params: Params) -> Mapping[str, Any]:
        _check_combination(params)
        size = params.get("MaxRecords", ALARMS_PER_PAGE)
        kind, name = _read_token(params["NextToken"]) if "NextToken" in params else ("", "")
        conditions, kinds = self._conditions(context, params)
        found: list[Alarm] = []
        for each in kinds:
            if each < kind or len(found) > size:
                continue
            after = [table.c.name > name] if each == kind else []
            of_kind = table.c.kind == each
            found += self._alarms.select(
                context.account, context.region, of_kind, *conditions, *after, limit=size + 1 - len(found)
            )
        page = found[:size]
        answer: dict[str, Any] = {"CompositeAlarms": [], "MetricAlarms": []}
        for alarm in page:
            answer[f"{alarm.kind}s"].append(_shortened(described(alarm), params))
        if len(found) > size:
            answer["NextToken"] = _token(page[-1])
        return answer

    def describe_alarms_for_metric(self, context: Context, params: Params) -> Mapping[str, Any]:
        found = self._alarms.select(
            context.account,
            context.region,
            table.c.namespace == params["Namespace"],
            table.c.metric == params["MetricName"],
        )
        return {"MetricAlarms": [described(alarm) for alarm in found if _is_on(alarm, params)]}

    def describe_alarm_contributors(self, context: Context, params: Params) -> Mapping[str, Any]:
        if self._alarms.find(AlarmId(context.account, context.region, params["AlarmName"])) is None:
            raise refusals.resource_not_found(params["AlarmName"])
        return {"AlarmContributors": []}  # alarms on several series do not exist here

    def _conditions(self, context: Context, params: Params) -> tuple[list[sa.ColumnElement[bool]], tuple[str, ...]]:
        """Which alarms are meant, and of which kinds."""
        for member, of in (("ChildrenOfAlarmName", "child"), ("ParentsOfAlarmName", "parent")):
            if member in params:
                return [table.c.id.in_(self._relatives(context, params[member], of))], _KINDS
        kinds = params.get("AlarmTypes") or [METRIC_ALARM]
        found: list[sa.ColumnElement[bool]] = []
        if "AlarmNames" in params:
            found.append(table.c.name.in_(params["AlarmNames"]))
        if "AlarmNamePrefix" in params:
            found.append(_begins(table.c.name, params["AlarmNamePrefix"]))
        if "StateValue" in params:
            found.append(table.c.state == params["StateValue"])
        if "ActionPrefix" in params:
            found.append(table.c.id.in_(self._acting(context, params["ActionPrefix"])))
        return found, tuple(kind for kind in _KINDS if kind in kinds)

    def _relatives(self, context: Context, name: str, of: str) -> list[int]:
        """Those that an alarm's rule names, or whose rules name it."""
        with self._state.read() as connection:
            alarm = rows.find(connection, AlarmId(context.account, context.region, name))
            if alarm is None:
                raise refusals.alarm_not_found(name)
            other = references.c.parent if of == "child" else references.c.child
            wanted = sa.select(references.c[of]).where(other == alarm.row, references.c.in_rule)
            return list(connection.scalars(wanted))

    def _acting(self, context: Context, prefix: str) -> list[int]:
        return [
            alarm.row
            for alarm in self._alarms.select(context.account, context.region)
            if any(
                action.startswith(prefix)
                for actions in (
                    alarm.settings.ok_actions,
                    alarm.settings.alarm_actions,
                    alarm.settings.insufficient_data_actions,
                )
                for action in actions
            )
        ]


def described(alarm: Alarm) -> dict[str, Any]:
    """An alarm in botocore's names: what was put, and its state."""
    state = alarm.state
    said: dict[str, Any] = {
        "AlarmName": alarm.id.name,
        "AlarmArn": alarm.id.arn,
        "AlarmConfigurationUpdatedTimestamp": utc(alarm.configured),
        "ActionsEnabled": alarm.enabled,
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "StateValue": state.value,
        "StateReason": state.reason,
        "StateUpdatedTimestamp": utc(state.updated),
        "StateTransitionedTimestamp": utc(state.transitioned),
    }
    if state.data:
        said["StateReasonData"] = state.data
    settings: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(alarm.settings))
    if isinstance(alarm.settings, MetricSettings):
        said |= {
            "Dimensions": [],
            "EvaluationPeriods": alarm.settings.evaluation_periods,
        }
        if alarm.evaluation:
            said["EvaluationState"] = alarm.evaluation
    elif alarm.suppression.by:
        said |= {"ActionsSuppressedBy": alarm.suppression.by, "ActionsSuppressedReason": alarm.suppression.reason}
    return said | settings


def _shortened(said: dict[str, Any], params: Params) -> dict[str, Any]:
    """AWS tells little of relatives."""
    if "ChildrenOfAlarmName" in params:
        kept: tuple[str, ...] = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")
    elif "ParentsOfAlarmName" in params:
        kept = ("AlarmName", "AlarmArn")
    else:
        return said
    return {name: said[name] for name in kept}


def _check_combination(params: Params) -> None:
    if "AlarmNames" in params and "AlarmNamePrefix" in params:
        raise refusals.together("AlarmNames", "AlarmNamePrefix")
    for member in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        others = params.keys() - {member, "MaxRecords", "NextToken"}
        if member in params and others:
            raise refusals.together(member, *sorted(others))


def _is_on(alarm: Alarm, params: Params) -> bool:
    settings = alarm.settings
    assert isinstance(settings, MetricSettings)
    asked = {each["Name"]: each["Value"] for each in params.get("Dimensions", ())}
    given = {each["Name"]: each["Value"] for each in settings.dimensions}
    return asked == given and all(
        member not in params or params[member] == value
        for member, value in (
            ("Statistic", settings.statistic),
            ("ExtendedStatistic", settings.extended_statistic),
            ("Period", settings.period),
            ("Unit", settings.unit),
        )
    )


def _begins(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    return sa.func.substr(column, 1, len(prefix)) == prefix


def _token(last: Alarm) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([last.kind, last.id.name])).decode()


def _read_token(token: str) -> tuple[str, str]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token), type=tuple[str, str])
    except (ValueError, *UNREADABLE):
        raise refusals.invalid_token() from None
