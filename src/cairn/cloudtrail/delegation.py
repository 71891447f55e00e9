"""CloudTrail's operations on delegated administrators: members that may do with organization trails what the management
account may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.cloudtrail import refusals
from cairn.cloudtrail.organizations import Organization, Organizations
from cairn.wire.operation import Context, Operation

Params = dict[str, Any]

ADMINISTRATORS_MAX = 3


def operations(organizations: Organizations) -> dict[str, Operation]:
    """The operations by name."""
    doors = _Delegation(organizations)
    return {
        "RegisterOrganizationDelegatedAdmin": doors.register,
        "DeregisterOrganizationDelegatedAdmin": doors.deregister,
    }


class _Delegation:
    def __init__(self, organizations: Organizations) -> None:
        self._organizations = organizations

    def register(self, context: Context, params: Params) -> Mapping[str, Any]:
        member = _account(params["MemberAccountId"])
        organization = self._managed(context)
        if member == organization.management:
            raise refusals.cannot_delegate_management_account()
        if member not in organization.members:
            raise refusals.account_not_found(member)
        if member in organization.administrators:
            raise refusals.account_registered(member)
        if len(organization.administrators) >= ADMINISTRATORS_MAX:
            raise refusals.too_many_delegated_administrators(ADMINISTRATORS_MAX)
        if not organization.has_role:
            self._organizations.make_role(organization.management)
        self._organizations.register(organization.management, member)
        return {}

    def deregister(self, context: Context, params: Params) -> Mapping[str, Any]:
        member = _account(params["DelegatedAdminAccountId"])
        organization = self._managed(context)
        if member not in organization.members:
            raise refusals.account_not_found(member)
        if member not in organization.administrators:
            raise refusals.account_not_registered(member)
        self._organizations.deregister(organization.management, member)
        return {}

    def _managed(self, context: Context) -> Organization:
        """The organization whose management account calls."""
        account = context.account
        organization = self._organizations.of(account)
        if organization is None:
            raise refusals.organizations_not_in_use(account)
        if account != organization.management:
            raise refusals.not_organization_management()
        if not organization.all_features:
            raise refusals.organization_not_in_all_features_mode(account)
        if not organization.trusts:
            raise refusals.access_not_enabled(account)
        return organization


def _account(text: str) -> str:
    if len(text) != 12 or not (text.isascii() and text.isdigit()):
        raise refusals.invalid_account(text)
    return text
