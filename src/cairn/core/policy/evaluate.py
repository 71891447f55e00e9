"""The decision: AWS's evaluation logic, one step after the other.

An explicit deny anywhere decides first. Then every policy that only sets a limit (organization, boundary, session)
must allow, and of those that grant, the identity's and the resource's: either within one account, both across two.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cairn.core.policy.document import Kind, Policy, Statement, parse_policy
from cairn.core.policy.keys import Value, context_of
from cairn.core.policy.patterns import Context
from cairn.core.policy.principals import Grant, Principal


class Reason(enum.Enum):
    """What decided, in the words of AWS's messages."""

    IDENTITY = "allowed by an identity-based policy"
    RESOURCE = "allowed by a resource-based policy"
    ROOT = "the account's root may do everything"
    DENIED_IDENTITY = "with an explicit deny in an identity-based policy"
    DENIED_RESOURCE = "with an explicit deny in a resource-based policy"
    DENIED_BOUNDARY = "with an explicit deny in a permissions boundary"
    DENIED_SESSION = "with an explicit deny in a session policy"
    DENIED_SERVICE_CONTROL = "with an explicit deny in a service control policy"
    DENIED_RESOURCE_CONTROL = "with an explicit deny in a resource control policy"
    DENIED_ENDPOINT = "with an explicit deny in a VPC endpoint policy"
    NO_IDENTITY = "because no identity-based policy allows the {action} action"
    NO_RESOURCE = "because no resource-based policy allows the {action} action"
    NO_BOUNDARY = "because no permissions boundary allows the {action} action"
    NO_SESSION = "because no session policy allows the {action} action"
    NO_ENDPOINT = "because no VPC endpoint policy allows the {action} action"
    NO_SERVICE_CONTROL = "because no service control policy allows the {action} action"
    NO_RESOURCE_CONTROL = "because no resource control policy allows the {action} action"


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants to do what to which resource."""

    principal: Principal
    action: str
    """`s3:PutObject`."""
    resource: str
    """An ARN, or `*` for actions that have none."""
    context: Mapping[str, Value] = field(default_factory=dict)
    """Condition keys (`s3:x-amz-acl`, `aws:SourceArn`) and their values."""
    resource_account: str = ""
    """Whose resource it is, where the ARN does not say: a bucket's owner. Empty and no account in the ARN: the
    principal's own."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request goes on, and why."""

    allowed: bool
    reason: Reason
    action: str
    statement: Statement | None = None
    """The statement that allowed or denied; None where none did."""

    @property
    def because(self) -> str:
        """The end of AWS's message: `... is not authorized to perform: ACTION because ...`."""
        return self.reason.value.format(action=self.action)


@dataclass(frozen=True, slots=True)
class Policies:
    """All that may have a say. What is None does not exist and sets no limit."""

    identity: Sequence[Policy] = ()
    resource: Policy | None = None
    boundary: Policy | None = None
    session: Sequence[Policy] | None = None
    service_control: Sequence[Sequence[Policy]] = ()
    """One list a level of the organization, from the root to the account: each level must allow."""
    resource_control: Sequence[Sequence[Policy]] = ()


def evaluate(
    request: Request,
    *,
    identity_policies: Sequence[Policy] = (),
    resource_policy: Policy | None = None,
    permissions_boundary: Policy | None = None,
    session_policies: Sequence[Policy] | None = None,
    service_control_policies: Sequence[Sequence[Policy]] = (),
    resource_control_policies: Sequence[Sequence[Policy]] = (),
    resource_policy_required: bool = False,
) -> Decision:
    """May `request` go on?

    Args:
        resource_policy_required: for keys and roles, where an identity's policies count only as far as the
            resource's own policy leaves it to the account.
    """
    policies = Policies(
        identity_policies,
        resource_policy,
        permissions_boundary,
        session_policies,
        service_control_policies,
        resource_control_policies,
    )
    return _Evaluation(request, policies, resource_policy_required).decide()


def evaluate_alone(request: Request, policy: Policy) -> Decision:
    """What `policy` says by itself of `request`, whatever the caller's own policies and account are: only what it
    allows goes on."""
    return evaluate(
        replace(request, resource_account=_SOMEBODY_ELSES), identity_policies=[_EVERYTHING], resource_policy=policy
    )


_EVERYTHING = parse_policy(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, Kind.IDENTITY
)
_SOMEBODY_ELSES = "somebody else's"
"""As the owner of a resource: both the caller's policies and the resource's must allow, whoever calls."""


class _Evaluation:
    """One request against all policies."""

    def __init__(self, request: Request, policies: Policies, resource_policy_required: bool) -> None:
        self._request = request
        self._policies = policies
        self._required = resource_policy_required
        self._context = context_of(request.context)
        self._action = request.action.lower()

    def decide(self) -> Decision:
        return self._explicit_deny() or self._organization() or self._granted()

    def _explicit_deny(self) -> Decision | None:
        given = self._policies
        for reason, policies in (
            (Reason.DENIED_SERVICE_CONTROL, self._service_control()),
            (Reason.DENIED_RESOURCE_CONTROL, given.resource_control),
            (Reason.DENIED_RESOURCE, [[given.resource] if given.resource else []]),
            (Reason.DENIED_IDENTITY, [given.identity]),
            (Reason.DENIED_BOUNDARY, [[given.boundary] if given.boundary else []]),
            (Reason.DENIED_SESSION, [given.session or ()]),
        ):
            for level in policies:
                for policy in level:
                    for statement, _ in self._matching(policy, "Deny"):
                        return self._decision(False, reason, statement)
        return None

    def _organization(self) -> Decision | None:
        for reason, levels in (
            (Reason.NO_RESOURCE_CONTROL, self._policies.resource_control),
            (Reason.NO_SERVICE_CONTROL, self._service_control()),
        ):
            for level in levels:
                if self._allowing(level) is None:
                    return self._decision(False, reason)
        return None

    def _service_control(self) -> Sequence[Sequence[Policy]]:
        """They limit an organization's accounts, not services and not strangers."""
        return self._policies.service_control if self._request.principal.has_identity_policies else ()

    def _granted(self) -> Decision:
        principal = self._request.principal
        statement, grant = self._resource_grant()
        if not principal.has_identity_policies:
            return self._decision(grant != "", Reason.RESOURCE if grant else Reason.NO_RESOURCE, statement)
        if self._owner() != principal.account:
            return self._identity_grant() if grant else self._decision(False, Reason.NO_RESOURCE)
        if principal.is_root and not self._required:
            return self._decision(True, Reason.ROOT)
        if grant == "direct":  # neither boundary nor session limits what was given to the user or session itself
            return self._decision(True, Reason.RESOURCE, statement)
        if grant == "role":
            return self._limits() or self._decision(True, Reason.RESOURCE, statement)
        if self._required and not grant:
            return self._decision(False, Reason.NO_RESOURCE)
        return self._identity_grant()

    def _identity_grant(self) -> Decision:
        if self._request.principal.is_root:
            return self._decision(True, Reason.ROOT)
        statement = self._allowing(self._policies.identity)
        if statement is None:
            return self._decision(False, Reason.NO_IDENTITY)
        return self._limits() or self._decision(True, Reason.IDENTITY, statement)

    def _limits(self) -> Decision | None:
        given = self._policies
        if given.boundary is not None and self._allowing([given.boundary]) is None:
            return self._decision(False, Reason.NO_BOUNDARY)
        if given.session is not None and self._allowing(given.session) is None:
            return self._decision(False, Reason.NO_SESSION)
        return None

    def _resource_grant(self) -> tuple[Statement | None, Grant]:
        """The allowing statement of the resource's policy that names the principal most closely."""
        best: tuple[Statement | None, Grant] = (None, "")
        if self._policies.resource is not None:
            for statement, grant in self._matching(self._policies.resource, "Allow"):
                if _CLOSENESS.index(grant) > _CLOSENESS.index(best[1]):
                    best = statement, grant
                if grant == "direct":
                    break
        return best

    def _owner(self) -> str:
        parts = self._request.resource.split(":")
        in_arn = parts[4] if len(parts) > 5 else ""
        return self._request.resource_account or in_arn or self._request.principal.account

    def _allowing(self, policies: Sequence[Policy]) -> Statement | None:
        for policy in policies:
            for statement, _ in self._matching(policy, "Allow"):
                return statement
        return None

    def _matching(self, policy: Policy, effect: str) -> Iterator[tuple[Statement, Grant]]:
        """The statements of this effect that fit the request, and how closely each names the principal."""
        for statement in policy.statements:
            if statement.effect != effect:
                continue
            grant = _grant(statement, self._request.principal)
            if grant and self._fits(statement, self._context):
                yield statement, grant

    def _fits(self, statement: Statement, context: Context) -> bool:
        if any(action.matches(self._action, context) for action in statement.actions) is statement.not_actions:
            return False
        if statement.resources is not None:
            found = any(resource.matches(self._request.resource, context) for resource in statement.resources)
            if found is statement.not_resources:
                return False
            if statement.not_resources and not all(resource.resolves(context) for resource in statement.resources):
                return False
        return all(condition.holds(context) for condition in statement.conditions)

    def _decision(self, allowed: bool, reason: Reason, statement: Statement | None = None) -> Decision:
        return Decision(allowed, reason, self._request.action, statement)


_CLOSENESS: tuple[Grant, ...] = ("", "account", "role", "direct")


def _grant(statement: Statement, principal: Principal) -> Grant:
    if statement.principals is None:  # a policy that names nobody is about whoever it is attached to
        return "direct"
    if statement.not_principals:
        return "" if statement.principals.spares(principal) else "direct"
    return statement.principals.grant(principal)
