"""EventBridge's operations on buses, rules, targets and events, one small function each."""

from __future__ import annotations

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge.operations.buses import BusOperations
from cairn.eventbridge.operations.events import EventOperations
from cairn.eventbridge.operations.other_accounts import guarded
from cairn.eventbridge.operations.permissions import PermissionOperations
from cairn.eventbridge.operations.rules import RuleOperations
from cairn.eventbridge.operations.tags import TagOperations
from cairn.eventbridge.operations.targets import TargetOperations
from cairn.eventbridge.routing import Router
from cairn.wire.operation import Operation
from cairn.wire.validate import Validation

VALIDATION = Validation(unchecked=frozenset({"PutEvents"}), patterns_first=True)


def operations(state: State, clock: Clock, router: Router, *, ask_policies: bool = False) -> dict[str, Operation]:
    """What Cairn answers itself of buses and rules.

    Args:
        ask_policies: whether buses of other accounts are guarded here, since the door asks for no permissions.
    """
    found = {
        **BusOperations(state, clock).operations(),
        **PermissionOperations(state, clock).operations(),
        **RuleOperations(state, clock).operations(),
        **TargetOperations(state).operations(),
        **EventOperations(router, clock).operations(),
        **TagOperations(state).operations(),
    }
    if not ask_policies:
        return found
    return {name: guarded(state, clock, name, operation) for name, operation in found.items()}
