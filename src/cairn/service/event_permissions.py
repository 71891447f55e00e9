"""Which permissions calls of EventBridge need."""

from __future__ import annotations

from cairn.eventbridge.operations.needed import ANY, needed
from cairn.gateway.permissions import Permission, Side, permissions_of
from cairn.wire.http import Call


def event_permissions(call: Call) -> list[Permission]:
    """`gateway.permissions.PermissionsOf` for EventBridge: buses have policies, which are about their rules too."""
    found = needed(call.operation, call.account, call.region, call.params or {})
    if not found:
        return permissions_of(call)
    return [
        Permission(each.action, each.resource, each.keys, Side.CALLER if each.resource == ANY else Side.BOTH)
        for each in found
    ]
