"""PutPermission and RemovePermission: who else may use a bus."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge import refusals
from cairn.eventbridge.buses import policies, rows
from cairn.eventbridge.buses.tables import buses
from cairn.eventbridge.event import BusId
from cairn.eventbridge.operations.arguments import Answer, Params, bus_argument, get_bus
from cairn.wire.operation import Context, Operation

_STATEMENT = ("Action", "Principal", "StatementId")


class PermissionOperations:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        return {"PutPermission": self.put_permission, "RemovePermission": self.remove_permission}

    def put_permission(self, context: Context, params: Params) -> Answer:
        bus = bus_argument(context, params)
        policy: str | None = params.get("Policy")
        if policy is not None:
            if any(member in params for member in (*_STATEMENT, "Condition")):
                text = "Policy cannot be given together with Action, Principal, StatementId or Condition."  # (ours)
                raise refusals.invalid(text)
            policies.check(policy)
            self._change(bus, lambda _: policy)
            return {}
        if not all(params.get(member) for member in _STATEMENT):
            raise refusals.invalid("Action, Principal and StatementId must be given, or Policy.")  # (ours)
        if params["Action"] != policies.ACTION:
            raise refusals.invalid("Provided value in parameter 'action' is not supported.")
        new = policies.statement(bus, params["StatementId"], params["Principal"], params.get("Condition"))
        self._change(bus, lambda now: policies.with_statement(now, new))
        return {}

    def remove_permission(self, context: Context, params: Params) -> Answer:
        bus = bus_argument(context, params)
        if params.get("RemoveAllPermissions"):
            self._change(bus, lambda _: "")
            return {}
        sid = params.get("StatementId")
        if not sid:
            raise refusals.invalid("StatementId must be given, or RemoveAllPermissions.")  # (ours)

        def remove(now: str) -> str:
            left = policies.without_statement(now, sid)
            if left is None:
                raise refusals.statement_not_found()
            return left

        self._change(bus, remove)
        return {}

    def _change(self, bus: BusId, change: Callable[[str], str]) -> None:
        with self._state.write() as connection:
            policy = change(get_bus(connection, bus).policy)
            if policy:
                policies.check(policy)
            found = rows.find_saved(connection, bus, self._clock.now())
            assert found is not None
            values = {"policy": policy, "modified": self._clock.now()}
            connection.execute(sa.update(buses).where(buses.c.id == found.row).values(values))
