"""What tokens of identity providers say of themselves. Nobody checks their signatures here."""

from __future__ import annotations

import base64
import binascii

import msgspec

from cairn.core.decoding import UNREADABLE


class Claims(msgspec.Struct):
    """Of a JSON web token."""

    iss: str = ""
    sub: str = ""
    aud: str | list[str] = ""

    @property
    def audience(self) -> str:
        """The first that it is for."""
        return self.aud if isinstance(self.aud, str) else next(iter(self.aud), "")

    @property
    def address(self) -> str:
        """Of who issued it, as IAM's condition keys and providers have it."""
        return self.iss.removeprefix("https://").rstrip("/")


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
    if not claims.address or claims.address == "accounts.google.com":
        return claims.address
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    return f"arn:{partition}:iam::{account}:oidc-provider/{claims.address}"
