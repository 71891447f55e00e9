"""What operations read of their input, and write into answers, in the same way."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cairn.eventbridge import refusals
from cairn.eventbridge.arns import bus_named
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.buses.bus import EventBus
from cairn.eventbridge.event import BusId
from cairn.eventbridge.rules import rows as rules
from cairn.eventbridge.rules.rule import Rule
from cairn.wire.operation import Context

Params = dict[str, Any]
Answer = Mapping[str, Any]

PAGE_MAX = 100
TAGS_MAX = 50


def bus_argument(context: Context, params: Params, member: str = "EventBusName") -> BusId:
    """The bus that a call is on, by name or ARN; the default one where it says nothing."""
    return bus_named(params.get(member), context.account, context.region)


def get_bus(connection: sa.Connection, bus: BusId) -> EventBus:
    """Raises ResourceNotFoundException."""
    found = buses.find(connection, bus)
    if found is None:
        raise refusals.bus_not_found(bus.name)
    return found


def get_rule(connection: sa.Connection, bus: BusId, name: str) -> tuple[EventBus, Rule]:
    """A rule with its bus. Raises ResourceNotFoundException."""
    found = get_bus(connection, bus)
    rule = rules.find(connection, found, name)
    if rule is None:
        raise refusals.rule_not_found(name, bus.name)
    return found, rule


def check_changeable(context: Context, rule: Rule, *, force: bool = False) -> None:
    """Raise unless the caller may change a rule: a service's only by force, and on another account's bus only what the
    caller's own account made there."""
    if rule.managed_by and not force:
        raise refusals.managed(rule.name)
    if context.account not in (rule.bus.account, rule.created_by):
        raise refusals.denied(context.identity.arn, "events:PutRule", rule.arn)


def read_token(params: Mapping[str, Any]) -> str:
    """Behind which name a page begins; empty: the first one."""
    text = params.get("NextToken")
    if not text:
        return ""
    try:
        return base64.urlsafe_b64decode(text.encode("ascii")).decode()
    except ValueError:
        raise refusals.invalid_parameter("NextToken") from None


def limit_of(params: Mapping[str, Any]) -> int:
    limit: int = params.get("Limit") or PAGE_MAX
    return limit


def page(name: str, shown: Sequence[Any], names: Sequence[str], limit: int) -> dict[str, Any]:
    """A page of a list, with a token where there is more.

    Args:
        shown: up to one more than a page has.
        names: of each, by which they are in order.
    """
    answer: dict[str, Any] = {name: list(shown[:limit])}
    if len(shown) > limit:
        answer["NextToken"] = base64.urlsafe_b64encode(names[limit - 1].encode()).decode()
    return answer


def read_tags(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Tags by their keys. Raises ValidationException for those that nobody can set."""
    found = {tag["Key"]: tag["Value"] for tag in given}
    if any(key.lower().startswith("aws:") for key in found):
        raise refusals.invalid("Tag keys that begin with aws: cannot be set.")  # (ours)
    check_tag_count(found)
    return found


def check_tag_count(tags: Mapping[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise refusals.invalid(f"A resource may have {TAGS_MAX} tags.")  # (ours)
