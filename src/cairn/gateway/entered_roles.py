"""Roles that a call makes its caller: whatever else is open, a role lets in only whom its trust policy names.

Operations that take a token of an identity provider need no signature: the trust policy says whose token opens a role,
and `gateway.federation` whether it is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cairn.core.errors import AwsError
from cairn.core.federation import claims_of, provider_of
from cairn.core.policy.keys import Value
from cairn.core.records.identity import Identity
from cairn.wire.http import Call

BY_WEB, BY_SAML = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]+", re.ASCII)
_WITH_ROLES = {
    ("sts", "AssumeRole"): "RoleArn",
    ("sts", "AssumeRoleWithSAML"): "RoleArn",
    ("sts", "AssumeRoleWithWebIdentity"): "RoleArn",
    ("cognito-identity", "GetCredentialsForIdentity"): "CustomRoleArn",
}
"""The members that name the role."""
_TOKEN_CHARS = {"WebIdentityToken": (4, 20_000), "SAMLAssertion": (4, 100_000)}
"""Least and most, as the API has them. The embedded account would do without any."""
_COGNITO = "cognito-identity.amazonaws.com"
_SAML_AUDIENCE = "https://signin.aws.amazon.com/saml"
_WITHOUT_POLICIES = ("SAMLUser", "WebIdentityUser")


@dataclass(frozen=True, slots=True)
class Entry:
    """A call by somebody whom only a token speaks for."""

    action: str
    """`BY_WEB` or `BY_SAML`."""
    role: str
    """ARN."""
    provider: str
    """The principal that the role's trust policy has to name; empty where the token names none."""
    keys: Mapping[str, Value] = field(default_factory=dict)
    """Condition keys that the token gives."""
    token: str | None = None
    """What speaks for them; None where it is Cognito, which gives no token."""


def check_role(call: Call) -> None:
    """
    Raises:
        AwsError: a parsed `call` asks for a role by what is no role's ARN. The account would make one up.
    """
    role = _role(call)
    if role and not _ROLE.fullmatch(role):
        raise AwsError("ValidationError", f"{role} is invalid")


def enters_another_account(call: Call) -> bool:
    """Whether the caller asks to become a role of an account that is not its own."""
    found = _ROLE.fullmatch(_role(call)) if call.operation == "AssumeRole" else None
    return found is not None and found[1] != call.account


def is_nobodys(identity: Identity) -> bool:
    """Whether somebody was let in by an identity provider without a role, so that no account speaks for them."""
    return identity.type in _WITHOUT_POLICIES


def entry_of(call: Call) -> Entry | None:
    """Who wants to become which role by a token; None where the call is no such.

    Raises:
        AwsError: the token is missing, or is too short or too long for one.
    """
    params, role = call.params or {}, _role(call)
    if not role:
        return None
    match call.operation:
        case "AssumeRoleWithWebIdentity":
            token = _token(params, "WebIdentityToken")
            claims = claims_of(token)
            provider = _text(params, "ProviderId") or provider_of(role, claims)
            keys: dict[str, Value] = {
                f"{claims.address}:aud": claims.audience,
                f"{claims.address}:sub": claims.sub,
            }
            return Entry(BY_WEB, role, provider, keys, token)
        case "AssumeRoleWithSAML":
            keys = {"SAML:aud": _SAML_AUDIENCE}
            return Entry(BY_SAML, role, _text(params, "PrincipalArn"), keys, _token(params, "SAMLAssertion"))
        case "GetCredentialsForIdentity":
            amr = "authenticated" if params.get("Logins") else "unauthenticated"
            keys = {f"{_COGNITO}:sub": _text(params, "IdentityId"), f"{_COGNITO}:amr": [amr]}
            return Entry(BY_WEB, role, _COGNITO, keys)
    return None


def _role(call: Call) -> str:
    return _text(call.params or {}, _WITH_ROLES.get((call.service, call.operation), ""))


def _token(params: Mapping[str, Any], name: str) -> str:
    token = _text(params, name)
    low, high = _TOKEN_CHARS[name]
    if not low <= len(token) <= high:
        raise AwsError("ValidationError", f"{name} must have length between {low} and {high}")
    return token


def _text(params: Mapping[str, Any], name: str) -> str:
    found = params.get(name)
    return found if isinstance(found, str) else ""
