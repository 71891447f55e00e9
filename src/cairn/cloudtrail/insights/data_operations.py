"""ListInsightsData and ListInsightsMetricData: Insights events of a trail's data events, and calls by the minute
(spec 7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from cairn.cloudtrail import refusals
from cairn.cloudtrail.history import HistoryReader
from cairn.cloudtrail.history.facts import Field
from cairn.cloudtrail.history.insights import of_trail, sifted
from cairn.cloudtrail.history.lookup import TIME_MAX, Lookup, behind
from cairn.cloudtrail.history.operations import RESULTS_MAX, item, seconds_of
from cairn.cloudtrail.history.pages import BadToken, Bookmark
from cairn.cloudtrail.insights import metric_data
from cairn.cloudtrail.insights.metric_data import DAY_S, KEPT_S
from cairn.cloudtrail.insights.series import DATA, ERROR_RATE, MANAGEMENT, SeriesKey
from cairn.cloudtrail.organizations import Owners
from cairn.cloudtrail.trail import Trail, resolve
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import Clock, utc
from cairn.core.errors import AwsError
from cairn.core.state import State
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

POINTS_MAX = 21_600
"""Points of an answer: fifteen days of minutes."""
PERIOD_S = 3600
REACH_S = 90 * DAY_S
"""How far back a request begins that does not say."""

_FIELDS = {"EventName": Field.NAME, "EventSource": Field.SOURCE}


def operations(
    history: HistoryReader, state: State, trails: Trails, owners: Owners, clock: Clock
) -> dict[str, Operation]:
    """The operations by name.

    Args:
        state: of the schema `tables.INSIGHTS`.
    """
    doors = _DataOperations(history, state, trails, owners, clock)
    return {"ListInsightsData": doors.list_events, "ListInsightsMetricData": doors.list_metric_data}


class _Points(msgspec.Struct, frozen=True):
    """A request for points, but for what of them a page has. Times are in seconds since the epoch."""

    key: SeriesKey
    trail: str
    period: int
    fill: bool
    start: float | None
    """None: as far back as there may be any."""
    end: float | None
    """None: now."""


class _DataOperations:
    def __init__(self, history: HistoryReader, state: State, trails: Trails, owners: Owners, clock: Clock) -> None:
        self._history = history
        self._state = state
        self._trails = trails
        self._owners = owners
        self._clock = clock

    def list_events(self, context: Context, params: Params) -> Mapping[str, Any]:
        if not self._history.rate.admits(context.account, context.region, "ListInsightsData"):
            raise AwsError("ThrottlingException", "Rate exceeded")
        arn = params["InsightSource"]
        if not arn.startswith("arn:"):
            raise refusals.invalid_insight_source(arn)
        trail = self._trail(context, arn, declared=("OperationNotPermittedException",))
        question = _question(context, params)
        asked = question
        token = params.get("NextToken")
        if token is not None:
            mark = self._opened(token, (trail.arn, question))
            asked = behind(question, (mark.time, mark.seq), mark.seq_end)
        found = sifted(self._history.lookup, asked, of_trail(trail.arn))
        answer: dict[str, Any] = {"Events": [item(event) for event in found.events]}
        if found.more and found.last is not None:
            mark = Bookmark(*found.last, found.seq_end)
            answer["NextToken"] = self._history.tokens.make(mark, (trail.arn, question))
        return answer

    def list_metric_data(self, context: Context, params: Params) -> Mapping[str, Any]:
        declared = ("InvalidTrailNameException", "OperationNotPermittedException")
        trail = self._trail(context, params["TrailName"], declared=declared) if "TrailName" in params else None
        question = _points(context, params, trail.arn if trail is not None else "")
        now = self._clock.now()
        start = max(now - REACH_S if question.start is None else question.start, now - KEPT_S[question.period])
        end = min(now if question.end is None else question.end, now)
        token = params.get("NextToken")
        if token is not None:
            mark = self._opened(token, question)
            start, end = max(start, mark.time), mark.seq_end
        points, following = self._read(question, start, end, params.get("MaxResults", POINTS_MAX))
        answer = {name: params[name] for name in ("EventSource", "EventName", "InsightType")}
        if question.key.error_code:
            answer["ErrorCode"] = question.key.error_code
        if trail is not None and any(DATA in one.categories for one in trail.settings.insights):
            answer["TrailARN"] = trail.arn
        answer["Timestamps"] = [utc(at) for at, _ in points]
        answer["Values"] = [float(calls) for _, calls in points]
        if following is not None:
            answer["NextToken"] = self._history.tokens.make(Bookmark(following, 0, -int(-end // 1)), question)
        return answer

    def _read(
        self, question: _Points, start: float, end: float, limit: int
    ) -> tuple[list[tuple[int, int]], int | None]:
        """A page of points, and where the next begins; None: this was the last."""
        period = question.period
        if question.fill:
            first = -int(-start // period) * period
            grid = range(first, max(first, -int(-end // 1)), period)
            with self._state.read() as connection:
                stop = min(end, first + limit * period)
                known = dict(
                    metric_data.read(connection, question.key, question.trail, period, start, stop, limit=limit)
                )
            return [(at, known.get(at, 0)) for at in grid[:limit]], grid[limit] if len(grid) > limit else None
        with self._state.read() as connection:
            found = metric_data.read(connection, question.key, question.trail, period, start, end, limit=limit + 1)
        return found[:limit], found[limit][0] if len(found) > limit else None

    def _opened(self, token: str, question: object) -> Bookmark:
        try:
            return self._history.tokens.open(token, question)
        except BadToken as error:
            raise refusals.invalid_parameter(f"NextToken is not valid: {error}.") from None

    def _trail(self, context: Context, name_or_arn: str, *, declared: Collection[str]) -> Trail:
        """The trail, for those who may read its Insights.

        Raises:
            AwsError: InvalidParameterException in place of errors that the operation's model does not declare.
        """
        try:
            return self._readable(context, name_or_arn)
        except AwsError as error:
            if error.code in declared:
                raise
            raise refusals.invalid_parameter(error.message) from None

    def _readable(self, context: Context, name_or_arn: str) -> Trail:
        """The trail, where it is seen here; those of organizations not for their members."""
        named = resolve(name_or_arn, context.account, context.region)
        found = next((trail for trail in self._trails.of_account(context.account) if trail.id == named), None)
        if found is None or not found.seen_in(context.region):
            raise refusals.trail_not_found(named.arn, context.account)
        if found.id.account != context.account and not self._owners.administers(context.account, found):
            raise refusals.insights_not_for_members()
        return found


def _question(context: Context, params: Params) -> Lookup:
    """ListInsightsData's input as a question to the history.

    Raises:
        AwsError: InvalidParameterException.
    """
    dimensions: dict[str, str] = params.get("Dimensions", {})
    start, end = _times(params)
    return Lookup(
        scope=(context.account, context.region, "Insight"),
        event_id=dimensions.get("EventId", ""),
        field=next((_FIELDS[name] for name in dimensions if name in _FIELDS), Field.ALL),
        value=next((value for name, value in dimensions.items() if name in _FIELDS), ""),
        time_min=-TIME_MAX if start is None else -int(-start // 1),
        time_max=TIME_MAX if end is None else int(end // 1),
        limit=params.get("MaxResults", RESULTS_MAX),
    )


def _points(context: Context, params: Params, trail: str) -> _Points:
    """ListInsightsMetricData's input.

    Raises:
        AwsError: InvalidParameterException.
    """
    errors = params["InsightType"] == ERROR_RATE
    if errors and not params.get("ErrorCode"):
        raise refusals.error_code_missing()
    period = params.get("Period", PERIOD_S)
    if period not in KEPT_S:
        raise refusals.invalid_parameter(f"Period must be one of {', '.join(map(str, KEPT_S))}.")
    start, end = _times(params)
    key = SeriesKey(
        context.account,
        context.region,
        params["EventSource"],
        params["EventName"],
        params["InsightType"],
        params["ErrorCode"] if errors else "",
        DATA if trail else MANAGEMENT,
    )
    return _Points(key, trail, period, params.get("DataType") == "FillWithZeros", start, end)


def _times(params: Params) -> tuple[float | None, float | None]:
    """StartTime and EndTime in seconds since the epoch; None: not given."""
    start, end = _seconds(params.get("StartTime"), "StartTime"), _seconds(params.get("EndTime"), "EndTime")
    if start is not None and end is not None and start > end:
        raise refusals.invalid_parameter("StartTime is after EndTime.")
    return start, end


def _seconds(value: object, member: str) -> float | None:
    try:
        return seconds_of(value)
    except ValueError as error:
        raise refusals.invalid_parameter(f"{member} {error}.") from None
