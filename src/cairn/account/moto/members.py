"""Members of organizations, in what moto lacks: invitations of accounts that exist already, leaving, delegated
administrators of CloudTrail, and what only they and the management account may ask and do."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator
from typing import Any

from moto.core.utils import unix_time, utcnow

from cairn.account.moto.patching import after

Handshake = dict[str, Any]
"""An invitation, as the API shows it."""

INVITATION_S = 15 * 24 * 3600
HANDSHAKES_MAX = 1_000
"""Kept of an organization; the oldest is forgotten first."""

_OF_EVERYBODY = {
    "CreateOrganization",
    "DescribeOrganization",
    "LeaveOrganization",
    "AcceptHandshake",
    "CancelHandshake",
    "DeclineHandshake",
    "DescribeHandshake",
    "ListHandshakesForAccount",
    "ListHandshakesForOrganization",
    "DescribeEffectivePolicy",
}
"""Operations that answer whichever account calls, each in its own way."""

_random = random.SystemRandom()


def adapt_members() -> None:
    """Called when moto.organizations is there."""
    from moto.organizations.models import FakeDelegatedAdministrator, OrganizationsBackend
    from moto.organizations.responses import OrganizationsResponse

    def forget_administrator(_: Any, self: Any, **kwargs: Any) -> None:
        self.admins = [admin for admin in self.admins if admin.account.id != kwargs["AccountId"]]

    after(OrganizationsBackend, "remove_account_from_organization", forget_administrator)
    FakeDelegatedAdministrator.SUPPORTED_SERVICES.append("cloudtrail.amazonaws.com")
    setattr(OrganizationsResponse, "organizations_backend", property(_asked_backend))  # noqa: B010 - mypy minds
    for operation in (
        invite_account_to_organization,
        list_handshakes_for_account,
        list_handshakes_for_organization,
        describe_handshake,
        accept_handshake,
        decline_handshake,
        cancel_handshake,
        leave_organization,
    ):
        setattr(OrganizationsResponse, operation.__name__, operation)


def invite_account_to_organization(response: Any) -> str:
    backend, target = response.organizations_backend, response.request_params["Target"]
    account = str(target["Id"])
    if target["Type"] != "ACCOUNT" or not (len(account) == 12 and account.isdigit()):
        raise _refusal("InvalidInputException", "An account is invited here by its id.")
    _check_alone(account)
    known = _handshakes(backend)
    if any(_invited(found) == account and found["State"] == "OPEN" for found in known.values()):
        raise _refusal("DuplicateHandshakeException", "The account is invited already.")
    made = _handshake(backend.org, account)
    known[made["Id"]] = made
    if len(known) > HANDSHAKES_MAX:
        del known[next(iter(known))]
    return json.dumps({"Handshake": made})


def list_handshakes_for_account(response: Any) -> str:
    found = [handshake for _, handshake in _all() if _invited(handshake) == response.current_account]
    return json.dumps({"Handshakes": found})


def list_handshakes_for_organization(response: Any) -> str:
    found = [handshake for backend, handshake in _all() if backend.account_id == response.current_account]
    return json.dumps({"Handshakes": found})


def describe_handshake(response: Any) -> str:
    return json.dumps({"Handshake": _asked(response)[1]})


def accept_handshake(response: Any) -> str:
    backend, handshake = _asked(response)
    account = response.current_account
    _check_open(handshake, "ACCEPTED", by=_invited(handshake), account=account)
    _check_alone(account)
    _join(backend, account)
    return _end(handshake, "ACCEPTED")


def decline_handshake(response: Any) -> str:
    handshake = _asked(response)[1]
    _check_open(handshake, "DECLINED", by=_invited(handshake), account=response.current_account)
    return _end(handshake, "DECLINED")


def cancel_handshake(response: Any) -> str:
    backend, handshake = _asked(response)
    _check_open(handshake, "CANCELED", by=backend.account_id, account=response.current_account)
    return _end(handshake, "CANCELED")


def leave_organization(response: Any) -> str:
    account = response.current_account
    if response.organizations_backend.org is not None:
        raise _refusal("MasterCannotLeaveOrganizationException", "The management account cannot leave.")
    backends = _backends()
    if account not in backends.master_accounts:
        raise _refusal("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    management, partition = backends.master_accounts[account]
    backends[management][partition].remove_account_from_organization(AccountId=account)
    return "{}"


def _asked_backend(response: Any) -> Any:
    """The organization that a call is about; for a member, that of its management account, if it is a delegated
    administrator and asks.

    Source: Organizations API reference: each operation says from which account it can be called. The messages are those
    that people report of AWS.
    """
    backends, account = _backends(), response.current_account
    own = backends[account][response.partition]
    operation = response._get_action()
    if own.org is not None or operation in _OF_EVERYBODY:
        return own
    if account not in backends.master_accounts:
        raise _refusal("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    management, partition = backends.master_accounts[account]
    backend = backends[management][partition]
    delegated = any(administrator.account.id == account for administrator in backend.admins)
    if delegated and operation.startswith(("List", "Describe")):
        return backend
    raise _refusal("AccessDeniedException", "You don't have permissions to access this resource.")


def _backends() -> Any:
    from moto.organizations.models import organizations_backends

    return organizations_backends


def _refusal(code: str, text: str) -> Exception:
    from moto.organizations.exceptions import OrganizationsClientError

    refusal: Exception = OrganizationsClientError(code, text)
    return refusal


def _handshakes(backend: Any) -> dict[str, Handshake]:
    """Those of the backend's organization, by id: an attribute of ours, saved with the backend's own."""
    known: dict[str, Handshake] = vars(backend).setdefault("handshakes", {})
    return known


def _all() -> Iterator[tuple[Any, Handshake]]:
    """Every handshake of an organization that is there, with the backend of its management account."""
    for by_partition in list(_backends().values()):
        for backend in dict.values(by_partition):
            if backend.org is not None:
                for handshake in _handshakes(backend).values():
                    if handshake["Parties"][0]["Id"] == backend.org.id:
                        yield backend, handshake


def _asked(response: Any) -> tuple[Any, Handshake]:
    """The handshake that a call names, if the caller is a party to it, and the backend that keeps it."""
    account, backends = response.current_account, _backends()
    for backend, handshake in _all():
        parties = (backend.account_id, _invited(handshake))
        if handshake["Id"] == response.request_params["HandshakeId"] and account in parties:
            return backends[backend.account_id][backend.region_name], handshake  # looked up: it may change
    raise _refusal("HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you specified.")


def _check_open(handshake: Handshake, state: str, *, by: str, account: str) -> None:
    """Raise unless `account` may bring the handshake to `state`, which only `by` may."""
    if account != by:
        raise _refusal("InvalidHandshakeTransitionException", "It is the other party that does this to a handshake.")
    if handshake["State"] == state:
        raise _refusal("HandshakeAlreadyInStateException", "The handshake is in that state already.")
    if handshake["State"] != "OPEN" or handshake["ExpirationTimestamp"] < unix_time():
        raise _refusal("InvalidHandshakeTransitionException", "The handshake is over.")


def _end(handshake: Handshake, state: str) -> str:
    handshake["State"] = state
    return json.dumps({"Handshake": handshake})


def _invited(handshake: Handshake) -> str:
    account: str = handshake["Parties"][1]["Id"]
    return account


def _check_alone(account: str) -> None:
    """Raise if the account is in an organization already."""
    backends = _backends()
    manages = account in backends and any(backend.org is not None for backend in dict.values(backends[account]))
    if manages or account in backends.master_accounts:
        raise _refusal("HandshakeConstraintViolationException", "The account is a member of an organization already.")


def _handshake(organization: Any, account: str) -> Handshake:
    number = "h-" + "".join(_random.choices(string.ascii_lowercase + string.digits, k=12))
    partition, management = organization.arn.split(":")[1], organization.master_account_id
    now = unix_time()
    details = [
        {"Type": "MASTER_EMAIL", "Value": organization.master_account_email},
        {"Type": "ORGANIZATION_FEATURE_SET", "Value": organization.feature_set},
    ]
    return {
        "Id": number,
        "Arn": f"arn:{partition}:organizations::{management}:handshake/{organization.id}/invite/{number}",
        "Parties": [{"Id": organization.id, "Type": "ORGANIZATION"}, {"Id": account, "Type": "ACCOUNT"}],
        "State": "OPEN",
        "RequestedTimestamp": now,
        "ExpirationTimestamp": now + INVITATION_S,
        "Action": "INVITE",
        "Resources": [
            {"Type": "ORGANIZATION", "Value": organization.id, "Resources": details},
            {"Type": "ACCOUNT", "Value": account},
        ],
    }


def _join(backend: Any, account: str) -> None:
    """Make an account a member, as `create_account` does, but for the account itself, which exists, and the role for
    the management account, which an invited one does not get."""
    from moto.organizations import utils
    from moto.organizations.models import FakeAccount

    organization = backend.org
    member = object.__new__(FakeAccount)
    vars(member).update(
        type="ACCOUNT",
        region=organization.region,
        organization_id=organization.id,
        master_account_id=organization.master_account_id,
        create_account_status_id=utils.make_random_create_account_status_id(),
        id=account,
        name=account,
        email=f"{account}@example.com",
        create_time=utcnow(),
        status="ACTIVE",
        state="ACTIVE",
        joined_method="INVITED",
        parent_id=organization.root_id,
        attached_policies=[],
        tags={},
    )
    backend.accounts.append(member)
    for policy in (utils.DEFAULT_SCP_POLICY_ID, utils.DEFAULT_RCP_POLICY_ID):
        backend.attach_policy(PolicyId=policy, TargetId=account)
    _backends().master_accounts[account] = (backend.account_id, backend.partition)
