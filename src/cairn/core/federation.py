"""What tokens of identity providers say of themselves. Their signatures are `gateway.federation`'s to check."""

from __future__ import annotations

import base64
import binascii

import msgspec

from cairn.core.decoding import UNREADABLE

BUILT_IN = frozenset({"accounts.google.com"})
"""Addresses of issuers that every account knows."""


class Claims(msgspec.Struct):
    """Of a JSON web token."""

    iss: str = ""
    sub: str = ""
    aud: str | list[str] = ""
    azp: str = ""
    exp: float | None = None
    nbf: float = 0.0

    @property
    def audiences(self) -> list[str]:
        """Whom it is for: the party that it was issued to, where it names one, as STS has it."""
        if self.azp:
            return [self.azp]
        return [self.aud] if isinstance(self.aud, str) else self.aud

    @property
    def audience(self) -> str:
        """The first that it is for."""
        return next(iter(self.audiences), "")

    @property
    def address(self) -> str:
        """Of who issued it, as IAM's condition keys and providers have it."""
        return address_of(self.iss)


def address_of(issuer: str) -> str:
    """Of an issuer's URL: what IAM calls its provider by."""
    return issuer.removeprefix("https://").rstrip("/")


def claims_of(token: str) -> Claims:
    """What a token says; nothing, if it is no JSON web token."""
    parts = token.split(".")
    if len(parts) != 3:
        return Claims()
    try:
        content = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(content, type=Claims)
    except (binascii.Error, ValueError, *UNREADABLE):
        return Claims()


def provider_of(role_arn: str, claims: Claims) -> str:
    """The principal that a role's trust policy names; a provider that the account knows by its address goes by its
    ARN."""
    if not claims.address or claims.address in BUILT_IN:
        return claims.address
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    return f"arn:{partition}:iam::{account}:oidc-provider/{claims.address}"
