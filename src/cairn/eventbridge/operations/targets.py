"""Operations on the targets of rules."""

from __future__ import annotations

import sqlalchemy as sa

from cairn.core.state import State
from cairn.eventbridge import inputs, refusals
from cairn.eventbridge.operations.arguments import (
    Answer,
    Params,
    bus_argument,
    check_changeable,
    get_rule,
    limit_of,
    page,
    read_token,
)
from cairn.eventbridge.rules import rows, target_kinds
from cairn.eventbridge.rules.tables import targets
from cairn.eventbridge.rules.target import Target
from cairn.wire.operation import Context, Operation

TARGETS_MAX = 5
"""Of a rule."""


class TargetOperations:
    def __init__(self, state: State) -> None:
        self._state = state

    def operations(self) -> dict[str, Operation]:
        return {
            "PutTargets": self.put_targets,
            "RemoveTargets": self.remove_targets,
            "ListTargetsByRule": self.list_targets_by_rule,
        }

    def put_targets(self, context: Context, params: Params) -> Answer:
        """All of them, or none and an error."""
        named = bus_argument(context, params)
        new = {given["Id"]: Target.of(given) for given in params["Targets"]}
        for target in new.values():
            target_kinds.check(named, target)
            for problem in inputs.check(target.id, target.settings, arn=target.arn):
                raise refusals.invalid(problem)
        with self._state.write() as connection:
            bus, rule = get_rule(connection, named, params["Rule"])
            check_changeable(context, rule)
            if len({target.id for target in rows.targets_of(connection, rule)} | set(new)) > TARGETS_MAX:
                raise refusals.too_many()
            rows.put_targets(connection, bus, rule, new.values())
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def remove_targets(self, context: Context, params: Params) -> Answer:
        with self._state.write() as connection:
            bus, rule = get_rule(connection, bus_argument(context, params), params["Rule"])
            check_changeable(context, rule, force=params.get("Force", False))
            rows.remove_targets(connection, bus, rule, params["Ids"])
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def list_targets_by_rule(self, context: Context, params: Params) -> Answer:
        limit = limit_of(params)
        with self._state.read() as connection:
            _, rule = get_rule(connection, bus_argument(context, params), params["Rule"])
            mine = (targets.c.rule == rule.row, targets.c.id > read_token(params))
            select = sa.select(targets).where(*mine).order_by(targets.c.id).limit(limit + 1)
            found = [rows.read_target(row) for row in connection.execute(select)]
        return page("Targets", [target.described() for target in found], [target.id for target in found], limit)
