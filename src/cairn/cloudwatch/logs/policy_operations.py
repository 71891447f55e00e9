"""Operations on resource policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudwatch.logs import refusals
from cairn.cloudwatch.logs.groups import Groups
from cairn.cloudwatch.logs.identifiers import identified
from cairn.cloudwatch.logs.paging import LISTED_MAX, read_token, token
from cairn.cloudwatch.logs.policies import ResourcePolicies, ResourcePolicy
from cairn.core.policy import Kind, MalformedPolicy, parse_policy
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

_RESOURCE = "RESOURCE"


def policy_operations(policies: ResourcePolicies, groups: Groups) -> dict[str, Operation]:
    """By name."""
    doors = _PolicyOperations(policies, groups)
    return {
        "PutResourcePolicy": doors.put_resource_policy,
        "DeleteResourcePolicy": doors.delete_resource_policy,
        "DescribeResourcePolicies": doors.describe_resource_policies,
    }


class _PolicyOperations:
    def __init__(self, policies: ResourcePolicies, groups: Groups) -> None:
        self._policies = policies
        self._groups = groups

    def put_resource_policy(self, context: Context, params: Params) -> Mapping[str, Any]:
        name, document = _given(params, "policyName"), _given(params, "policyDocument")
        try:
            parse_policy(document, Kind.RESOURCE)
        except MalformedPolicy as error:
            raise refusals.invalid_parameter(f"The policy document is not valid: {error}") from None  # (ours)
        policy = self._policies.put(
            context.account,
            context.region,
            name,
            document,
            resource=self._resource(context, params),
            expected=params.get("expectedRevisionId"),
        )
        revision = {"revisionId": policy.revision} if policy.resource else {}
        return {"resourcePolicy": _description(policy), **revision}

    def delete_resource_policy(self, context: Context, params: Params) -> Mapping[str, Any]:
        self._policies.delete(
            context.account,
            context.region,
            _given(params, "policyName"),
            resource=self._resource(context, params),
            expected=params.get("expectedRevisionId"),
        )
        return {}

    def describe_resource_policies(self, context: Context, params: Params) -> Mapping[str, Any]:
        resource = self._resource(context, params)
        of_groups = bool(resource) or params.get("policyScope") == _RESOURCE
        scope = ["policies", context.account, context.region, of_groups, resource]
        after = read_token(params.get("nextToken"), scope, tuple[str, str]) or ("", "")
        limit = params.get("limit", LISTED_MAX)
        found = [
            policy
            for policy in self._policies.all(context.account, context.region)
            if bool(policy.resource) is of_groups
            and resource in ("", policy.resource)
            and (policy.resource, policy.name) > after
        ]
        answer: dict[str, Any] = {"resourcePolicies": [_description(policy) for policy in found[:limit]]}
        if len(found) > limit:
            answer["nextToken"] = token(scope, [found[limit - 1].resource, found[limit - 1].name])
        return answer

    def _resource(self, context: Context, params: Params) -> str:
        """The ARN of the log group that is meant; empty: the account."""
        arn = params.get("resourceArn", "")
        return self._groups.get(identified(context, arn)).arn if arn else ""


def _given(params: Params, member: str) -> str:
    """A member that the model does not call required, though it is.

    Raises:
        AwsError: InvalidParameterException.
    """
    value: str = params.get(member, "")
    if not value:
        raise refusals.invalid_parameter(f"{member} must be given.")  # (ours)
    return value


def _description(policy: ResourcePolicy) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "policyName": policy.name,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated_ms,
        "policyScope": _RESOURCE if policy.resource else "ACCOUNT",
    }
    if policy.resource:
        answer |= {"resourceArn": policy.resource, "revisionId": policy.revision}
    return answer
