"""PutEventConfiguration and GetEventConfiguration of trails: by what their data events are aggregated (spec 1.9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cairn.cloudtrail import refusals
from cairn.cloudtrail.trail import Trail, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.wire.operation import Context, Operation

Find = Callable[[Context, str], Trail]


def operations(trails: Trails, *, own: Find, seen: Find) -> dict[str, Operation]:
    """The operations on event configurations, by name.

    Args:
        own: finds a trail for an operation that changes it; `seen`: for one that reads it.
    """

    def put_event_configuration(context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        name = _trail_name(params)
        if "MaxEventSize" in params or "ContextKeySelectors" in params:
            raise refusals.event_data_stores_alone("MaxEventSize and ContextKeySelectors")
        if "AggregationConfigurations" not in params:
            raise refusals.nothing_to_configure()
        trail = own(context, name)
        given = params["AggregationConfigurations"]
        templates = tuple(dict.fromkeys(template for one in given for template in one["Templates"]))

        def change(settings: TrailSettings) -> TrailSettings:
            return msgspec.structs.replace(settings, aggregations=templates)

        return _answer(trails.update(trail.id, change))

    def get_event_configuration(context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        return _answer(seen(context, _trail_name(params)))

    return {"PutEventConfiguration": put_event_configuration, "GetEventConfiguration": get_event_configuration}


def _trail_name(params: Mapping[str, Any]) -> str:
    if "TrailName" in params and "EventDataStore" in params:
        raise refusals.trail_or_event_data_store()
    if "EventDataStore" in params:
        raise refusals.unsupported("CloudTrail Lake")
    if "TrailName" not in params:
        raise refusals.trail_or_event_data_store()
    return str(params["TrailName"])


def _answer(trail: Trail) -> dict[str, Any]:
    templates = list(trail.settings.aggregations)
    configurations = [{"Templates": templates, "EventCategory": "Data"}] if templates else []
    return {"TrailARN": trail.arn, "AggregationConfigurations": configurations}
