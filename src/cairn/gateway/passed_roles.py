"""Roles that a call hands to a service: whoever does so must be allowed `iam:PassRole` on them.

Otherwise anybody who may make a trail or a rule could have a service act with rights that are not the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cairn.gateway.permissions import Permission
from cairn.wire.http import Call

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/.+")

_TRAILS = "cloudtrail.amazonaws.com"
_LOGS = "logs.amazonaws.com"
_EVENTS = "events.amazonaws.com"
_SNS = "sns.amazonaws.com"

_MEMBERS = {
    ("cloudtrail", "CreateTrail"): ("CloudWatchLogsRoleArn", _TRAILS),
    ("cloudtrail", "UpdateTrail"): ("CloudWatchLogsRoleArn", _TRAILS),
    ("cloudwatch", "PutMetricStream"): ("RoleArn", "streams.metrics.cloudwatch.amazonaws.com"),
    ("events", "CreateEndpoint"): ("RoleArn", _EVENTS),
    ("events", "PutRule"): ("RoleArn", _EVENTS),
    ("events", "PutTargets"): ("Targets.RoleArn", _EVENTS),
    ("events", "UpdateEndpoint"): ("RoleArn", _EVENTS),
    ("logs", "PutDestination"): ("roleArn", _LOGS),
    ("logs", "PutSubscriptionFilter"): ("roleArn", _LOGS),
}
"""Where a call of Cairn's own services names a role, and whom the role is for."""

_ROLE_ATTRIBUTES = re.compile(r"SubscriptionRoleArn|\w+FeedbackRoleArn")
"""Attributes of SNS that name one."""


def passed_roles(call: Call) -> list[Permission]:
    """What the caller of a parsed `call` must be allowed beside the call itself. What is no role's ARN is left to the
    operation to refuse."""
    roles = dict.fromkeys(_named(call))
    return [
        Permission("iam:PassRole", role, keys={"iam:PassedToService": service}, owner=found[1])
        for role, service in roles
        if (found := _ROLE.fullmatch(role)) is not None
    ]


def _named(call: Call) -> Iterator[tuple[str, str]]:
    """What a call names as roles, and for whom."""
    params = call.params or {}
    if call.service == "sns":
        yield from ((role, _SNS) for role in _of_topics(params))
        return
    path, service = _MEMBERS.get((call.service, call.operation), ("", ""))
    if path:
        yield from ((value, service) for value in _at(params, path.split(".")) if isinstance(value, str))


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """What stands at a path, of each item of lists on the way."""
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from _at(value.get(path[0]), path[1:])


def _of_topics(params: dict[str, Any]) -> Iterator[str]:
    attributes = params.get("Attributes")
    given = list(attributes.items()) if isinstance(attributes, dict) else []
    given.append((params.get("AttributeName"), params.get("AttributeValue")))
    for name, value in given:
        if isinstance(name, str) and isinstance(value, str) and _ROLE_ATTRIBUTES.fullmatch(name):
            yield value
