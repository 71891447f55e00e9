"""What CloudTrail may do in an account, by the policies that say so there."""

from __future__ import annotations

from collections.abc import Mapping

from cairn.account.moto.questions import MotoQuestions, NotFound, Policies
from cairn.core.policy import Kind, MalformedPolicy, Policy, Principal, Request, evaluate, parse_policy

CLOUDTRAIL = Principal(service="cloudtrail.amazonaws.com")
_SESSION = "CloudTrail"
"""Name of the session in which CloudTrail has a role."""
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


class AccountRoles:
    """What roles of the embedded account let CloudTrail do."""

    def __init__(self, questions: MotoQuestions) -> None:
        self._questions = questions

    def trusts(self, role: str, source: str) -> bool:
        found = self._role(role)
        keys = {"aws:SourceArn": source, "aws:SourceAccount": source.split(":")[4]}
        if found is None or found.trust is None:
            return False
        return service_may(found.trust, "sts:AssumeRole", role, keys, kind=Kind.TRUST)

    def may(self, role: str, action: str, resource: str) -> bool:
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
        request = Request(session, action, resource, {"aws:SecureTransport": "true"})
        identity = [parsed_or_none(policy.document, Kind.IDENTITY) for policy in found.identity]
        if None in identity:
            return False  # it might have denied
        boundary = parsed_or_none(found.boundary, Kind.IDENTITY)
        return (found.boundary is None or boundary is not None) and evaluate(
            request,
            identity_policies=[policy for policy in identity if policy is not None],
            permissions_boundary=boundary,
        ).allowed

    def _role(self, role: str) -> Policies | None:
        try:
            return self._questions.policies(role)
        except NotFound:
            return None
