"""Which permissions operations on buses and rules need: on which bus or rule, with which condition keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.core.errors import AwsError
from cairn.core.policy.keys import Value
from cairn.eventbridge.arns import RuleId, bus_named, resource_of
from cairn.eventbridge.event import BusId
from cairn.eventbridge.rules.rule import rule_arn

_ON_BUSES = {
    "CreateEventBus": "Name",
    "DeleteEventBus": "Name",
    "DescribeEventBus": "Name",
    "UpdateEventBus": "Name",
    "PutPermission": "EventBusName",
    "RemovePermission": "EventBusName",
}
"""By the member that names the bus."""
_ON_RULES = {
    "PutRule": "Name",
    "DeleteRule": "Name",
    "DescribeRule": "Name",
    "EnableRule": "Name",
    "DisableRule": "Name",
    "PutTargets": "Rule",
    "RemoveTargets": "Rule",
    "ListTargetsByRule": "Rule",
    "ListRules": "",
    "ListRuleNamesByTarget": "",
}
"""By the member that names the rule; empty: every rule of the bus."""
_ON_TAGS = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})


class Needed(msgspec.Struct, frozen=True):
    """An action on a bus or a rule."""

    action: str
    """`events:PutEvents`."""
    bus: BusId
    """Whose policy says who else may."""
    resource: str
    """ARN of the bus, or of a rule of it."""
    keys: Mapping[str, Value] = {}
    """Condition keys of the action."""


def needed(operation: str, account: str, region: str, params: Mapping[str, Any]) -> list[Needed]:
    """What the caller must be allowed, each of it. Empty where the input names no bus that could be: the operation says
    what is wrong with it."""
    action = f"events:{operation}"
    try:
        if operation == "PutEvents":
            return _events(action, account, region, params)
        if operation in _ON_TAGS:
            found = resource_of(str(params.get("ResourceARN")))
            return [Needed(action, found.bus if isinstance(found, RuleId) else found, str(params["ResourceARN"]))]
        if operation in _ON_BUSES:
            bus = bus_named(params.get(_ON_BUSES[operation]), account, region)
            return [Needed(action, bus, bus.arn)]
        if operation in _ON_RULES:
            bus = bus_named(params.get("EventBusName"), account, region)
            name = params.get(_ON_RULES[operation]) if _ON_RULES[operation] else "*"
            return [Needed(action, bus, rule_arn(bus, str(name)), {"events:creatorAccount": account})]
    except AwsError:
        pass
    return []


def _events(action: str, account: str, region: str, params: Mapping[str, Any]) -> list[Needed]:
    found: dict[tuple[BusId, str, str], Needed] = {}
    for entry in params.get("Entries") or []:
        bus = bus_named(entry.get("EventBusName"), account, region)
        source, detail_type = entry.get("Source") or "", entry.get("DetailType") or ""
        texts = {"events:source": source, "events:detail-type": detail_type}
        keys: dict[str, Value] = {name: text for name, text in texts.items() if text}
        keys["events:eventBusInvocation"] = False
        found[bus, source, detail_type] = Needed(action, bus, bus.arn, keys)
    return list(found.values())
