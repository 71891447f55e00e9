"""What CloudTrail may do in an account, by the policies that say so there."""

from __future__ import annotations

from collections.abc import Mapping

from cairn.core.policy import Kind, MalformedPolicy, Policy, Principal, Request, evaluate, parse_policy

CLOUDTRAIL = Principal(service="cloudtrail.amazonaws.com")
_SERVICE_KEYS = {
    "aws:PrincipalIsAWSService": "true",
    "aws:PrincipalServiceName": "cloudtrail.amazonaws.com",
    "aws:SecureTransport": "true",
}


def service_may(
    policy: str, action: str, resource: str, keys: Mapping[str, str], *, kind: Kind = Kind.RESOURCE
) -> bool:
    """`cloudtrail.preconditions.ServiceMay`: whether a resource's policy lets CloudTrail act."""
    parsed = parsed_or_none(policy, kind)
    if parsed is None:
        return False
    return evaluate(Request(CLOUDTRAIL, action, resource, _SERVICE_KEYS | dict(keys)), resource_policy=parsed).allowed


def parsed_or_none(text: str | None, kind: Kind) -> Policy | None:
    """The policy; one that nobody can read allows nothing."""
    try:
        return parse_policy(text, kind) if text else None
    except MalformedPolicy:
        return None
