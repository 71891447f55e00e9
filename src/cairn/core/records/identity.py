"""Who called: the `userIdentity` element (spec 1.3)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from cairn.core.clock import iso_seconds

IdentityType = Literal[
    "Root",
    "IAMUser",
    "AssumedRole",
    "FederatedUser",
    "SAMLUser",
    "WebIdentityUser",
    "AWSAccount",
    "AWSService",
    "Unknown",
]


class SessionIssuer(msgspec.Struct, frozen=True, kw_only=True):
    """The role or user that issued a session's credentials."""

    type: Literal["Root", "IAMUser", "Role"]
    principal_id: str
    arn: str
    account: str
    user_name: str = ""

    def record(self) -> dict[str, str]:
        """The `sessionIssuer` element."""
        element = {
            "type": self.type,
            "principalId": self.principal_id,
            "arn": self.arn,
            "accountId": self.account,
        }
        if self.user_name:
            element["userName"] = self.user_name
        return element


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of temporary credentials."""

    created: int
    """When they were issued, seconds since the epoch."""
    mfa: bool = False
    issuer: SessionIssuer | None = None
    source_identity: str = ""
    federated_provider: str = ""
    federated_attributes: dict[str, str] = {}
    assumed_root: bool = False
    from_console: bool = False

    def record(self) -> dict[str, Any]:
        """The `sessionContext` element."""
        element: dict[str, Any] = {}
        if self.issuer is not None:
            element["sessionIssuer"] = self.issuer.record()
        if self.federated_provider:
            element["webIdFederationData"] = {
                "federatedProvider": self.federated_provider,
                "attributes": dict(self.federated_attributes),
            }
        element["attributes"] = {
            "creationDate": iso_seconds(self.created),
            "mfaAuthenticated": "true" if self.mfa else "false",
        }
        if self.source_identity:
            element["sourceIdentity"] = self.source_identity
        if self.assumed_root:
            element["assumedRoot"] = "true"
        return element


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A caller, as far as it is known. Empty strings are members that the record leaves out."""

    type: IdentityType
    account: str = ""
    """12 digits. Empty where nobody is known to have called."""
    principal_id: str = ""
    arn: str = ""
    access_key_id: str = ""
    user_name: str = ""
    session: Session | None = None
    invoked_by: str = ""
    identity_provider: str = ""

    def record(self, invoked_by: str = "") -> dict[str, Any]:
        """The `userIdentity` element, its keys in the order that real records have.

        `invoked_by` names the AWS service that made this one call for the caller. Sessions are written as event
        versions from 1.09 on write them: without the empty `sessionIssuer` and `webIdFederationData`.
        """
        invoked_by = invoked_by or self.invoked_by
        element: dict[str, Any] = {"type": self.type}
        if self.type == "AWSAccount":
            # The one type whose principal stands even if empty: an anonymous caller has just that.
            element["principalId"] = self.principal_id
        elif self.principal_id:
            element["principalId"] = self.principal_id
        if self.arn:
            element["arn"] = self.arn
        if self.account and self.type != "AWSService":
            element["accountId"] = self.account
        # The temporary keys that a service made for itself from a role are its own affair.
        if self.access_key_id and not (invoked_by and self.type == "AssumedRole"):
            element["accessKeyId"] = self.access_key_id
        if self.user_name and self.type not in _NAMELESS:
            element["userName"] = self.user_name
        if self.session is not None:
            element["sessionContext"] = self.session.record()
        if invoked_by:
            element["invokedBy"] = invoked_by
        if self.identity_provider:
            element["identityProvider"] = self.identity_provider
        return element


_NAMELESS = frozenset({"AssumedRole", "FederatedUser", "AWSAccount", "AWSService"})
"""Types whose name stands elsewhere: in the session's issuer, or nowhere."""


ANONYMOUS = Identity(type="AWSAccount", principal_id="", account="anonymous")
UNKNOWN = Identity(type="Unknown")


def root(account: str, access_key_id: str = "") -> Identity:
    """The root user of an account."""
    return Identity(
        type="Root",
        account=account,
        principal_id=account,
        arn=f"arn:aws:iam::{account}:root",
        access_key_id=access_key_id,
    )


def service(principal: str) -> Identity:
    """An AWS service acting by itself, such as `cloudtrail.amazonaws.com`."""
    return Identity(type="AWSService", invoked_by=principal)
