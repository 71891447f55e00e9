"""Which permissions operations on buses and rules need: on which bus or rule, with which condition keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cairn.core.errors import AwsError
from cairn.core.policy.keys import Value
from cairn.eventbridge.arns import RuleId, bus_named, resource_of
from cairn.eventbridge.event import BusId
from cairn.eventbridge.patterns import EventPattern, InvalidEventPattern, parse_pattern
from cairn.eventbridge.patterns.conditions import Text
from cairn.eventbridge.rules.rule import rule_arn

ANY = "*"
"""The resource of actions that IAM knows none of."""

_ON_BUSES = {
    "CreateEventBus": "Name",
    "DeleteEventBus": "Name",
    "DescribeEventBus": "Name",
    "UpdateEventBus": "Name",
}
"""By the member that names the bus."""
_ON_ANY = frozenset({"ListRules", "ListRuleNamesByTarget", "PutPermission", "RemovePermission"})
"""On a bus, which only a bus of another account is asked about."""
_ON_RULES = {
    "PutRule": "Name",
    "DeleteRule": "Name",
    "DescribeRule": "Name",
    "EnableRule": "Name",
    "DisableRule": "Name",
    "PutTargets": "Rule",
    "RemoveTargets": "Rule",
    "ListTargetsByRule": "Rule",
}
"""By the member that names the rule."""
_ON_TAGS = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})


class Needed(msgspec.Struct, frozen=True):
    """An action on a bus or a rule."""

    action: str
    """`events:PutEvents`."""
    bus: BusId
    """Whose policy says who else may."""
    resource: str
    """ARN of the bus, or of a rule of it, or `ANY`."""
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
        if operation in _ON_ANY:
            bus = bus_named(params.get("EventBusName"), account, region)
            return [Needed(action, bus, ANY if bus.account == account else bus.arn)]
        if operation in _ON_RULES:
            bus = bus_named(params.get("EventBusName"), account, region)
            keys = {"events:creatorAccount": account} | _of_rule(params)
            return [Needed(action, bus, rule_arn(bus, str(params.get(_ON_RULES[operation]))), keys)]
    except AwsError:
        pass
    return []


def _of_rule(params: Mapping[str, Any]) -> dict[str, Value]:
    """What a rule would match, as far as it says so by whole values, and whom it would tell."""
    keys: dict[str, Value] = {}
    try:
        pattern = parse_pattern(params.get("EventPattern") or "")  # which reads more than JSON, as what is put is read
    except InvalidEventPattern:
        pattern = None
    for key, field in (("events:source", "source"), ("events:detail-type", "detail-type")):
        if pattern is not None and (values := _whole_values(pattern, field)):
            keys[key] = values
    targets = params.get("Targets")
    if targets:
        keys["events:TargetArn"] = [str(target.get("Arn")) for target in targets if target is not None]
    return keys


def _whole_values(pattern: EventPattern, field: str) -> list[str]:
    """What the field must be one of; empty: it may be something else."""
    found: set[str] = set()
    for branch in pattern.branches:
        conditions = dict(branch).get(field, frozenset())
        texts = {each.text for each in conditions if isinstance(each, Text)}
        if not texts or len(texts) < len(conditions):
            return []
        found |= texts
    return sorted(found)


def _events(action: str, account: str, region: str, params: Mapping[str, Any]) -> list[Needed]:
    found: dict[tuple[BusId, str, str], Needed] = {}
    for entry in params.get("Entries") or []:
        if entry is None:  # for which the call will be refused
            continue
        bus = bus_named(entry.get("EventBusName"), account, region)
        source, detail_type = entry.get("Source") or "", entry.get("DetailType") or ""
        texts = {"events:source": source, "events:detail-type": detail_type}
        keys: dict[str, Value] = {name: text for name, text in texts.items() if text}
        keys["events:eventBusInvocation"] = False
        found[bus, source, detail_type] = Needed(action, bus, bus.arn, keys)
    return list(found.values())
