"""Condition keys that every request has, whatever the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cairn.core.clock import iso_seconds
from cairn.core.records.identity import ANONYMOUS, Identity

Value = str | bool | int | float | Sequence[str]

_TYPES = {"Root": "Account", "IAMUser": "User", "FederatedUser": "FederatedUser", "AssumedRole": "AssumedRole"}


def global_keys(
    identity: Identity,
    *,
    now: float,
    region: str = "",
    source_ip: str = "",
    user_agent: str = "",
    secure: bool = False,
) -> dict[str, Value]:
    """The `aws:` keys of a request by `identity`. Those that it has no value for are left out.

    Args:
        now: seconds since the epoch.
        secure: whether it came over TLS.
    """
    session = identity.session
    is_service = identity.type == "AWSService"
    keys: dict[str, Value] = {
        "aws:CurrentTime": iso_seconds(now),
        "aws:EpochTime": int(now),
        "aws:SecureTransport": secure,
        "aws:RequestedRegion": region,
        "aws:SourceIp": source_ip,
        "aws:UserAgent": user_agent,
        "aws:PrincipalIsAWSService": is_service,
        "aws:PrincipalServiceName": identity.invoked_by if is_service else "",
        "aws:userid": identity.principal_id,
        "aws:PrincipalArn": identity.arn,
        "aws:PrincipalType": _TYPES.get(identity.type, ""),
        "aws:PrincipalAccount": identity.account,
    }
    if identity.type == "IAMUser":
        keys["aws:username"] = identity.user_name
    if identity == ANONYMOUS:
        keys |= {"aws:userid": "anonymous", "aws:PrincipalType": "Anonymous", "aws:PrincipalAccount": ""}
    if session is not None:
        keys["aws:MultiFactorAuthPresent"] = session.mfa
        keys["aws:TokenIssueTime"] = iso_seconds(session.created)
        keys["aws:SourceIdentity"] = session.source_identity
        keys["aws:FederatedProvider"] = session.federated_provider
        if identity.type == "AssumedRole" and session.issuer is not None:
            keys["aws:PrincipalArn"] = session.issuer.arn
    return {name: value for name, value in keys.items() if value != ""}


def context_of(keys: Mapping[str, Value]) -> dict[str, tuple[str, ...]]:
    """`keys` as conditions compare them: names in lower case, values as texts."""
    return {name.lower(): _texts(value) for name, value in keys.items()}


def _texts(value: Value) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int | float):
        return (str(value),)
    return tuple(value)
