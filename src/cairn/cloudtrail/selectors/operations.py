"""PutEventSelectors and GetEventSelectors, as the wire knows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cairn.cloudtrail.selectors.checks import OPERATORS, selectors_from
from cairn.cloudtrail.selectors.selection import DEFAULT_SELECTORS, AdvancedSelector, EventSelector
from cairn.cloudtrail.trail import Trail, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.wire.operation import Context, Operation

Find = Callable[[Context, str], Trail]
"""The trail that a caller names, or the error of one who may not see or change it here."""


def operations(trails: Trails, *, own: Find, seen: Find) -> dict[str, Operation]:
    """The operations on event selectors, by name.

    Args:
        own: finds a trail for an operation that changes it; `seen`: for one that reads it.
    """

    def put_event_selectors(context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        trail = own(context, params["TrailName"])
        basic, advanced = selectors_from(params)

        def change(settings: TrailSettings) -> TrailSettings:
            # The default, put again, is no custom selector: Terraform puts it to take its selectors away.
            selectors = None if advanced or basic == DEFAULT_SELECTORS else basic
            return msgspec.structs.replace(settings, selectors=selectors, advanced=advanced)

        return _answer(trails.update(trail.id, change))

    def get_event_selectors(context: Context, params: dict[str, Any]) -> Mapping[str, Any]:
        return _answer(seen(context, params["TrailName"]))

    return {"PutEventSelectors": put_event_selectors, "GetEventSelectors": get_event_selectors}


def _answer(trail: Trail) -> dict[str, Any]:
    """The selectors in force, of one kind."""
    if trail.settings.advanced:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": [_advanced(one) for one in trail.settings.advanced]}
    selectors = DEFAULT_SELECTORS if trail.settings.selectors is None else trail.settings.selectors
    return {"TrailARN": trail.arn, "EventSelectors": [_basic(one) for one in selectors]}


def _basic(selector: EventSelector) -> dict[str, Any]:
    """Every member stands, whether it was given or not."""
    return {
        "ReadWriteType": selector.read_write,
        "IncludeManagementEvents": selector.management,
        "DataResources": [{"Type": resource.type, "Values": list(resource.values)} for resource in selector.data],
        "ExcludeManagementEventSources": list(selector.excluded_sources),
    }


def _advanced(selector: AdvancedSelector) -> dict[str, Any]:
    """Only what was given stands."""
    fields = []
    for field in selector.fields:
        given = {operator: list(values) for operator, member in OPERATORS.items() if (values := getattr(field, member))}
        fields.append({"Field": field.field} | given)
    return ({} if selector.name is None else {"Name": selector.name}) | {"FieldSelectors": fields}
