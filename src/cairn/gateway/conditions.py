"""The condition keys of a call: who and whence, its tags, and those of its service that its parameters give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cairn.core.policy import global_keys
from cairn.core.policy.keys import Value
from cairn.wire.http import Call

_KEYS = {
    "iam": {"PolicyArn": "iam:PolicyARN", "PermissionsBoundary": "iam:PermissionsBoundary"},
    "sts": {
        "ExternalId": "sts:ExternalId",
        "RoleSessionName": "sts:RoleSessionName",
        "SourceIdentity": "sts:SourceIdentity",
        "DurationSeconds": "sts:DurationSeconds",
        "TransitiveTagKeys": "sts:TransitiveTagKeys",
    },
    "sns": {"Protocol": "sns:Protocol", "Endpoint": "sns:Endpoint"},
    "lambda": {"Principal": "lambda:Principal", "FunctionUrlAuthType": "lambda:FunctionUrlAuthType"},
    "ec2": {"InstanceType": "ec2:InstanceType"},
    "cloudwatch": {"Namespace": "cloudwatch:namespace"},
}
"""Condition keys by the input member that gives them."""


def condition_keys(call: Call, *, now: float) -> dict[str, Value]:
    """The keys of `call`, which is parsed.

    Args:
        now: seconds since the epoch.
    """
    request, params = call.request, call.params or {}
    keys = global_keys(
        call.identity,
        now=now,
        region=call.region,
        source_ip=request.client,
        user_agent=request.headers.get("user-agent"),
        secure=request.scheme == "https",
    )
    if call.vpc_endpoint_id:
        keys["aws:SourceVpce"] = call.vpc_endpoint_id
    for member, key in _KEYS.get(call.service, {}).items():
        value = params.get(member)
        if isinstance(value, str | int):
            keys[key] = value
        elif isinstance(value, list):
            keys[key] = [item for item in value if isinstance(item, str)]
    tags = dict(_tags(params))
    if tags:
        keys["aws:TagKeys"] = list(tags)
        keys |= {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    return keys


def _tags(params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The tags that a call sets, in the forms that services have for them."""
    for name in ("Tags", "tags", "TagsList"):
        yield from _pairs(params.get(name))
    specifications = params.get("TagSpecifications")
    for specification in specifications if isinstance(specifications, list) else ():
        if isinstance(specification, dict):
            yield from _pairs(specification.get("Tags"))


def _pairs(tags: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tags, dict):
        yield from ((str(name), str(value)) for name, value in tags.items())
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, dict):
            name = tag.get("Key", tag.get("key"))
            if isinstance(name, str):
                yield name, str(tag.get("Value", tag.get("value", "")))
