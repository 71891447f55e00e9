"""MetricDataQuery: what GetMetricData and alarms ask for, checked before anything is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cairn.cloudwatch.metrics import math, refusals
from cairn.cloudwatch.metrics.datum import Metric
from cairn.cloudwatch.metrics.math.search import parse_search
from cairn.cloudwatch.metrics.math.syntax import Number, Text
from cairn.cloudwatch.metrics.periods import is_period
from cairn.cloudwatch.metrics.statistic import Statistic, parse_statistic

PERIOD_S = 300
"""Of an expression that neither names a period nor has metrics with one."""

CALLS_MAX = {"SEARCH": 100, "ANOMALY_DETECTION_BAND": 20}
"""How often the expressions of one request may call what reads much."""

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_SQL = re.compile(r"\s*SELECT\b", re.IGNORECASE)


@dataclass(frozen=True)
class MetricStat:
    """A statistic of a metric, in periods of so many seconds."""

    metric: Metric
    statistic: Statistic
    period: int
    unit: str = ""
    """Empty: whatever units there are."""


@dataclass(frozen=True)
class MetricQuery:
    """A metric or an expression, under an id."""

    id: str
    stat: MetricStat | None = None
    node: math.Node | None = None
    """The expression, where it is not a metric."""
    label: str | None = None
    returned: bool = True
    period: int = 0
    """Seconds; 0 where nobody said."""
    account: str = ""
    """Whose metrics are meant; empty: the caller's."""
    place: int = 0
    """In the request, where answers come in the order of queries."""

    @property
    def needs(self) -> list[str]:
        """Ids of what the expression names."""
        return [each.id for each in math.references(self.node)] if self.node is not None else []


def metric_of(stat: Mapping[str, Any], account: str, region: str) -> Metric:
    """The metric that members Namespace, MetricName and Dimensions mean."""
    dimensions = tuple(sorted((each["Name"], each["Value"]) for each in stat.get("Dimensions") or []))
    return Metric(account, region, stat["Namespace"], stat["MetricName"], dimensions)


def parse_queries(
    given: Sequence[Mapping[str, Any]], account: str, region: str, where: str = "MetricDataQueries"
) -> list[MetricQuery]:
    """Queries as the wire has them, in an order in which each stands behind what it needs.

    Args:
        where: how the parameter is called in messages.

    Raises:
        AwsError: ValidationError; every query that is wrong is named.
    """
    errors: list[str] = []
    found: dict[str, MetricQuery] = {}
    for number, each in enumerate(given, 1):
        query = _query(each, account, region, (where, number), errors)
        if query is not None and query.id in found:
            errors.append(f"The values for parameter id in {where} are not unique.")
        if query is not None:
            found[query.id] = query
    for function, most in CALLS_MAX.items():
        asked = sum(len(math.calls(query.node, function)) for query in found.values() if query.node is not None)
        if asked > most:
            errors.append(f"The expressions in {where} call {function} more than {most} times.")
    if errors:
        raise refusals.validation(errors)
    ordered = _ordered(found)
    _check_kinds(ordered)
    return ordered


def _query(
    given: Mapping[str, Any], account: str, region: str, place: tuple[str, int], errors: list[str]
) -> MetricQuery | None:
    path = f"{place[0]}.member.{place[1]}"
    before = len(errors)
    id = given.get("Id") or ""
    if not _ID.fullmatch(id):
        text = f"The value {id} for parameter {path}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        errors.append(text)
    expression, wire_stat = given.get("Expression"), given.get("MetricStat")
    if (expression is None) is (wire_stat is None):
        verb = "either" if expression is None else "only one of"
        errors.append(f"You must specify {verb} {path}.Expression or {path}.MetricStat.")
    period = given.get("Period") or 0
    if period and not is_period(period):
        errors.append(refusals.no_period(f"{path}.Period"))
    node = _node(id, expression, errors) if expression is not None else None
    owner = given.get("AccountId") or ""
    stat = _stat(wire_stat, owner or account, region, f"{path}.MetricStat", errors) if wire_stat is not None else None
    if len(errors) > before:
        return None
    returned = given.get("ReturnData", True) is not False
    label = given.get("Label")
    return MetricQuery(id, stat, node, label, returned, stat.period if stat else period, owner, place[1])


def _node(id: str, expression: str, errors: list[str]) -> math.Node | None:
    if _SQL.match(expression):
        errors.append(refusals.in_expression(id, refusals.no_sql()))
        return None
    try:
        node = math.parse(expression)
        for call in math.calls(node, "SEARCH"):
            _check_search(call)
    except math.MathError as error:
        errors.append(refusals.in_expression(id, str(error)))
        return None
    return node


def _check_search(call: math.Call) -> None:
    match call.arguments:
        case (Text(), Text(), *more):
            pass
        case _:
            raise math.MathError("SEARCH takes a search, a statistic and perhaps a period", call.at)
    search, statistic = call.arguments[0], call.arguments[1]
    assert isinstance(search, Text)
    assert isinstance(statistic, Text)
    try:
        parse_search(search.value)
    except math.MathError as error:
        raise math.MathError(error.message, search.at + error.at) from error
    if parse_statistic(statistic.value) is None:
        raise math.MathError(f"{statistic.value} is not a valid statistic", statistic.at)
    if more and not (isinstance(more[0], Number) and is_period(more[0].value)):
        raise math.MathError("The period of a search must be 1, 5, 10, 20, 30, or a multiple of 60", more[0].at)


def _stat(given: Mapping[str, Any], account: str, region: str, path: str, errors: list[str]) -> MetricStat | None:
    metric = given.get("Metric") or {}
    missing = [name for name in ("Namespace", "MetricName") if not metric.get(name)]
    errors += [f"The parameter {path}.Metric.{name} is required." for name in missing]
    names = [each.get("Name") for each in metric.get("Dimensions") or []]
    if len(set(names)) < len(names):
        errors.append(refusals.same_dimension_twice())
    period = given.get("Period") or 0
    if not is_period(period):
        errors.append(refusals.no_period(f"{path}.Period"))
    name = given.get("Stat") or ""
    statistic = parse_statistic(name)
    if statistic is None:
        errors.append(refusals.no_statistic(name, f"{path}.Stat"))
    if missing or statistic is None:
        return None
    return MetricStat(metric_of(metric, account, region), statistic, period, given.get("Unit") or "")


def _ordered(queries: Mapping[str, MetricQuery]) -> list[MetricQuery]:
    """Each behind what it needs.

    Raises:
        AwsError: an expression needs itself.
    """
    done: dict[str, MetricQuery] = {}
    open_ids: set[str] = set()
    for root in queries:
        pending = [root]
        while pending:  # no recursion: a chain of expressions may be 500 long
            id = pending[-1]
            query = queries[id]
            waiting = [need for need in query.needs if need in queries and need not in done]
            if id in done or not waiting:
                done.setdefault(id, query)
                open_ids.discard(id)
                pending.pop()
            elif id in open_ids:
                raise refusals.validation([refusals.in_expression(id, "it refers to itself")])
            else:
                open_ids.add(id)
                pending += waiting
    return [done[id] for id in done]


def _check_kinds(ordered: Sequence[MetricQuery]) -> None:
    """Raises AwsError where an expression has no meaning, or is no series."""
    errors = []
    kinds: dict[str, math.Kind] = {}
    metrics = {query.id for query in ordered if query.stat is not None}
    for query in ordered:
        kinds[query.id] = math.Kind.SERIES
        if query.node is None:
            continue
        try:
            kinds[query.id] = math.kind_of(query.node, {id: kinds[id] for id in query.needs if id in kinds})
            for function in ("PERIOD", "ANOMALY_DETECTION_BAND"):
                _check_metric(query.node, function, metrics)
        except math.MathError as error:
            errors.append(refusals.in_expression(query.id, str(error)))
        else:
            if kinds[query.id] not in (math.Kind.SERIES, math.Kind.ARRAY):
                text = "The result of an expression must be a time series or an array of time series"
                errors.append(refusals.in_expression(query.id, text))
    if errors:
        raise refusals.validation(errors)


def _check_metric(node: math.Node, function: str, metrics: set[str]) -> None:
    for call in math.calls(node, function):
        names = [each.id for each in math.references(call.arguments[0])]
        if names[0] not in metrics:
            raise math.MathError(f"{function} takes the id of a metric, not of an expression", call.at)
