"""Buses of other accounts where the door asks for no permissions (`auth.mode = "trust"`): what a call may do to one is
for the bus's policy to say, so that an account has its buses to itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairn.core.clock import Clock
from cairn.core.policy import global_keys
from cairn.core.state import State
from cairn.eventbridge import refusals
from cairn.eventbridge.buses import policies, rows
from cairn.eventbridge.operations.arguments import Params
from cairn.eventbridge.operations.needed import Needed, needed
from cairn.wire.operation import Context, Operation


def guarded(state: State, clock: Clock, name: str, operation: Operation) -> Operation:
    """`operation`, called for a bus of another account only if that bus's policy lets the caller."""

    def run(context: Context, params: Params) -> Mapping[str, Any]:
        for each in needed(name, context.account, context.region, params):
            if each.bus.account != context.account:
                _check(state, clock, context, each)
        return operation(context, params)

    return run


def _check(state: State, clock: Clock, context: Context, each: Needed) -> None:
    with state.read() as connection:
        found = rows.find(connection, each.bus)
    who = context.identity
    keys = global_keys(who, now=clock.now(), region=context.region, source_ip=context.source_ip)
    policy = found.policy if found is not None else ""
    if not policies.account_may(policy, each.action, each.resource, who, {**keys, **each.keys}):
        raise refusals.denied(who.arn, each.action, each.resource)
