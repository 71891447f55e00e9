"""Operations on rules."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge import refusals
from cairn.eventbridge.buses.rows import find_saved
from cairn.eventbridge.event import DEFAULT
from cairn.eventbridge.operations.arguments import (
    Answer,
    Params,
    bus_argument,
    check_changeable,
    get_bus,
    get_rule,
    limit_of,
    page,
    read_tags,
    read_token,
)
from cairn.eventbridge.patterns import parse_pattern
from cairn.eventbridge.rules import rows, target_kinds
from cairn.eventbridge.rules.rule import DISABLED, ENABLED, Rule
from cairn.eventbridge.rules.tables import rules, targets
from cairn.eventbridge.schedules import parse as parse_schedule
from cairn.eventbridge.tables import tags
from cairn.wire.operation import Context, Operation

RULES_MAX = 300
"""Of a bus."""


class RuleOperations:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        return {
            "PutRule": self.put_rule,
            "DeleteRule": self.delete_rule,
            "DescribeRule": self.describe_rule,
            "EnableRule": self.enable_rule,
            "DisableRule": self.disable_rule,
            "ListRules": self.list_rules,
            "ListRuleNamesByTarget": self.list_rule_names_by_target,
        }

    def put_rule(self, context: Context, params: Params) -> Answer:
        """A new rule, or all of one that is there; only its targets and tags stay."""
        bus = bus_argument(context, params)
        _check(bus.name, params)
        tagged = read_tags(params.get("Tags", []))
        rule = Rule(
            row=0,
            bus=bus,
            name=params["Name"],
            state=params.get("State", ENABLED),
            pattern=params.get("EventPattern", ""),
            schedule=params.get("ScheduleExpression", ""),
            description=params.get("Description", ""),
            role=params.get("RoleArn", ""),
            created_by=context.account,
            created=self._clock.now(),
        )
        with self._state.write() as connection:
            get_bus(connection, bus)
            owner = find_saved(connection, bus, self._clock.now())
            assert owner is not None
            old = rows.find(connection, owner, rule.name)
            if old is not None:
                check_changeable(context, old)
                rule = msgspec.structs.replace(rule, row=old.row, created_by=old.created_by, created=old.created)
            elif _count(connection, owner.row) >= RULES_MAX:
                raise refusals.too_many()
            rows.put(connection, owner, rule)
            if old is None and tagged:
                found = [{"arn": rule.arn, "key": key, "value": value} for key, value in tagged.items()]
                connection.execute(sa.insert(tags), found)
        return {"RuleArn": rule.arn}

    def delete_rule(self, context: Context, params: Params) -> Answer:
        """No error where there is no such rule."""
        with self._state.write() as connection:
            bus = get_bus(connection, bus_argument(context, params))
            rule = rows.find(connection, bus, params["Name"])
            if rule is None:
                return {}
            check_changeable(context, rule, force=params.get("Force", False))
            if rows.targets_of(connection, rule):
                raise refusals.invalid("Rule can't be deleted since it has targets.")
            rows.delete(connection, bus, rule)
        return {}

    def describe_rule(self, context: Context, params: Params) -> Answer:
        with self._state.read() as connection:
            _, rule = get_rule(connection, bus_argument(context, params), params["Name"])
        return _described(rule) | {"CreatedBy": rule.created_by}

    def enable_rule(self, context: Context, params: Params) -> Answer:
        return self._set_state(context, params, ENABLED)

    def disable_rule(self, context: Context, params: Params) -> Answer:
        return self._set_state(context, params, DISABLED)

    def list_rules(self, context: Context, params: Params) -> Answer:
        prefix, limit = params.get("NamePrefix", ""), limit_of(params)
        where = [rules.c.name > read_token(params)]
        if prefix:  # not LIKE, which in SQLite takes great letters for small ones
            where.append(sa.func.substr(rules.c.name, 1, len(prefix)) == prefix)
        with self._state.read() as connection:
            bus = get_bus(connection, bus_argument(context, params))
            found = rows.select(connection, rules.c.bus == bus.row, *where, limit=limit + 1)
        return page("Rules", [_described(rule) for rule in found], [rule.name for rule in found], limit)

    def list_rule_names_by_target(self, context: Context, params: Params) -> Answer:
        limit = limit_of(params)
        names = sa.select(rules.c.name).join(targets, targets.c.rule == rules.c.id).distinct().order_by(rules.c.name)
        with self._state.read() as connection:
            bus = get_bus(connection, bus_argument(context, params))
            where = (rules.c.bus == bus.row, targets.c.arn == params["TargetArn"], rules.c.name > read_token(params))
            found = list(connection.scalars(names.where(*where).limit(limit + 1)))
        return page("RuleNames", found, found, limit)

    def _set_state(self, context: Context, params: Params, state: str) -> Answer:
        with self._state.write() as connection:
            bus, rule = get_rule(connection, bus_argument(context, params), params["Name"])
            check_changeable(context, rule)
            rows.put(connection, bus, msgspec.structs.replace(rule, state=state))
        return {}


def _check(bus: str, params: Params) -> None:
    pattern, schedule = params.get("EventPattern"), params.get("ScheduleExpression")
    if schedule is not None and bus != DEFAULT:  # even an empty one
        raise refusals.invalid("ScheduleExpression is supported only on the default event bus.")
    if not pattern and not schedule:
        raise refusals.invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if schedule:
        parse_schedule(schedule)
    if pattern:
        parse_pattern(pattern)
    if params.get("RoleArn"):
        target_kinds.check_role(params["RoleArn"])


def _count(connection: sa.Connection, bus: int) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(rules).where(rules.c.bus == bus)) or 0


def _described(rule: Rule) -> dict[str, Any]:
    texts = {
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "Description": rule.description,
        "RoleArn": rule.role,
        "ManagedBy": rule.managed_by,
    }
    answer = {"Name": rule.name, "Arn": rule.arn, "EventBusName": rule.bus.name, "State": rule.state}
    return answer | {name: text for name, text in texts.items() if text}
