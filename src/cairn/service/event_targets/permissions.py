"""Whether EventBridge may use what is in the embedded account, which itself would let us do anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cairn.account.moto.questions import MotoQuestions, NotFound
from cairn.core.clock import Clock
from cairn.core.errors import Unreachable
from cairn.core.policy import Kind, Principal, Request, evaluate
from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.delivery import Address
from cairn.eventbridge.deliveries.endpoints import DeliveryError
from cairn.service.as_cloudtrail import parsed_or_none
from cairn.service.roles import ServiceRoles, trusts_service

EVENTS = "events.amazonaws.com"
KEPT_S = 1.0
"""For how long what a policy said is believed."""
KEPT_MAX = 10_000
SESSION = "EventBridge"
"""Name of the session in which EventBridge has a role."""


class Permissions:
    """What policies and roles of the embedded account let EventBridge do. Used by many threads."""

    def __init__(self, questions: MotoQuestions, clock: Clock, *, roles: bool = True) -> None:
        self._questions = questions
        self._roles = ServiceRoles(questions, trusts_service(EVENTS), SESSION)
        self._clock = clock
        self._asks_roles = roles
        self._kept: dict[tuple[str, ...], float] = {}  # what was asked: until when it is allowed

    def check(self, address: Address, action: str, resource: str) -> None:
        """Return if a target may be used: in its role if it has one, or else as the resource's policy says."""
        if address.role:
            self.check_role(address, action, resource, address.role)
        else:
            self.check_resource(address, action, resource)

    def check_resource(self, address: Address, action: str, resource: str) -> None:
        """Return if the resource's policy lets EventBridge act for the rule."""
        self._ask((action, resource, address.rule_arn), lambda: self._lets(address, action, resource))

    def check_role(
        self,
        address: Address,
        action: str,
        resource: str,
        role: str,
        *,
        policy: str | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """Return if EventBridge may assume the role for the rule, and the role may do it.

        Args:
            policy: of the resource, which may deny it and, where it is another account's, has to let the role in too;
                None: it is asked for.
            keys: condition keys of the call.
        """
        check_owner(address, role)
        if not self._asks_roles:
            return
        self._ask(("sts:AssumeRole", role, address.rule_arn), lambda: self._trusted(address, role))
        given = keys or {}

        def may() -> DeliveryError | None:
            of_resource = self._policy_of(resource) if policy is None else policy
            return self._may(role, action, resource, of_resource, given)

        self._ask((action, resource, role, *given.values()), may)

    def _lets(self, address: Address, action: str, resource: str) -> DeliveryError | None:
        try:
            policy = self._questions.resource_policy(resource)
        except NotFound:
            return DeliveryError(codes.NO_RESOURCE, f"There is no {resource}.", final=True)
        if policy_lets(policy, action, resource, address):
            return None
        text = f"The policy of {resource} does not let {EVENTS} do {action} for {address.rule_arn}."
        return DeliveryError(codes.NO_PERMISSIONS, text, final=True)

    def _policy_of(self, resource: str) -> str | None:
        try:
            return self._questions.resource_policy(resource)
        except NotFound:  # or it is of a kind that has no policies here
            return None

    def _trusted(self, address: Address, role: str) -> DeliveryError | None:
        if self._roles.trusts(role, address.rule_arn):
            return None
        text = f"The role {role} does not let {EVENTS} assume it for {address.rule_arn}."
        return DeliveryError(codes.FAILED_TO_ASSUME_ROLE, text, final=True)

    def _may(
        self, role: str, action: str, resource: str, policy: str | None, keys: Mapping[str, str]
    ) -> DeliveryError | None:
        parsed = parsed_or_none(policy, Kind.RESOURCE)
        is_known = bool(parsed) or not policy  # what nobody can read might deny it
        if is_known and self._roles.may(role, action, resource, policy=parsed, keys=keys):
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


def policy_lets(policy: str | None, action: str, resource: str, address: Address) -> bool:
    """Whether a resource's policy lets EventBridge act for a rule. One that nobody can read lets nobody."""
    parsed = parsed_or_none(policy, Kind.RESOURCE)
    keys = {
        "aws:SourceArn": address.rule_arn,
        "aws:SourceAccount": address.bus.account,
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": EVENTS,
        "aws:SecureTransport": "true",
    }
    request = Request(Principal(service=EVENTS), action, resource, keys)
    return parsed is not None and evaluate(request, resource_policy=parsed).allowed


def check_owner(address: Address, role: str) -> None:
    """Raise unless a role is the rule's account's: nobody passes on a role that is not theirs."""
    if role.split(":")[4] != address.bus.account:
        text = f"The role {role} is not of the rule's account {address.bus.account}."
        raise DeliveryError(codes.FAILED_TO_ASSUME_ROLE, text, final=True)


def session_of(role: str) -> Principal:
    """EventBridge as it is once it has a role."""
    _, partition, _, _, account, resource = role.split(":", 5)
    name = resource.rpartition("/")[2]
    return Principal(
        account=account, arn=f"arn:{partition}:sts::{account}:assumed-role/{name}/{SESSION}", role_arn=role
    )
