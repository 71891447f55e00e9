"""What a caller is told who may not, in the words of each family of services."""

from __future__ import annotations

from cairn.core.errors import AwsError
from cairn.core.policy import Decision
from cairn.core.records.identity import Identity
from cairn.gateway.permissions import ANY, Permission
from cairn.wire.http import Call
from cairn.wire.models import index, service_model
from cairn.wire.protocols import Protocol, protocol_of

_SILENT_ON_ANY = frozenset({"cairn", "cloudtrail", "cloudtrail-data"})
"""Services that name no resource where an action has none."""


def denial(call: Call, permission: Permission, decision: Decision) -> AwsError:
    """The error for `call`, which needs `permission`."""
    text = _sentence(call, permission, decision)
    if call.service in ("s3", "s3control"):
        return AwsError("AccessDenied", text, 403)
    if call.service == "sns":
        return AwsError("AuthorizationError", text, 403)
    match protocol_of(call.request, call.service):
        case Protocol.EC2:
            return AwsError("UnauthorizedOperation", f"You are not authorized to perform this operation. {text}", 403)
        case Protocol.QUERY | Protocol.REST_XML if call.service in index().services:
            return AwsError("AccessDenied", text, 403)
        case Protocol.JSON | Protocol.CBOR if call.service in index().services:
            if service_model(call.service).is_query_compatible:  # it keeps the codes that it had before it spoke JSON
                return AwsError("AccessDenied", text, 403)
            return AwsError("AccessDeniedException", text, 400)
        case _:
            return AwsError("AccessDeniedException", text, 403)


def _sentence(call: Call, permission: Permission, decision: Decision) -> str:
    text = f"User: {_name(call.identity)} is not authorized to perform: {permission.action}"
    if permission.resource != ANY or call.service not in _SILENT_ON_ANY:
        resource = f'"{permission.resource}"' if call.service == "s3" else permission.resource
        text += f" on resource: {resource}"
    if call.service == "sts" and call.operation == "AssumeRole":
        return text  # a stranger is not told what a role's trust policy says
    return f"{text} {decision.because}"


def _name(identity: Identity) -> str:
    return identity.arn or identity.principal_id or "anonymous"
