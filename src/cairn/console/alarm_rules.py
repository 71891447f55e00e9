"""Whether a text is the rule of a composite alarm, and what it says now, before anybody puts it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from cairn.cloudwatch.alarms.refusals import NoRule
from cairn.cloudwatch.alarms.rule import parse_rule


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule, and the states of alarms by their names, as far as they are known."""

    rule: str
    states: dict[str, str] = {}


async def checked(asked: CheckRequest) -> dict[str, Any]:
    """What is wrong with the rule (empty: nothing) and at which character (null: at none), which alarms it names, and
    whether it holds; null where the state of one of them is not known."""
    return await asyncio.to_thread(_check, asked)


def _check(asked: CheckRequest) -> dict[str, Any]:
    try:
        rule = parse_rule(asked.rule)
    except NoRule as error:
        return {"error": error.told, "place": error.place, "children": [], "holds": None}
    known = all(child in asked.states for child in rule.children)
    return {
        "error": "",
        "place": None,
        "children": list(rule.children),
        "holds": rule.holds(asked.states) if known else None,
    }
