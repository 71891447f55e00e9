"""Which log group a call means: by `logGroupName`, by `logGroupIdentifier`, or by an ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.names import GroupId
from cairn.wire.operation import Context


def own_group(context: Context, name: str) -> GroupId:
    """The caller's group of a name."""
    return GroupId(context.account, context.region, name)


def named_group(context: Context, params: Mapping[str, Any]) -> GroupId:
    """The group of a call that takes a name or an identifier.

    Raises:
        AwsError: ValidationException: both are given, or none; else as `identified`.
    """
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if name is not None and identifier is not None:
        raise refusals.name_and_identifier()
    if name is not None:
        return own_group(context, name)
    if identifier is None:
        raise refusals.no_group_named()
    return identified(context, identifier)


def identified(context: Context, identifier: str) -> GroupId:
    """The group of a name or an ARN; one account never sees another's.

    Raises:
        AwsError: InvalidParameterException: it is neither; ResourceNotFoundException: it is elsewhere.
    """
    if not identifier.startswith("arn:"):
        return own_group(context, identifier)
    group = GroupId.of_arn(identifier)
    if group is None:
        raise refusals.invalid_parameter(f"{identifier} is not the ARN of a log group.")  # (ours)
    if (group.account, group.region) != (context.account, context.region):
        raise refusals.group_not_found()
    return group
