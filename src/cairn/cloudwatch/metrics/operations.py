"""CloudWatch's operations on metrics, as the wire knows them: input and output in botocore's names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

import sqlalchemy as sa

from cairn.cloudwatch.metrics import parameters, refusals
from cairn.cloudwatch.metrics.anomalies import operations as anomalies
from cairn.cloudwatch.metrics.data import LISTED_S, Series, read_series
from cairn.cloudwatch.metrics.datum import Metric
from cairn.cloudwatch.metrics.labels import parse_zone
from cairn.cloudwatch.metrics.periods import is_period, read_periods, round_start
from cairn.cloudwatch.metrics.put import data_of
from cairn.cloudwatch.metrics.queries import metric_of, parse_queries
from cairn.cloudwatch.metrics.statistic import SIMPLE, Statistic, parse_statistic
from cairn.cloudwatch.metrics.store import HOUR_S, MetricStore
from cairn.cloudwatch.metrics.summary import Summary
from cairn.cloudwatch.metrics.tables import series as series_table
from cairn.cloudwatch.metrics.tokens import read_token, write_token
from cairn.core.errors import AwsError
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

QUERIES_MAX = 500
DATAPOINTS_MAX = 100_800
"""Of one page of GetMetricData."""
STATISTICS_DATAPOINTS_MAX = 1_440
"""Of GetMetricStatistics."""
METRICS_PER_PAGE = 500
RECENT_S = 3 * HOUR_S
"""What ListMetrics calls recently active."""
SCANNED_AT_ONCE = 2_000

_NONE = -1
"""In the place of the time of a series of which nothing was shown."""

UNCHECKED = anomalies.UNCHECKED | {"PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics"}
"""Operations that check their input themselves, in words of their own."""


def operations(store: MetricStore) -> dict[str, Operation]:
    """CloudWatch's operations on metrics, and on anomaly detectors, by name."""
    doors = _MetricOperations(store)
    return {
        "PutMetricData": doors.put_metric_data,
        "GetMetricData": doors.get_metric_data,
        "GetMetricStatistics": doors.get_metric_statistics,
        "ListMetrics": doors.list_metrics,
        **anomalies.operations(store),
    }


class _MetricOperations:
    def __init__(self, store: MetricStore) -> None:
        self._store = store

    def put_metric_data(self, context: Context, params: Params) -> Mapping[str, Any]:
        parameters.check("PutMetricData", params)
        data = data_of(context, params, self._store.clock.now())
        with self._store.write() as connection:
            self._store.add(connection, data)
        return {}

    def get_metric_data(self, context: Context, params: Params) -> Mapping[str, Any]:
        parameters.check_together("GetMetricData", params)
        start, end = _range(params, refusals.validation)
        given = params.get("MetricDataQueries") or []
        most = params.get("MaxDatapoints")
        most = DATAPOINTS_MAX if most is None else most
        zone = parse_zone((params.get("LabelOptions") or {}).get("Timezone") or "+0000")
        errors = []
        if not given:
            errors.append("The parameter MetricDataQueries is required.")
        if len(given) > QUERIES_MAX:
            errors.append(refusals.too_large("MetricDataQueries", QUERIES_MAX))
        if not 1 <= most <= DATAPOINTS_MAX:
            errors.append(refusals.no_value(most, "MaxDatapoints"))
        if zone is None:
            errors.append(refusals.no_value(params["LabelOptions"]["Timezone"], "LabelOptions.Timezone"))
        if errors:
            raise refusals.validation(errors)
        queries = parse_queries(given, context.account, context.region)
        place = read_token(context, params)
        account, region = context.account, context.region
        ascending = params.get("ScanBy") == "TimestampAscending"
        reading = read_series(self._store, account, region, queries, start, end, timezone_s=zone or 0)
        with closing(reading) as found:
            series = itertools.chain.from_iterable(found)
            results, left = _page(series, place or (0, _NONE), most, ascending=ascending)
        answer: dict[str, Any] = {"MetricDataResults": results, "Messages": []}
        if left is not None:
            answer["NextToken"] = write_token(context, params, left)
        return answer

    def get_metric_statistics(self, context: Context, params: Params) -> Mapping[str, Any]:
        parameters.check("GetMetricStatistics", params)
        statistics = _statistics(params)
        period = params["Period"]
        if not is_period(period):
            raise refusals.invalid([refusals.no_period("Period")])
        names = [each["Name"] for each in params.get("Dimensions") or []]
        if len(set(names)) < len(names):
            raise refusals.invalid([refusals.same_dimension_twice()])
        start, end = _range(params, refusals.invalid)
        first = round_start(start, period, self._store.clock.now())
        points = int(-(-(end - first) // period))
        if points > STATISTICS_DATAPOINTS_MAX:
            raise refusals.too_many_points(points, STATISTICS_DATAPOINTS_MAX)
        metric = metric_of(params, context.account, context.region)
        unit = params.get("Unit") or ""
        spread = any(statistic.spread for statistic in statistics)
        with self._store.state.read() as connection:
            found = read_periods(self._store, connection, metric, first, end, period, unit=unit, spread=spread)
        datapoints = [
            point
            for unit, periods in found.items()
            for time, summary in periods.items()
            if (point := _datapoint(time, unit, summary, statistics)) is not None
        ]
        return {"Label": params["MetricName"], "Datapoints": datapoints}

    def list_metrics(self, context: Context, params: Params) -> Mapping[str, Any]:
        parameters.check("ListMetrics", params)
        place = read_token(context, params)
        answer: dict[str, Any] = {"Metrics": []}
        linked = bool(params.get("IncludeLinkedAccounts"))
        if params.get("OwningAccount") not in (None, context.account):
            return answer
        with self._store.state.read() as connection:
            page: list[tuple[int, Metric]] = []
            for row, metric in self._listed(connection, context, params, place[0] if place else 0):
                if len(page) == METRICS_PER_PAGE:
                    answer["NextToken"] = write_token(context, params, (page[-1][0], 0))
                    break
                page.append((row, metric))
        answer["Metrics"] = [_listing(metric) for _, metric in page]
        if linked:
            answer["OwningAccounts"] = [context.account] * len(page)
        return answer

    def _listed(
        self, connection: sa.Connection, context: Context, params: Params, after: int
    ) -> Iterator[tuple[int, Metric]]:
        """Metrics that ListMetrics asks for, behind a row."""
        recent = RECENT_S if params.get("RecentlyActive") else LISTED_S
        conditions = [series_table.c.active > self._store.clock.now() - recent]
        if params.get("Namespace"):
            conditions.append(series_table.c.namespace == params["Namespace"])
        if params.get("MetricName"):
            conditions.append(series_table.c.name == params["MetricName"])
        wanted = [(each["Name"], each.get("Value")) for each in params.get("Dimensions") or []]
        while True:
            found = self._store.metrics(
                connection,
                context.account,
                context.region,
                series_table.c.id > after,
                *conditions,
                limit=SCANNED_AT_ONCE,
            )
            for row, metric in found:
                dimensions = dict(metric.dimensions)
                if all(name in dimensions and value in (None, dimensions[name]) for name, value in wanted):
                    yield row, metric
            if len(found) < SCANNED_AT_ONCE:
                return
            after = found[-1][0]


def _range(params: Params, refuse: Callable[[list[str]], AwsError]) -> tuple[float, float]:
    """Start and end, in seconds since the epoch."""
    start, end = params["StartTime"].timestamp(), params["EndTime"].timestamp()
    if start >= end:
        raise refuse([refusals.wrong_order()])
    return start, end


def _statistics(params: Params) -> list[Statistic]:
    """What GetMetricStatistics is asked for."""
    simple, extended = params.get("Statistics") or [], params.get("ExtendedStatistics") or []
    if simple and extended:
        raise refusals.exclusive("Statistics", "ExtendedStatistics")
    if not simple and not extended:
        raise refusals.missing("Statistics")
    found = []
    for number, name in enumerate(extended, 1):
        statistic = parse_statistic(name)
        if statistic is None or not statistic.spread:
            raise refusals.invalid([refusals.no_value(name, f"ExtendedStatistics.member.{number}")])
        found.append(statistic)
    return found or [SIMPLE[name] for name in simple]


def _datapoint(time: int, unit: str, summary: Summary, statistics: list[Statistic]) -> dict[str, Any] | None:
    """A period as GetMetricStatistics shows it; None where nothing of what is asked for is known of it."""
    point: dict[str, Any] = {"Timestamp": time}
    extended: dict[str, float] = {}
    for statistic in statistics:
        value = statistic.of(summary)
        if value is not None:
            (extended if statistic.spread else point)[statistic.name] = value
    if extended:
        point["ExtendedStatistics"] = extended
    return point | {"Unit": unit} if len(point) > 1 else None


def _listing(metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}


def _page(
    found: Iterator[Series], place: tuple[int, int], most: int, *, ascending: bool
) -> tuple[list[dict[str, Any]], tuple[int, int] | None]:
    """A page of results behind a place, a series' number and the time of its last point so far; and the next place."""
    results: list[dict[str, Any]] = []
    for number, each in enumerate(found):
        if number < place[0]:
            continue
        if most == 0 and each.points:
            return results, (number, _NONE)
        points = sorted(each.points.items(), reverse=not ascending)
        if number == place[0] and place[1] != _NONE:
            points = [point for point in points if (point[0] > place[1] if ascending else point[0] < place[1])]
        shown = points[:most]
        most -= len(shown)
        results.append(_result(each, shown, whole=len(shown) == len(points)))
        if len(shown) < len(points):
            return results, (number, shown[-1][0])
    return results, None


def _result(series: Series, points: list[tuple[int, float]], *, whole: bool) -> dict[str, Any]:
    status = "Complete" if whole else "PartialData"
    return {
        "Id": series.id,
        "Label": series.label,
        "Timestamps": [time for time, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Forbidden" if series.forbidden else status,
    }
