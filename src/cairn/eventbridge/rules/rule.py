"""A rule as it is saved."""

from __future__ import annotations

import msgspec

from cairn.eventbridge.event import DEFAULT, BusId, partition

ENABLED = "ENABLED"
DISABLED = "DISABLED"
ENABLED_WITH_ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
"""Sees withheld events too: management events that only read."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of an event bus."""

    row: int
    """Its number in the database; a rule that is deleted and made again has another one."""
    bus: BusId
    name: str
    state: str = ENABLED
    pattern: str = ""
    """What it matches, as JSON; empty: it has a schedule alone."""
    schedule: str = ""
    """`rate(...)` or `cron(...)`; empty: it has none."""
    description: str = ""
    role: str = ""
    """ARN of the role that targets without one of their own are told in; empty: none."""
    managed_by: str = ""
    """The service that made it (`prod.vhs.events.aws.internal`); empty: a user."""
    created_by: str = ""
    """Account."""
    created: float = 0.0

    @property
    def arn(self) -> str:
        return rule_arn(self.bus, self.name)

    @property
    def is_enabled(self) -> bool:
        return self.state != DISABLED


def rule_arn(bus: BusId, name: str) -> str:
    """The ARN of a bus's rule."""
    path = name if bus.name == DEFAULT else f"{bus.name}/{name}"
    return f"arn:{partition(bus.region)}:events:{bus.region}:{bus.account}:rule/{path}"
