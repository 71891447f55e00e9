"""Operations of other services that the gateway answers itself, because only it knows."""

from __future__ import annotations

from typing import Any

from cairn.wire.operation import Context


def caller_identity(context: Context, params: dict[str, Any]) -> dict[str, Any]:
    """sts:GetCallerIdentity: who the signature says the caller is."""
    identity = context.identity
    return {"UserId": identity.principal_id, "Account": identity.account, "Arn": identity.arn}
