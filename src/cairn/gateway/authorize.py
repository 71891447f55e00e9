"""May they? The decision on a call whose caller is known, before anything of it happens.

Calls to Cairn's own services and commands are always decided, and those by which a caller becomes a role of another
account, or a role by a token; other calls to the embedded account where `auth.iam` is `enforce`, and none where
`auth.mode` is `trust`. What goes to an endpoint elsewhere is that endpoint's to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from cairn.core.clock import Clock
from cairn.core.config import Settings
from cairn.core.errors import AwsError, CairnError
from cairn.core.policy import Decision, Policy, Principal, Reason, Request, evaluate
from cairn.core.policy.keys import Value
from cairn.gateway.authenticate import may_be_unsigned
from cairn.gateway.conditions import condition_keys
from cairn.gateway.denial import denial
from cairn.gateway.entered_roles import Entry, check_role, enters_another_account, entry_of, is_nobodys
from cairn.gateway.facts import is_data, is_write
from cairn.gateway.federation import Federation
from cairn.gateway.keys import KeyTable
from cairn.gateway.passed_roles import passed_roles
from cairn.gateway.permissions import Permission, PermissionsOf, Side, permissions_of
from cairn.gateway.policies import KnownPolicies, PrincipalPolicies, readable
from cairn.wire.http import Call

NEEDED_MAX = 2_500
"""Permissions that one call may need: DeleteObjects' thousand keys, each with its retention bypassed, and some."""

CAIRN = "cairn"
"""The service of Cairn's own commands, and the prefix of their actions (`cairn:Search`)."""

_LEFT_OPEN = frozenset({Reason.NO_IDENTITY, Reason.NO_BOUNDARY, Reason.NO_SESSION})
"""What the caller's own policies say where another's may still allow."""

_POLICIES_ARE_PUT_BY = frozenset(
    {"events", "iam", "kms", "lambda", "organizations", "s3", "secretsmanager", "sns", "sqs"}
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who calls, with everything of theirs that has a say."""

    principal: Principal
    policies: PrincipalPolicies
    session: tuple[Policy, ...] | None
    keys: Mapping[str, Value]


class Authorizer:
    """Decides calls by the policies of who makes them and of what they are on.

    Args:
        own: Cairn's own services.
        is_embedded: whether the embedded account answers a service.
        special: services that know themselves which permissions their calls need.
        federation: what checks the tokens of identity providers; None: whoever made one is believed.
    """

    def __init__(
        self,
        settings: Settings,
        policies: KnownPolicies,
        keys: KeyTable,
        clock: Clock,
        *,
        own: Collection[str],
        is_embedded: Callable[[str], bool],
        special: Mapping[str, PermissionsOf],
        federation: Federation | None,
    ) -> None:
        self._verifies = settings.auth.mode == "verify"
        self._enforces = settings.auth.iam == "enforce"
        self._account = settings.account.id
        self._policies = policies
        self._keys = keys
        self._clock = clock
        self._own = frozenset(own) | {CAIRN}
        self._is_embedded = is_embedded
        self._special = special
        self._federation = federation

    async def authorize(self, call: Call) -> None:
        """Return if `call`, authenticated and parsed, may go on.

        Raises:
            AwsError: it may not, or nobody can tell.
        """
        try:
            if self._verifies and self._is_embedded(call.service):
                check_role(call)
                entry = entry_of(call)
                if entry is not None:
                    await self._let_in(call, entry)
            if self._decides(call):
                await self._check(call)
        except CairnError as error:
            raise AwsError("ServiceUnavailable", f"Permissions cannot be told now: {error.message}", 503) from error

    def saw(self, call: Call) -> None:
        """Take note that `call` was answered: what it may have changed is asked for anew."""
        if call.service in _POLICIES_ARE_PUT_BY and is_write(call) and not is_data(call):
            self._policies.forget()

    def _decides(self, call: Call) -> bool:
        if not self._verifies:
            return False
        if call.service in self._own:
            return bool(call.authentication_method) or not may_be_unsigned(call)
        # Calls without a signature are decided by a bucket's policy, or by a token that the service looks at.
        if not call.authentication_method or not self._is_embedded(call.service):
            return False
        return self._enforces or enters_another_account(call) or is_nobodys(call.identity)

    async def _check(self, call: Call) -> None:
        """Raise AwsError unless the caller may do everything that the call needs."""
        needed = self._permissions(call)
        if not needed:
            return
        if len(needed) > NEEDED_MAX:
            raise AwsError("ValidationError", f"The call needs more than {NEEDED_MAX} permissions.")
        asked = await self._ask(call)
        for permission in needed:
            decision = await self._decide(asked, permission)
            if not decision.allowed:
                raise denial(call, permission, decision)

    async def _let_in(self, call: Call, entry: Entry) -> None:
        """Raise AwsError unless the role's trust policy lets in whoever the token names, and the token is theirs."""
        found = await self._policies.resource(entry.role)
        keys = {**condition_keys(call, now=self._clock.now()), **entry.keys}
        asked = Request(Principal(federated=entry.provider), entry.action, entry.role, keys, _account_in(entry.role))
        if found is None or not entry.provider or not evaluate(asked, resource_policy=found.policy).allowed:
            raise AwsError("AccessDenied", f"Not authorized to perform {entry.action}", 403)
        if self._federation is not None:  # last, so that strangers can make it ask only whom a role trusts
            await self._federation.check(entry)

    def _permissions(self, call: Call) -> list[Permission]:
        if call.service == CAIRN:  # its commands see every account, so that only its own account may give them
            return [Permission(f"{CAIRN}:{call.operation}", owner=self._account)]
        special = self._special.get(call.service)
        needed = list(special(call)) if special is not None else permissions_of(call)
        return needed + passed_roles(call)

    async def _ask(self, call: Call) -> _Asked:
        identity = call.identity
        key = await self._keys.find(identity.access_key_id)
        session = None
        if key is not None and key.policies is not None:
            session = tuple(readable(text, f"a session policy of {identity.arn}") for text in key.policies)
        keys = condition_keys(call, now=self._clock.now())
        return _Asked(Principal.of(identity), await self._policies.of(identity), session, keys)

    async def _decide(self, asked: _Asked, permission: Permission) -> Decision:
        account = asked.principal.account
        if permission.side is Side.BOTH:
            resource = await self._policies.resource(permission.resource)
            if resource is None:
                return _evaluate(asked, permission, owner=_account_in(permission.resource) or account)
            permission = replace(permission, resource=resource.arn or permission.resource)
            return _evaluate(asked, permission, resource.policy, owner=resource.account, required=resource.required)
        decision = _evaluate(asked, permission, owner=permission.owner or account)
        if permission.side is Side.BUCKET and decision.reason in _LEFT_OPEN:
            bucket = await self._policies.resource(permission.resource.partition("/")[0])
            if bucket is not None and bucket.account == account:
                return _evaluate(asked, permission, bucket.policy, owner=account)
        return decision


def _evaluate(
    asked: _Asked, permission: Permission, resource: Policy | None = None, *, owner: str, required: bool = False
) -> Decision:
    keys = {**asked.keys, "aws:ResourceAccount": owner, **permission.keys}
    request = Request(asked.principal, permission.action, permission.resource, keys, owner)
    return evaluate(
        request,
        identity_policies=asked.policies.identity,
        resource_policy=resource,
        permissions_boundary=asked.policies.boundary,
        session_policies=asked.session,
        resource_policy_required=required,
    )


def _account_in(arn: str) -> str:
    """The account that an ARN names; empty where it names none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""
