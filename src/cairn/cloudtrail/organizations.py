"""Organizations as trails know them: whose an organization's trail is, and who may have and change it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from cairn.cloudtrail import refusals
from cairn.cloudtrail.trail import Trail, TrailSettings

SERVICE = "cloudtrail.amazonaws.com"


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """An organization of AWS Organizations, as it stands."""

    id: str
    """`o-...`."""
    management: str
    """Its management account."""
    members: tuple[str, ...]
    """Its other accounts, in order, suspended ones too."""
    all_features: bool
    trusts: bool
    """Whether trusted access is enabled for CloudTrail."""
    administrators: tuple[str, ...]
    """Members that are delegated administrators for CloudTrail."""
    has_role: bool
    """Whether the management account has the service-linked role AWSServiceRoleForCloudTrail."""


class Organizations(Protocol):
    """Where organizations are. Every method raises `AwsError` where that does not answer, or refuses."""

    def of(self, account: str) -> Organization | None:
        """The organization that an account belongs to."""

    def make_role(self, management: str) -> None:
        """Make the service-linked role in a management account, unless it is there."""

    def register(self, management: str, member: str) -> None:
        """Make a member a delegated administrator for CloudTrail."""

    def deregister(self, management: str, member: str) -> None:
        """The way back."""


class Owners:
    """Who may have organizations' trails and change them (spec 2.3, 2.4)."""

    def __init__(self, organizations: Organizations) -> None:
        self._organizations = organizations

    def creator(self, account: str) -> Organization:
        """The organization for which `account` may create a trail. The trail is the management account's, whoever
        creates it.

        Raises:
            AwsError: OrganizationsNotInUseException, OrganizationNotInAllFeaturesModeException,
                NotOrganizationMasterAccountException, CloudTrailAccessNotEnabledException,
                NoManagementAccountSLRExistsException.
        """
        organization = self._organizations.of(account)
        if organization is None:
            raise refusals.organizations_not_in_use(account)
        if not organization.all_features:
            raise refusals.organization_not_in_all_features_mode(account)
        if account not in (organization.management, *organization.administrators):
            raise refusals.not_organization_master()
        if not organization.trusts:
            raise refusals.access_not_enabled(account)
        if not organization.has_role:
            if account != organization.management:  # which alone can make it
                raise refusals.no_service_linked_role(organization.management)
            self._organizations.make_role(account)
        return organization

    def converter(self, account: str, trail: Trail) -> Organization | None:
        """What a trail is to be the trail of, where `account` turns it into its organization's, or back into the
        account's alone (None).

        Raises:
            AwsError: as `creator`; NotOrganizationMasterAccountException too for a delegated administrator.
        """
        organization = None if trail.settings.organization else self.creator(account)
        if account != (trail.id.account if organization is None else organization.management):
            raise refusals.not_organization_master()
        return organization

    def check_change(self, account: str, trail: Trail) -> None:
        """Raise unless `account` may change `trail`.

        Raises:
            AwsError: NotOrganizationMasterAccountException, NoManagementAccountSLRExistsException.
        """
        if account == trail.id.account:
            return
        organization = self._organizations.of(account)
        if organization is None or not _administers(account, organization, trail):
            raise refusals.not_organization_master()
        if not organization.has_role:
            raise refusals.no_service_linked_role(organization.management)

    def administers(self, account: str, trail: Trail) -> bool:
        """Whether a member may do with its organization's `trail` what the management account may."""
        organization = self._organizations.of(account)
        return organization is not None and _administers(account, organization, trail)


def joined(settings: TrailSettings, organization: Organization | None) -> TrailSettings:
    """`settings` of a trail of that organization; None: of an account's alone."""
    if organization is None:
        return msgspec.structs.replace(settings, organization="", members=())
    return msgspec.structs.replace(settings, organization=organization.id, members=organization.members)


def _administers(account: str, organization: Organization, trail: Trail) -> bool:
    return organization.id == trail.settings.organization and account in organization.administrators
