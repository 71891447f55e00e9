"""What is told of an alarm that turned: to topics, to functions, and in events.

The forms are those that clients parse (spec 8.5, and messages and events quoted in public code); the e-mail is ours.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cairn.cloudwatch.alarms.alarm import Alarm, CompositeSettings, MetricSettings, State
from cairn.cloudwatch.alarms.reasons import spoken, timestamp
from cairn.cloudwatch.alarms.regions import display_name
from cairn.core.decoding import UNREADABLE

SUBJECT_CHARACTERS_MAX = 100


def subject(alarm: Alarm) -> str:
    """`ALARM: "name" in US East (N. Virginia)`; the name is cut where a topic would not take it whole, or as it is."""
    region = display_name(alarm.id.region)
    name = alarm.id.name.encode("ascii", "replace").decode()
    room = SUBJECT_CHARACTERS_MAX - len(f'{alarm.state.value}: "" in {region}')
    shown = name if len(name) <= room else name[: room - 3] + "..."
    return f'{alarm.state.value}: "{shown}" in {region}'


def notification(alarm: Alarm, before: State) -> str:
    """The message for a topic, JSON."""
    settings, state = alarm.settings, alarm.state
    said: dict[str, Any] = {
        "AlarmName": alarm.id.name,
        "AlarmDescription": settings.alarm_description,
        "AWSAccountId": alarm.id.account,
        "AlarmConfigurationUpdatedTimestamp": timestamp(alarm.configured),
        "NewStateValue": state.value,
        "NewStateReason": state.reason,
        "StateChangeTime": timestamp(state.transitioned),
        "Region": display_name(alarm.id.region),
        "AlarmArn": alarm.id.arn,
        "OldStateValue": before.value,
        "OKActions": settings.ok_actions,
        "AlarmActions": settings.alarm_actions,
        "InsufficientDataActions": settings.insufficient_data_actions,
    }
    if isinstance(settings, MetricSettings):
        said["Trigger"] = _trigger(settings)
    else:
        said["AlarmRule"] = settings.alarm_rule
        said["TriggeringChildren"] = _children(state)
    return msgspec.json.encode(said).decode()


def email(alarm: Alarm, before: State) -> str:
    """The same for people."""
    settings, state = alarm.settings, alarm.state
    lines = [
        f'The alarm "{alarm.id.name}" in {display_name(alarm.id.region)} is now in the state {state.value}.',
        "",
        f"Why:         {state.reason}",
        f"When:        {spoken(state.transitioned)}",
        f"Change:      {before.value} -> {state.value}",
    ]
    if settings.alarm_description:
        lines.append(f"Description: {settings.alarm_description}")
    lines += [f"Account:     {alarm.id.account}", f"Alarm:       {alarm.id.arn}"]
    if isinstance(settings, MetricSettings) and settings.metric_name is not None:
        shown = ", ".join(f"{each['Name']}={each['Value']}" for each in settings.dimensions)
        lines += [
            "",
            f"Metric:      {settings.namespace} {settings.metric_name}{f' ({shown})' if shown else ''}",
            f"Condition:   {settings.stat} of {settings.period} s is {settings.comparison_operator}"
            f" {settings.threshold or 0:g}, in {settings.criterion.to_alarm} of {settings.evaluation_periods} periods",
        ]
    elif isinstance(settings, MetricSettings):
        shown = "; ".join(query["Expression"] for query in settings.metrics if "Expression" in query)
        threshold = f"{settings.threshold:g}" if settings.threshold is not None else str(settings.threshold_metric_id)
        lines += ["", f"Expression:  {shown} is {settings.comparison_operator} {threshold}"]
    else:
        lines += ["", f"Rule:        {settings.alarm_rule}"]
    return "\n".join(lines) + "\n"


def function_event(alarm: Alarm, before: State) -> str:
    """What a Lambda function is invoked with, JSON."""
    said = {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.id.arn,
        "accountId": alarm.id.account,
        "time": timestamp(alarm.state.transitioned),
        "region": alarm.id.region,
        "alarmData": state_change(alarm, before),
    }
    return msgspec.json.encode(said).decode()


def state_change(alarm: Alarm, before: State) -> dict[str, Any]:
    """The detail of an event `CloudWatch Alarm State Change`."""
    state = _state(alarm.state)
    if alarm.suppression.by:
        state |= {
            "actionsSuppressedBy": alarm.suppression.by,
            "actionsSuppressedReason": alarm.suppression.reason,
        }
    return {
        "alarmName": alarm.id.name,
        "state": state,
        "previousState": _state(before),
        "configuration": _configuration(alarm),
    }


def configuration_change(alarm: Alarm, operation: str, before: Alarm | None = None) -> dict[str, Any]:
    """The detail of an event `CloudWatch Alarm Configuration Change`: create, update or delete."""
    said = {
        "alarmName": alarm.id.name,
        "operation": operation,
        "state": _state(alarm.state),
        "configuration": described(alarm),
    }
    return said | {"previousConfiguration": described(before)} if before is not None else said


def described(alarm: Alarm) -> dict[str, Any]:
    """All that was put, in the names of events and of the history."""
    settings = alarm.settings
    said: dict[str, Any] = {
        "alarmName": alarm.id.name,
        "actionsEnabled": alarm.enabled,
        "okActions": settings.ok_actions,
        "alarmActions": settings.alarm_actions,
        "insufficientDataActions": settings.insufficient_data_actions,
        "timestamp": timestamp(alarm.configured),
        **_configuration(alarm),
    }
    if isinstance(settings, MetricSettings):
        said |= {
            "evaluationPeriods": settings.evaluation_periods,
            "comparisonOperator": settings.comparison_operator,
        }
        for name, value in (
            ("threshold", settings.threshold),
            ("thresholdMetricId", settings.threshold_metric_id),
            ("datapointsToAlarm", settings.datapoints_to_alarm),
            ("treatMissingData", settings.treat_missing_data),
            ("evaluateLowSampleCountPercentile", settings.evaluate_low_sample_count_percentile),
        ):
            if value is not None:
                said[name] = value
    return said


def _trigger(settings: MetricSettings) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if settings.metric_name is not None:
        extended = settings.extended_statistic is not None
        said = {
            "MetricName": settings.metric_name,
            "Namespace": settings.namespace,
            "StatisticType": "ExtendedStatistic" if extended else "Statistic",
            **(
                {"ExtendedStatistic": settings.stat}
                if extended
                else {"Statistic": _STATISTICS.get(settings.stat, settings.stat.upper())}
            ),
            "Unit": settings.unit,
            "Dimensions": _dimensions(settings.dimensions),
        }
    said |= {"Period": settings.period_s, "EvaluationPeriods": settings.evaluation_periods}
    if settings.datapoints_to_alarm is not None:
        said["DatapointsToAlarm"] = settings.datapoints_to_alarm
    said["ComparisonOperator"] = settings.comparison_operator
    if settings.threshold is not None:
        said["Threshold"] = settings.threshold
    else:
        said["ThresholdMetricId"] = settings.threshold_metric_id
    said |= {
        "TreatMissingData": settings.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": settings.evaluate_low_sample_count_percentile or "",
    }
    if settings.metrics:
        said["Metrics"] = [_query(query) for query in settings.metrics]
    return said


_STATISTICS = {"SampleCount": "SAMPLE_COUNT"}


def _query(query: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        name: query[name] for name in ("Id", "Expression", "Label", "Period", "AccountId") if name in query
    }
    if "MetricStat" in query:
        stat = query["MetricStat"]
        metric = stat["Metric"] | {"Dimensions": _dimensions(stat["Metric"].get("Dimensions", ()))}
        said["MetricStat"] = stat | {"Metric": metric}
    return said | {"ReturnData": query.get("ReturnData", True)}


def _dimensions(given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{"value": dimension["Value"], "name": dimension["Name"]} for dimension in given]


def _children(state: State) -> list[dict[str, Any]]:
    """Of the state's data, where that is ours and not SetAlarmState's."""
    try:
        triggers = msgspec.json.decode(state.data or "{}").get("triggeringAlarms", [])
        return [
            {
                "Arn": each["arn"],
                "State": {"Value": each["state"]["value"], "Timestamp": each["state"]["timestamp"]},
            }
            for each in triggers
        ]
    except (*UNREADABLE, AttributeError, KeyError, TypeError):
        return []


def _state(state: State) -> dict[str, Any]:
    said = {"value": state.value, "reason": state.reason}
    if state.data:
        said["reasonData"] = state.data
    return said | {"timestamp": timestamp(state.updated)}


def _configuration(alarm: Alarm) -> dict[str, Any]:
    settings = alarm.settings
    said: dict[str, Any] = {}
    if settings.alarm_description is not None:
        said["description"] = settings.alarm_description
    if isinstance(settings, CompositeSettings):
        said["alarmRule"] = settings.alarm_rule
        if settings.actions_suppressor is not None:
            said |= {
                "actionsSuppressor": settings.actions_suppressor,
                "actionsSuppressorWaitPeriod": settings.actions_suppressor_wait_period,
                "actionsSuppressorExtensionPeriod": settings.actions_suppressor_extension_period,
            }
        return said
    if settings.metric_name is None:
        return said | {"metrics": [_event_query(query) for query in settings.metrics]}
    only = {
        "Id": str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.id.arn)),
        "MetricStat": {
            "Metric": {
                "Namespace": settings.namespace,
                "MetricName": settings.metric_name,
                "Dimensions": settings.dimensions,
            },
            "Period": settings.period,
            "Stat": settings.stat,
            **({"Unit": settings.unit} if settings.unit is not None else {}),
        },
    }
    return said | {"metrics": [_event_query(only)]}


def _event_query(query: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"id": query["Id"]}
    for theirs, ours in (("expression", "Expression"), ("label", "Label"), ("period", "Period")):
        if ours in query:
            said[theirs] = query[ours]
    if "MetricStat" in query:
        stat = query["MetricStat"]
        metric = {
            "namespace": stat["Metric"].get("Namespace"),
            "name": stat["Metric"].get("MetricName"),
            "dimensions": {each["Name"]: each["Value"] for each in stat["Metric"].get("Dimensions", ())},
        }
        said["metricStat"] = {"metric": metric, "period": stat["Period"], "stat": stat["Stat"]}
        if "Unit" in stat:
            said["metricStat"]["unit"] = stat["Unit"]
    return said | {"returnData": query.get("ReturnData", True)}
