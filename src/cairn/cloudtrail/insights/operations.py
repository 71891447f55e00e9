"""PutInsightSelectors and GetInsightSelectors, as the wire knows them (spec 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

import msgspec

from cairn.cloudtrail import refusals
from cairn.cloudtrail.insights.records import EVENT_CATEGORY
from cairn.cloudtrail.logfile import FOLDERS
from cairn.cloudtrail.preconditions import Preconditions
from cairn.cloudtrail.selectors import DEFAULT_SELECTORS, InsightSelector
from cairn.cloudtrail.selectors.selection import InsightCategory, InsightType
from cairn.cloudtrail.trail import Trail, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core.errors import AwsError
from cairn.wire.operation import Context, Operation

TYPES: tuple[str, ...] = get_args(InsightType)
CATEGORIES: tuple[str, ...] = get_args(InsightCategory)

Find = Callable[[Context, str], Trail]
Params = Mapping[str, Any]


def operations(trails: Trails, checks: Preconditions, *, own: Find, seen: Find) -> dict[str, Operation]:
    """The operations on Insights selectors, by name.

    Args:
        own: finds a trail for an operation that changes it; `seen`: for one that reads it.
    """

    def put_insight_selectors(context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        name = _trail_name(params)
        if "InsightsDestination" in params:
            raise AwsError("InvalidParameterCombinationException", "InsightsDestination needs an EventDataStore.")
        trail = own(context, name)
        selectors = selectors_from(params)
        for selector in selectors:
            _check_logged(trail.settings, selector)
        if selectors:
            checks.check_bucket(trail.id, trail.settings, kind=FOLDERS[EVENT_CATEGORY])

        def change(settings: TrailSettings) -> TrailSettings:
            return msgspec.structs.replace(settings, insights=selectors)

        return _answer(trails.update(trail.id, change))

    def get_insight_selectors(context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        trail = seen(context, _trail_name(params))
        if not trail.settings.insights:
            raise refusals.insights_not_enabled(trail.id.name)
        return _answer(trail)

    return {"PutInsightSelectors": put_insight_selectors, "GetInsightSelectors": get_insight_selectors}


def selectors_from(params: Params) -> tuple[InsightSelector, ...]:
    """The selectors of PutInsightSelectors' input; none switch Insights off. A type given twice has the categories of
    both.

    Raises:
        AwsError: InvalidInsightSelectorsException.
    """
    by_type: dict[str, dict[str, None]] = {}
    for given in params["InsightSelectors"]:
        kind = given.get("InsightType") if isinstance(given, dict) else None
        if kind not in TYPES:
            raise refusals.invalid_insight_selectors(f"InsightType {kind} is not valid. Valid values: {_told(TYPES)}.")
        categories = given.get("EventCategories") or ["Management"]
        for category in categories:
            if category not in CATEGORIES:
                text = f"EventCategory {category} is not valid. Valid values: {_told(CATEGORIES)}."
                raise refusals.invalid_insight_selectors(text)
        by_type.setdefault(kind, {}).update(dict.fromkeys(categories))
    return tuple(
        msgspec.convert({"type": kind, "categories": list(categories)}, InsightSelector)
        for kind, categories in by_type.items()
    )


def _check_logged(settings: TrailSettings, selector: InsightSelector) -> None:
    """Raise InvalidInsightSelectorsException unless the trail logs what the selector looks at (spec 7)."""
    writes, reads, data = _logged(settings)
    calls = selector.type == "ApiCallRateInsight"
    if "Management" in selector.categories and not (writes or (reads and not calls)):
        kinds = "write management events" if calls else "read or write management events"
        raise refusals.invalid_insight_selectors(f"{selector.type} needs a trail that logs {kinds}.")
    if "Data" in selector.categories and not data:
        raise refusals.invalid_insight_selectors("Insights on data events need a trail that logs data events.")


def _logged(settings: TrailSettings) -> tuple[bool, bool, bool]:
    """Whether a trail logs any management events that write, any that read, any data events."""
    if settings.advanced:
        management = [one for one in settings.advanced if one.only("eventCategory") == "Management"]
        read_only = [one.only("readOnly") for one in management]
        data = any(one.only("eventCategory") == "Data" for one in settings.advanced)
        return any(only != "true" for only in read_only), any(only != "false" for only in read_only), data
    basic = DEFAULT_SELECTORS if settings.selectors is None else settings.selectors
    kinds = [one.read_write for one in basic if one.management]
    data = any(resource.values for one in basic for resource in one.data)
    return any(kind != "ReadOnly" for kind in kinds), any(kind != "WriteOnly" for kind in kinds), data


def _trail_name(params: Params) -> str:
    if "TrailName" in params and "EventDataStore" in params:
        raise refusals.trail_or_event_data_store()
    if "EventDataStore" in params:
        raise refusals.unsupported("CloudTrail Lake")
    if "TrailName" not in params:
        raise AwsError("InvalidParameterException", "Either TrailName or EventDataStore must be given.")
    return str(params["TrailName"])


def _answer(trail: Trail) -> dict[str, Any]:
    selectors = [{"InsightType": one.type, "EventCategories": list(one.categories)} for one in trail.settings.insights]
    return {"TrailARN": trail.arn, "InsightSelectors": selectors}


def _told(values: tuple[str, ...]) -> str:
    return ", ".join(values)
