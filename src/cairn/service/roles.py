"""What roles of the embedded account let a service do that assumes them.

The embedded account lets us do anything, so that what AWS's services find out by assuming a role is asked here: does
its trust policy let the service in for this resource of the service's, and do its own policies let it do this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cairn.account.moto.questions import MotoQuestions, NotFound, Policies
from cairn.cloudwatch.sns.policies import SNS
from cairn.core.policy import Kind, Policy, Principal, Request, evaluate
from cairn.service.as_cloudtrail import parsed_or_none
from cairn.service.as_cloudwatch_logs import logs_may

Trusts = Callable[[str, str, str], bool]
"""Whether a trust policy lets a service assume a role for one of the service's resources: the policy, and the ARNs of
the role and of the resource."""


class ServiceRoles:
    """Roles, for one service. Any thread.

    Every method raises `Unreachable` where the account does not answer. A role that is not there, and policies that
    nobody can read, allow nothing.

    Args:
        trusts: how the service presents itself: see `trusts_service`.
        session: what the service calls its sessions.
    """

    def __init__(self, questions: MotoQuestions, trusts: Trusts, session: str) -> None:
        self._questions = questions
        self._trusts = trusts
        self._session = session

    def trusts(self, role: str, source: str) -> bool:
        """Whether the service may assume a role for one of its resources, both by their ARNs."""
        found = self._role(role)
        return found is not None and bool(found.trust) and self._trusts(found.trust or "", role, source)

    def may(
        self,
        role: str,
        action: str,
        resource: str,
        *,
        policy: Policy | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> bool:
        """Whether a role's own policies let it do this.

        Args:
            policy: of the resource, which has to let the role in as well where it is another account's.
            keys: condition keys of the call.
        """
        found = self._role(role)
        return found is not None and _may(found, role, self._session, action, resource, policy, keys or {})

    def _role(self, role: str) -> Policies | None:
        try:
            return self._questions.policies(role)
        except NotFound:
            return None


def trusts_service(service: str) -> Trusts:
    """A service that has one name (`events.amazonaws.com`), and says for which resource it acts."""

    def trusts(policy: str, role: str, source: str) -> bool:
        parsed = parsed_or_none(policy, Kind.TRUST)
        keys = {
            "aws:SourceArn": source,
            "aws:SourceAccount": source.split(":")[4],
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": service,
            "aws:SecureTransport": "true",
        }
        request = Request(Principal(service=service), "sts:AssumeRole", role, keys)
        return parsed is not None and evaluate(request, resource_policy=parsed).allowed

    return trusts


def cloudtrail_roles(questions: MotoQuestions) -> ServiceRoles:
    """Roles with which CloudTrail writes for trails."""
    return ServiceRoles(questions, trusts_service("cloudtrail.amazonaws.com"), "CloudTrail")


def logs_roles(questions: MotoQuestions) -> ServiceRoles:
    """Roles with which CloudWatch Logs delivers for log groups."""

    def trusts(policy: str, role: str, source: str) -> bool:
        return logs_may(policy, "sts:AssumeRole", role, source, kind=Kind.TRUST)

    return ServiceRoles(questions, trusts, "CloudWatchLogs")


def sns_roles(questions: MotoQuestions) -> ServiceRoles:
    """Roles with which SNS delivers for topics."""
    return ServiceRoles(questions, trusts_service(SNS), "SNS")


def _may(
    found: Policies,
    role: str,
    session: str,
    action: str,
    resource: str,
    policy: Policy | None,
    keys: Mapping[str, str],
) -> bool:
    _, partition, _, _, account, _ = role.split(":", 5)
    principal = Principal(
        account=account,
        arn=f"arn:{partition}:sts::{account}:assumed-role/{found.principal.name}/{session}",
        role_arn=role,
        unique_id=found.principal.id,
    )
    identity = [parsed_or_none(each.document, Kind.IDENTITY) for each in found.identity]
    boundary = parsed_or_none(found.boundary, Kind.IDENTITY)
    if None in identity or (found.boundary is not None and boundary is None):
        return False  # what nobody can read might have denied
    return evaluate(
        Request(principal, action, resource, {**keys, "aws:SecureTransport": "true"}),
        identity_policies=[each for each in identity if each is not None],
        resource_policy=policy,
        permissions_boundary=boundary,
    ).allowed
