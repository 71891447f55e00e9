"""Whether EventBridge may use what is in the embedded account, which itself would let us do anything."""

from __future__ import annotations

from collections.abc import Callable

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.core.clock import Clock
from cairn.core.errors import Unreachable
from cairn.core.policy import Decision, Kind, Principal, Request, evaluate
from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.delivery import Address
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.service.as_cloudtrail import parsed_or_none

EVENTS = "events.amazonaws.com"
KEPT_S = 1.0
"""For how long what a policy said is believed."""
KEPT_MAX = 10_000
SESSION = "EventBridge"
"""Name of the session in which EventBridge has a role."""


class Permissions:
    """What policies and roles of the embedded account let EventBridge do. Used by many threads."""

    def __init__(self, questions: MotoQuestions, clock: Clock, *, roles: bool = True, resources: bool = True) -> None:
        self._questions = questions
        self._clock = clock
        self._asks_roles = roles
        self._asks_resources = resources
        self._kept: dict[tuple[str, ...], float] = {}  # what was asked: until when it is allowed

    def check(self, address: Address, action: str, resource: str, *, role: str = "") -> None:
        """Return if a target may be used: in its role if it has one, or else as the resource's policy says.

        Args:
            role: the role of those that have no resource policy.
        """
        role = role or address.role
        if role:
            self.check_role(address, action, resource, role)
        elif self._asks_resources:
            self._ask((action, resource, address.rule_arn), lambda: self._lets(address, action, resource))

    def check_resource(self, address: Address, action: str, resource: str) -> None:
        """Return if the resource's policy lets EventBridge act for the rule."""
        if self._asks_resources:
            self._ask((action, resource, address.rule_arn), lambda: self._lets(address, action, resource))

    def check_role(self, address: Address, action: str, resource: str, role: str) -> None:
        """Return if EventBridge may assume the role for the rule, and the role may do it."""
        if not self._asks_roles:
            return
        self._ask(("sts:AssumeRole", role, address.rule_arn), lambda: self._trusted(address, role))
        self._ask((action, resource, role), lambda: self._may(role, action, resource))

    def _lets(self, address: Address, action: str, resource: str) -> DeliveryError | None:
        try:
            policy = self._questions.resource_policy(resource)
        except NotFound:
            return DeliveryError(codes.NO_RESOURCE, f"There is no {resource}.", final=True)
        if service_may(policy, action, resource, address):
            return None
        text = f"The policy of {resource} does not let {EVENTS} do {action} for {address.rule_arn}."
        return DeliveryError(codes.NO_PERMISSIONS, text, final=True)

    def _trusted(self, address: Address, role: str) -> DeliveryError | None:
        try:
            trust = self._questions.policies(role).trust
        except NotFound:
            return DeliveryError(codes.FAILED_TO_ASSUME_ROLE, f"There is no role {role}.", final=True)
        if service_may(trust, "sts:AssumeRole", role, address, kind=Kind.TRUST):
            return None
        text = f"The role {role} does not let {EVENTS} assume it for {address.rule_arn}."
        return DeliveryError(codes.FAILED_TO_ASSUME_ROLE, text, final=True)

    def _may(self, role: str, action: str, resource: str) -> DeliveryError | None:
        found = self._questions.policies(role)
        identity = [parsed_or_none(policy.document, Kind.IDENTITY) for policy in found.identity]
        boundary = parsed_or_none(found.boundary, Kind.IDENTITY)
        readable = None not in identity and (found.boundary is None or boundary is not None)
        request = Request(session_of(role, found.principal.id), action, resource, {"aws:SecureTransport": "true"})
        policies = [policy for policy in identity if policy is not None]
        if readable and evaluate(request, identity_policies=policies, permissions_boundary=boundary).allowed:
            return None
        return DeliveryError(codes.NO_PERMISSIONS, f"The role {role} may not do {action} on {resource}.", final=True)

    def _ask(self, key: tuple[str, ...], question: Callable[[], DeliveryError | None]) -> None:
        now = self._clock.monotonic()
        if self._kept.get(key, 0.0) > now:
            return
        try:
            refused = question()
        except NotFound as error:
            raise DeliveryError(codes.NO_RESOURCE, error.message, final=True) from error
        except Unreachable as error:
            raise DeliveryError(codes.CONNECTION_FAILURE, error.message, unreachable=True) from error
        if refused is not None:
            raise refused
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[key] = now + KEPT_S


def service_may(
    policy: str | None, action: str, resource: str, address: Address, *, kind: Kind = Kind.RESOURCE
) -> bool:
    """Whether a policy lets EventBridge act for a rule. One that nobody can read lets nobody."""
    decision = decision_on(policy, action, resource, address, kind=kind)
    return decision is not None and decision.allowed


def decision_on(
    policy: str | None,
    action: str,
    resource: str,
    address: Address,
    *,
    kind: Kind = Kind.RESOURCE,
    service: str = EVENTS,
) -> Decision | None:
    """What a policy says of EventBridge acting for a rule, under a name of its; None where there is none to read."""
    parsed = parsed_or_none(policy, kind)
    if parsed is None:
        return None
    keys = {
        "aws:SourceArn": address.rule_arn,
        "aws:SourceAccount": address.bus.account,
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": service,
        "aws:SecureTransport": "true",
    }
    return evaluate(Request(Principal(service=service), action, resource, keys), resource_policy=parsed)


def session_of(role: str, unique_id: str = "") -> Principal:
    """EventBridge as it is once it has a role."""
    _, partition, _, _, account, resource = role.split(":", 5)
    name = resource.rpartition("/")[2]
    arn = f"arn:{partition}:sts::{account}:assumed-role/{name}/{SESSION}"
    return Principal(account=account, arn=arn, role_arn=role, unique_id=unique_id)
