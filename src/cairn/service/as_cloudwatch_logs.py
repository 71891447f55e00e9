"""What CloudWatch Logs may do in an account, by the policies that say so there."""

from __future__ import annotations

from collections.abc import Mapping

from cairn.account.moto.questions import MotoQuestions, NotFound, Policies
from cairn.core.policy import Kind, Principal, Request, evaluate
from cairn.service.as_cloudtrail import parsed_or_none

_SESSION = "CloudWatchLogs"


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


class LogsRoles:
    """What roles of the embedded account let CloudWatch Logs do."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._questions = questions

    def trusts(self, role: str, source: str) -> bool:
        """Whether CloudWatch Logs may assume it for a log group, whose ARN is `source`."""
        found = self._role(role)
        return found is not None and logs_may(found.trust, "sts:AssumeRole", role, source, kind=Kind.TRUST)

    def may(self, role: str, action: str, resource: str) -> bool:
        """Whether the role's own policies let it do this."""
        found = self._role(role)
        if found is None:
            return False
        _, partition, _, _, account, _ = role.split(":", 5)
        session = Principal(
            account=account,
            arn=f"arn:{partition}:sts::{account}:assumed-role/{found.principal.name}/{_SESSION}",
            role_arn=role,
            unique_id=found.principal.id,
        )
        identity = [parsed_or_none(policy.document, Kind.IDENTITY) for policy in found.identity]
        boundary = parsed_or_none(found.boundary, Kind.IDENTITY)
        if None in identity or (found.boundary is not None and boundary is None):
            return False  # what nobody can read might have denied
        return evaluate(
            Request(session, action, resource, {"aws:SecureTransport": "true"}),
            identity_policies=[policy for policy in identity if policy is not None],
            permissions_boundary=boundary,
        ).allowed

    def _role(self, role: str) -> Policies | None:
        try:
            return self._questions.policies(role)
        except NotFound:
            return None
