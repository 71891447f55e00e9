"""The child's answers about organizations: whose an account is, and who administers CloudTrail there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from moto.iam.models import iam_backends

from cairn.account.moto.backends import unnoticed

Answer = dict[str, Any]

SERVICE = "cloudtrail.amazonaws.com"
ROLE = "AWSServiceRoleForCloudTrail"


def of_account(account: str) -> Answer:
    """The organization of an account, as CloudTrail sees it: `id`, `management`, `members` (its other accounts, in
    order, closed ones too), `all_features`, `trusts` (trusted access is enabled for CloudTrail), `administrators`
    (members that are delegated administrators for CloudTrail), `has_role` (the service-linked role).

    Raises:
        LookupError: it is in none.
    """
    backend = unnoticed(_backend_of)(account)  # asked twice a second, and nothing changes that would have to be saved
    members = sorted(found.id for found in backend.accounts if found.id != backend.account_id)
    administrators = {found.account.id for found in backend.admins if SERVICE in found.services}
    return {
        "id": backend.org.id,
        "management": backend.account_id,
        "members": members,
        "all_features": backend.org.feature_set == "ALL",
        "trusts": any(service["ServicePrincipal"] == SERVICE for service in backend.services),
        "administrators": sorted(administrators.intersection(members)),
        "has_role": _has_role(backend.account_id),
    }


def register_administrator(management: str, member: str) -> Answer:
    """Make a member a delegated administrator for CloudTrail.

    Raises:
        LookupError: it cannot be one.
    """
    return _administer(_backend_of(management).register_delegated_administrator, member)


def deregister_administrator(management: str, member: str) -> Answer:
    """The way back.

    Raises:
        LookupError: it is none.
    """
    return _administer(_backend_of(management).deregister_delegated_administrator, member)


def make_role(account: str) -> Answer:
    """Have the service-linked role of CloudTrail in an account."""
    if not _has_role(account):
        iam_backends[account]["aws"].create_service_linked_role(SERVICE, description="", suffix="")
    return {}


def _backend_of(account: str) -> Any:
    """The backend of the management account of the organization that `account` is in.

    Raises:
        LookupError: it is in none.
    """
    models = sys.modules.get("moto.organizations.models")  # not there, nobody has called Organizations yet
    if models is not None:
        backends = models.organizations_backends
        management, partition = backends.master_accounts.get(account, (account, "aws"))
        if management in backends and backends[management][partition].org is not None:
            return backends[management][partition]
    raise LookupError(f"account {account} is in no organization")


def _administer(change: Callable[..., None], member: str) -> Answer:
    from moto.organizations.exceptions import OrganizationsClientError

    try:
        change(AccountId=member, ServicePrincipal=SERVICE)
    except OrganizationsClientError as error:
        raise LookupError(str(error)) from error
    return {}


def _has_role(account: str) -> bool:
    roles = unnoticed(lambda: iam_backends[account]["aws"].roles)
    return account in iam_backends and any(role.name == ROLE for role in roles().values())
