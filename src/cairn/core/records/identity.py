"""Who called: the `userIdentity` element (spec 1.3)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

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

    def record(self) -> dict[str, Any]:
        """The `userIdentity` element, its keys in the order that real records have."""
        raise NotImplementedError


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
