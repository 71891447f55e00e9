"""CloudWatch's operations that change alarms, and those on their tags: input and output in botocore's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.cloudwatch.alarms import describing, history, refusals, tags, validation
from cairn.cloudwatch.alarms.alarm import AlarmId
from cairn.cloudwatch.alarms.alarms import Alarms
from cairn.core.clock import Clock
from cairn.core.decoding import UNREADABLE
from cairn.core.state import State
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

UNSUPPORTED = ("PutLogAlarm", "PutAlarmMuteRule", "GetAlarmMuteRule", "ListAlarmMuteRules", "DeleteAlarmMuteRule")
"""Of alarms, and not built: the embedded account could only keep what is put, and nothing would come of it."""

_ROOM = 100
"""By how much less deeply than can be decoded StateReasonData must be nested: whoever evaluates alarms reads it again,
deeper in calls, and must not fail for it."""


def operations(state: State, clock: Clock) -> dict[str, Operation]:
    """CloudWatch's operations on alarms, by name."""
    alarms = Alarms(state, clock)
    doors = _AlarmOperations(alarms)
    return {
        "PutMetricAlarm": doors.put_metric_alarm,
        "PutCompositeAlarm": doors.put_composite_alarm,
        "DeleteAlarms": doors.delete_alarms,
        "SetAlarmState": doors.set_alarm_state,
        "EnableAlarmActions": doors.enable_alarm_actions,
        "DisableAlarmActions": doors.disable_alarm_actions,
        "TagResource": doors.tag_resource,
        "UntagResource": doors.untag_resource,
        "ListTagsForResource": doors.list_tags_for_resource,
        **dict.fromkeys(UNSUPPORTED, _unsupported),
        **describing.operations(alarms, state),
        **history.operations(state),
    }


class _AlarmOperations:
    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms

    def put_metric_alarm(self, context: Context, params: Params) -> Mapping[str, Any]:
        id = _id(context, params)
        settings = validation.metric_settings(id, params)
        tagged = tags.of(params.get("Tags", ()))
        self._alarms.put_metric(id, settings, enabled=params.get("ActionsEnabled", True), tagged=tagged)
        return {}

    def put_composite_alarm(self, context: Context, params: Params) -> Mapping[str, Any]:
        id = _id(context, params)
        settings = validation.composite_settings(id, params)
        tagged = tags.of(params.get("Tags", ()))
        self._alarms.put_composite(id, settings, enabled=params.get("ActionsEnabled", True), tagged=tagged)
        return {}

    def delete_alarms(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._alarms.delete(context.account, context.region, params["AlarmNames"])
        return {}

    def set_alarm_state(self, context: Context, params: Params) -> Mapping[str, Any]:
        data = params.get("StateReasonData", "")
        if data:
            try:
                msgspec.json.decode(data)
                msgspec.json.decode("[" * _ROOM + data + "]" * _ROOM)
            except UNREADABLE:
                raise refusals.data_is_no_json() from None
        self._alarms.set_state(_id(context, params), params["StateValue"], params["StateReason"], data)
        return {}

    def enable_alarm_actions(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._alarms.enable(context.account, context.region, params["AlarmNames"], True)
        return {}

    def disable_alarm_actions(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._alarms.enable(context.account, context.region, params["AlarmNames"], False)
        return {}

    def tag_resource(self, context: Context, params: Params) -> Mapping[str, Any]:
        given = tags.of(params["Tags"])

        def add(before: dict[str, str]) -> dict[str, str]:
            after = before | given
            tags.check(after)
            return after

        if not self._alarms.change_tags(_tagged(context, params), add):
            raise refusals.resource_not_found(params["ResourceARN"])
        return {}

    def untag_resource(self, context: Context, params: Params) -> Mapping[str, Any]:
        gone = set(params["TagKeys"])

        def remove(before: dict[str, str]) -> dict[str, str]:
            return {key: value for key, value in before.items() if key not in gone}

        if not self._alarms.change_tags(_tagged(context, params), remove):
            raise refusals.resource_not_found(params["ResourceARN"])
        return {}

    def list_tags_for_resource(self, context: Context, params: Params) -> Mapping[str, Any]:
        found = self._alarms.tags(_tagged(context, params))
        if found is None:
            raise refusals.resource_not_found(params["ResourceARN"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}


def _unsupported(context: Context, params: Params) -> Mapping[str, Any]:
    raise refusals.unsupported_operation()


def _id(context: Context, params: Params) -> AlarmId:
    return AlarmId(context.account, context.region, params["AlarmName"])


def _tagged(context: Context, params: Params) -> AlarmId:
    """The alarm of an ARN: of the caller's account and Region."""
    arn: str = params["ResourceARN"]
    parts = arn.split(":", 6)
    if len(parts) == 7 and parts[2] == "cloudwatch" and parts[5] == "alarm":
        alarm = AlarmId(parts[4], parts[3], parts[6])
        if (alarm.account, alarm.region) == (context.account, context.region):
            return alarm
    raise refusals.resource_not_found(arn)
