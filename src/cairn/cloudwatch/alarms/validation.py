"""Checks of what is put, beyond the service model's: which members go together, periods, actions, expressions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from cairn.cloudwatch.alarms import refusals, windows
from cairn.cloudwatch.alarms.alarm import AlarmId, CompositeSettings, MetricSettings, Settings
from cairn.cloudwatch.alarms.evaluation import BANDS, TREATMENTS
from cairn.cloudwatch.metrics.math import Call, Kind, kind_of
from cairn.cloudwatch.metrics.queries import MetricQuery, parse_queries
from cairn.cloudwatch.metrics.statistic import SIMPLE, parse_statistic

Params = Mapping[str, Any]
T = TypeVar("T", bound=Settings)

QUERIES_MAX = 20
"""Metrics and expressions of an alarm."""
SUPPRESSOR_SECONDS_MAX = 86_400

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ACTION = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[A-Za-z0-9-]*:.+", re.DOTALL)
_REGIONAL = ("sns",)
"""Services whose resources must be in the alarm's Region."""

_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit")
_UNSUPPORTED = {
    "EvaluationCriteria": "A PromQL alarm",
    "EvaluationInterval": "EvaluationInterval",
    "WarmUpConfiguration": "WarmUpConfiguration",
    "ActionConfiguration": "ActionConfiguration",
}
_LOW_SAMPLES = ("evaluate", "ignore")


def metric_settings(alarm: AlarmId, params: Params) -> MetricSettings:
    """What PutMetricAlarm puts.

    Raises:
        AwsError: ValidationError.
    """
    _check_name(alarm.name)
    for member, what in _UNSUPPORTED.items():
        if member in params:
            raise refusals.unsupported(what)
    if "WallClockWindow" in params.get("EvaluationWindow", {}):
        raise refusals.unsupported("WallClockWindow")
    band = params.get("ComparisonOperator") in BANDS
    given, other = ("ThresholdMetricId", "Threshold") if band else ("Threshold", "ThresholdMetricId")
    for member in ("EvaluationPeriods", "ComparisonOperator", given):
        if member not in params:
            raise refusals.missing(member)
    if other in params:
        raise refusals.invalid(f"{other} cannot be used with {params['ComparisonOperator']}.")
    if not math.isfinite(params.get("Threshold", 0.0)):
        raise refusals.invalid("Threshold must be a number.")
    _check_allowed(params, "TreatMissingData", TREATMENTS)
    _check_allowed(params, "EvaluateLowSampleCountPercentile", _LOW_SAMPLES)
    if params.get("DatapointsToAlarm", 0) > params["EvaluationPeriods"]:
        raise refusals.too_many_datapoints()
    if "Metrics" in params:
        _check_queries(alarm, params)
    else:
        _check_metric(params)
    _check_actions(alarm, params)
    settings = _converted(params, MetricSettings)
    _check_periods(settings)
    return settings


def composite_settings(alarm: AlarmId, params: Params) -> CompositeSettings:
    """What PutCompositeAlarm puts; its rule is not parsed yet.

    Raises:
        AwsError: ValidationError.
    """
    _check_name(alarm.name)
    if "ActionConfiguration" in params:
        raise refusals.unsupported("ActionConfiguration")
    if params["AlarmRule"] != params["AlarmRule"].strip():
        raise refusals.invalid("AlarmRule must not contain leading or trailing whitespace or be null")
    periods = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    for period in periods:
        if "ActionsSuppressor" in params and period not in params:
            raise refusals.missing(period)
        if "ActionsSuppressor" not in params and period in params:
            raise refusals.missing("ActionsSuppressor")
        if not 0 <= params.get(period, 0) <= SUPPRESSOR_SECONDS_MAX:
            raise refusals.invalid(f"{period} must be between 0 and {SUPPRESSOR_SECONDS_MAX} seconds.")
    _check_actions(alarm, params, only=("sns", "lambda", "ssm", "ssm-incidents", "aiops"))
    return _converted(params, CompositeSettings)


def _check_name(name: str) -> None:
    if _CONTROL.search(name):
        raise refusals.invalid("AlarmName must not contain ASCII control characters.")


def _check_allowed(params: Params, member: str, allowed: tuple[str, ...]) -> None:
    if params.get(member, allowed[0]) not in allowed:
        raise refusals.not_one_of(member, params[member], allowed)


def _check_metric(params: Params) -> None:
    for member in ("MetricName", "Namespace", "Period"):
        if member not in params:
            raise refusals.missing(member)
    if "Statistic" in params and "ExtendedStatistic" in params:
        raise refusals.together("Statistic", "ExtendedStatistic")
    if "Statistic" not in params and "ExtendedStatistic" not in params:
        raise refusals.missing("Statistic")
    extended = params.get("ExtendedStatistic", "p50")
    if parse_statistic(extended) is None or extended in SIMPLE:
        raise refusals.invalid(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    if "EvaluateLowSampleCountPercentile" in params and not params.get("ExtendedStatistic", "").startswith("p"):
        text = "EvaluateLowSampleCountPercentile can only be given with an ExtendedStatistic that is a percentile."
        raise refusals.invalid(text)
    names = [dimension["Name"] for dimension in params.get("Dimensions", ())]
    if len(set(names)) < len(names):
        raise refusals.invalid("Dimensions must have different names.")


def _check_queries(alarm: AlarmId, params: Params) -> None:
    for member in _OF_ONE_METRIC:
        if member in params:
            raise refusals.together("Metrics", member)
    given = params["Metrics"]
    if not 0 < len(given) <= QUERIES_MAX:
        raise refusals.invalid(f"Metrics must have between 1 and {QUERIES_MAX} members.")
    if any(query.get("AccountId", alarm.account) != alarm.account for query in given):
        raise refusals.unsupported("A metric of another account")
    queries = parse_queries(given, alarm.account, alarm.region, "Metrics")
    if all(query.stat is None for query in queries):
        raise refusals.invalid("Metrics must have at least one MetricStat.")
    kinds: dict[str, Kind] = {}
    for query in queries:  # each behind what it needs
        kinds[query.id] = kind_of(query.node, kinds) if query.node is not None else Kind.SERIES
    band = params.get("ThresholdMetricId")
    if "ThresholdMetricId" in params and not _is_band(queries, band):
        raise refusals.invalid(f"ThresholdMetricId {band} must be the Id of an ANOMALY_DETECTION_BAND in Metrics.")
    judged = [query.id for query in queries if query.returned and query.id != band]
    if len(judged) != 1:
        raise refusals.invalid("Exactly one member of Metrics, beside a band, must have ReturnData true.")
    if kinds[judged[0]] is not Kind.SERIES:
        raise refusals.invalid(f"The query {judged[0]} must return a single time series.")


def _is_band(queries: Iterable[MetricQuery], id: str | None) -> bool:
    return any(
        query.id == id
        and query.returned
        and isinstance(query.node, Call)
        and query.node.function == "ANOMALY_DETECTION_BAND"
        for query in queries
    )


def _check_periods(settings: MetricSettings) -> None:
    period = settings.period_s
    if not windows.is_period(period):
        raise refusals.invalid_period()
    whole = period * settings.evaluation_periods
    if period < windows.HOUR_S and whole > windows.DAY_S:
        raise refusals.more_than_a_day()
    if whole > windows.WEEK_S:
        raise refusals.more_than_a_week()


def _check_actions(alarm: AlarmId, params: Params, only: tuple[str, ...] = ()) -> None:
    for member in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        for action in params.get(member, ()):
            if not _ACTION.fullmatch(action):
                raise refusals.invalid_action(action)
            service, region = action.split(":")[2:4]
            if only and service not in only:
                raise refusals.invalid(f"A composite alarm cannot have the action {action}.")
            if service in _REGIONAL and region != alarm.region:
                raise refusals.invalid_action_region(region, alarm.region)


def _converted(params: Params, kind: type[T]) -> T:
    names = {field.encode_name for field in msgspec.structs.fields(kind)}
    return msgspec.convert({name: value for name, value in params.items() if name in names}, kind)
