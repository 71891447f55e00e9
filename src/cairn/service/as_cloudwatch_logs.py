"""What CloudWatch Logs may do in an account, by the policies that say so there."""

from __future__ import annotations

from collections.abc import Mapping

from cairn.core.policy import Kind, Principal, Request, evaluate
from cairn.service.as_cloudtrail import parsed_or_none


def logs_may(
    policy: str | None,
    action: str,
    resource: str,
    source: str,
    *,
    kind: Kind = Kind.RESOURCE,
    keys: Mapping[str, str] | None = None,
) -> bool:
    """Whether a resource's policy lets CloudWatch Logs act for a log group, whose ARN is `source`.

    CloudWatch Logs has two names, with its region and without; either will do, as in AWS.
    """
    parsed = parsed_or_none(policy, kind)
    if parsed is None:
        return False
    region, account = source.split(":")[3], source.split(":")[4]
    given = {
        # Policies name the group's ARN, the same with `:*` at its end, or a pattern that takes that end in.
        **(keys or {}),
        "aws:SourceAccount": account,
        "aws:PrincipalIsAWSService": "true",
        "aws:SecureTransport": "true",
    }
    return any(
        evaluate(
            Request(
                Principal(service=name),
                action,
                resource,
                given | {"aws:PrincipalServiceName": name, "aws:SourceArn": arn},
            ),
            resource_policy=parsed,
        ).allowed
        for name in (f"logs.{region}.amazonaws.com", "logs.amazonaws.com")
        for arn in (source, f"{source}:*")
    )


def service_may(policy: str, action: str, resource: str, keys: Mapping[str, str]) -> bool:
    """`encryption.ServiceMay` of CloudWatch Logs; `aws:SourceArn` among `keys` is the log group's."""
    return logs_may(policy, action, resource, keys["aws:SourceArn"], keys=keys)
