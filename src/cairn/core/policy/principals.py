"""Who asks, as policies name it, and the Principal element that names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from cairn.core.records.identity import ANONYMOUS, Identity

Grant = Literal["", "account", "role", "direct"]
"""How closely a Principal element names somebody: not at all; by account, which leaves it to the account's own
policies; by role; or itself (`*` names everybody itself)."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    account: str = ""
    """12 digits; empty for services and anonymous callers."""
    arn: str = ""
    """Of the user, the session, or the root."""
    role_arn: str = ""
    """Of the role, for its sessions."""
    unique_id: str = ""
    """`AIDA...`, `AROA...`."""
    service: str = ""
    """`cloudtrail.amazonaws.com`."""
    federated: str = ""
    """The provider, for a call that an identity provider's token backs."""
    is_root: bool = False

    @classmethod
    def of(cls, identity: Identity) -> Principal:
        """The principal that `identity` acts as."""
        if identity == ANONYMOUS:
            return cls()
        match identity.type:
            case "AWSService":
                return cls(service=identity.invoked_by)
            case "SAMLUser" | "WebIdentityUser":
                return cls(federated=identity.identity_provider)
            case _:
                issuer = identity.session.issuer if identity.session is not None else None
                return cls(
                    account=identity.account,
                    arn=identity.arn,
                    role_arn=issuer.arn if issuer is not None and issuer.type == "Role" else "",
                    unique_id=identity.principal_id.partition(":")[0] if identity.type != "Root" else "",
                    is_root=identity.type == "Root",
                )

    @property
    def has_identity_policies(self) -> bool:
        return bool(self.account)


@dataclass(frozen=True, slots=True)
class Principals:
    """The Principal or NotPrincipal element."""

    everybody: bool = False
    aws: frozenset[str] = field(default_factory=frozenset)
    """ARNs, accounts (12 digits) and unique ids."""
    services: frozenset[str] = field(default_factory=frozenset)
    federated: frozenset[str] = field(default_factory=frozenset)

    def grant(self, principal: Principal) -> Grant:
        """How closely the element names `principal`."""
        if self.everybody:
            return "direct"
        if principal.service:
            return "direct" if principal.service in self.services else ""
        if principal.federated:
            return "direct" if principal.federated in self.federated else ""
        if not principal.account:
            return ""
        if principal.arn in self.aws:
            return "direct"
        if principal.role_arn:
            if principal.role_arn in self.aws or principal.unique_id in self.aws:
                return "role"
        elif principal.unique_id and principal.unique_id in self.aws:
            return "direct"
        if self._names_account(principal):
            return "direct" if principal.is_root else "account"
        return ""

    def spares(self, principal: Principal) -> bool:
        """Whether the element, as NotPrincipal, leaves `principal` out. AWS looks at the account, then the role,
        then the session or user, and each must be named."""
        if self.everybody:
            return True
        if not principal.account:
            return self.grant(principal) != ""
        named: Iterable[str] = [arn for arn in (principal.role_arn, principal.arn) if arn]
        if principal.is_root:
            named = []
        return self._names_account(principal) and all(arn in self.aws for arn in named)

    def _names_account(self, principal: Principal) -> bool:
        return principal.account in self.aws or any(
            f"arn:{partition}:iam::{principal.account}:root" in self.aws
            for partition in ("aws", "aws-cn", "aws-us-gov")
        )
