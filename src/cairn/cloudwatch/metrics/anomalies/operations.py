"""CloudWatch's operations on anomaly detectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cairn.cloudwatch.metrics import parameters, refusals
from cairn.cloudwatch.metrics.anomalies.detectors import EXCLUDED_MAX, Detector, Detectors
from cairn.cloudwatch.metrics.anomalies.training import expectation
from cairn.cloudwatch.metrics.queries import PERIOD_S, metric_of
from cairn.cloudwatch.metrics.statistic import parse_statistic
from cairn.cloudwatch.metrics.store import MetricStore
from cairn.cloudwatch.metrics.tokens import read_token, write_token
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

DETECTORS_PER_PAGE = 50
_OF_METRIC = ("Namespace", "MetricName", "Dimensions", "Stat")

UNCHECKED = frozenset({"PutAnomalyDetector", "DescribeAnomalyDetectors", "DeleteAnomalyDetector"})
"""Operations that check their input themselves, in words of their own."""


def operations(store: MetricStore) -> dict[str, Operation]:
    """CloudWatch's operations on anomaly detectors, by name."""
    doors = _DetectorOperations(store)
    return {
        "PutAnomalyDetector": doors.put,
        "DescribeAnomalyDetectors": doors.describe,
        "DeleteAnomalyDetector": doors.delete,
    }


class _DetectorOperations:
    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._detectors = Detectors(store)

    def put(self, context: Context, params: Params) -> Mapping[str, Any]:
        parameters.check("PutAnomalyDetector", params)
        detector = _meant(context, params)
        configuration = params.get("Configuration") or {}
        excluded = [
            (each["StartTime"].timestamp(), each["EndTime"].timestamp())
            for each in configuration.get("ExcludedTimeRanges") or []
        ]
        if len(excluded) > EXCLUDED_MAX:
            raise refusals.invalid([refusals.too_large("Configuration.ExcludedTimeRanges", EXCLUDED_MAX)])
        if any(start >= end for start, end in excluded):
            raise refusals.invalid([refusals.wrong_order()])
        given = Detector(
            metric=detector.metric,
            statistic=detector.statistic,
            excluded=tuple(excluded),
            timezone=_zone(configuration.get("MetricTimezone") or ""),
            periodic_spikes=(params.get("MetricCharacteristics") or {}).get("PeriodicSpikes"),
            speed=configuration.get("AdaptationSpeed") or "",
            strictness=configuration.get("OutlierFilteringStrength") or "",
        )
        return {"AnomalyDetectorId": self._detectors.put(given)}

    def delete(self, context: Context, params: Params) -> Mapping[str, Any]:
        parameters.check("DeleteAnomalyDetector", params)
        id = params.get("AnomalyDetectorId") or ""
        if id and any(params.get(name) for name in (*_OF_METRIC, "SingleMetricAnomalyDetector")):
            raise refusals.exclusive("AnomalyDetectorId", "SingleMetricAnomalyDetector")
        key = "" if id else _meant(context, params).key
        if not self._detectors.delete(context.account, context.region, key=key, id=id):
            raise refusals.no_detector()
        return {}

    def describe(self, context: Context, params: Params) -> Mapping[str, Any]:
        parameters.check("DescribeAnomalyDetectors", params)
        most = params.get("MaxResults") or DETECTORS_PER_PAGE
        place = read_token(context, params)
        found = [each for each in self._detectors.all(context.account, context.region) if _is_asked_for(each, params)]
        first = place[0] if place is not None else 0
        page = found[first : first + min(most, DETECTORS_PER_PAGE)]
        answer: dict[str, Any] = {"AnomalyDetectors": [self._description(each) for each in page]}
        if first + len(page) < len(found):
            answer["NextToken"] = write_token(context, params, (first + len(page), 0))
        return answer

    def _description(self, detector: Detector) -> dict[str, Any]:
        metric = detector.metric
        dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
        single = {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": dimensions,
            "Stat": detector.statistic,
        }
        told = {
            "ExcludedTimeRanges": [{"StartTime": start, "EndTime": end} for start, end in detector.excluded] or None,
            "MetricTimezone": detector.timezone or None,
            "AdaptationSpeed": detector.speed or None,
            "OutlierFilteringStrength": detector.strictness or None,
        }
        answer: dict[str, Any] = single | {
            "AnomalyDetectorId": detector.id,
            "Configuration": {name: value for name, value in told.items() if value is not None},
            "StateValue": "TRAINED" if self._is_trained(detector) else "TRAINED_INSUFFICIENT_DATA",
            "SingleMetricAnomalyDetector": {"AccountId": metric.account, **single},
        }
        if detector.periodic_spikes is not None:
            answer["MetricCharacteristics"] = {"PeriodicSpikes": detector.periodic_spikes}
        return answer

    def _is_trained(self, detector: Detector) -> bool:
        statistic = parse_statistic(detector.statistic)
        assert statistic is not None
        with self._store.state.read() as connection:
            now = self._store.clock.now()
            return expectation(self._store, connection, detector.metric, statistic, PERIOD_S, now).trained


def _meant(context: Context, params: Params) -> Detector:
    """The metric and statistic that an operation names, in the new way or in the old one."""
    if params.get("MetricMathAnomalyDetector") is not None:
        raise refusals.no_math_detectors()
    single = params.get("SingleMetricAnomalyDetector")
    old = [name for name in _OF_METRIC if params.get(name)]
    if single is not None and old:
        raise refusals.exclusive("SingleMetricAnomalyDetector", old[0])
    given, path = (params, "") if single is None else (single, "SingleMetricAnomalyDetector.")
    for name in ("Namespace", "MetricName", "Stat"):
        if not given.get(name):
            raise refusals.missing(path + name)
    if given.get("AccountId") not in (None, context.account):
        raise refusals.invalid([refusals.no_value(given["AccountId"], f"{path}AccountId")])
    if parse_statistic(given["Stat"]) is None:
        raise refusals.invalid([refusals.no_statistic(given["Stat"], f"{path}Stat")])
    return Detector(metric=metric_of(given, context.account, context.region), statistic=given["Stat"])


def _is_asked_for(detector: Detector, params: Params) -> bool:
    metric, ids = detector.metric, params.get("AnomalyDetectorIds")
    wanted = tuple(sorted((each["Name"], each["Value"]) for each in params.get("Dimensions") or []))
    return (
        params.get("Namespace") in (None, metric.namespace)
        and params.get("MetricName") in (None, metric.name)
        and (not wanted or wanted == metric.dimensions)
        and (not ids or detector.id in ids)
        and "SINGLE_METRIC" in (params.get("AnomalyDetectorTypes") or ["SINGLE_METRIC"])
    )


def _zone(name: str) -> str:
    """A time zone that there is."""
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refusals.invalid([refusals.no_value(name, "Configuration.MetricTimezone")]) from error
    return name
