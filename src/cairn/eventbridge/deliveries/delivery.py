"""An event on its way to a target."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from cairn.eventbridge.event import BusEvent, BusId
from cairn.eventbridge.rules.rule import rule_arn


class Owner(NamedTuple):
    """Whom deliveries wait for: a target of a rule."""

    rule: int
    """Row of the rule, which may be gone."""
    target: str
    """Id of the target."""

    def __str__(self) -> str:
        return f"{self.rule}/{self.target}"

    @classmethod
    def of(cls, text: str) -> Owner:
        """The one that is written so."""
        rule, _, target = text.partition("/")
        return cls(int(rule), target)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule's events go, as it stood when they came."""

    bus: BusId
    """The rule's."""
    rule: str
    """Its name."""
    rule_role: str = ""
    """ARN of the rule's own role; empty: none."""
    target: str
    """Its id within the rule."""
    arn: str
    role: str = ""
    """ARN of the target's role; empty: none."""
    settings: dict[str, Any] = {}
    """botocore's `Target` as it was put, without its input."""

    @property
    def rule_arn(self) -> str:
        return rule_arn(self.bus, self.rule)

    @property
    def dead_letter_queue(self) -> str:
        """ARN; empty: there is none."""
        found: str = (self.settings.get("DeadLetterConfig") or {}).get("Arn", "")
        return found


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the last attempt."""

    code: str
    """One of EventBridge's error codes: `NO_PERMISSIONS`."""
    message: str
    condition: str = ""
    """What ended the retries: `MaximumRetryAttempts` or `MaximumEventAgeInSeconds`; empty: nothing did."""
    retries: int = 0
    """How often it was tried again."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a target is owed."""

    id: int
    address: Address
    event: BusEvent
    payload: bytes
    """What is sent."""
    since: float
    """When the bus got the event; of a dead one: when it was given up."""
    attempts: int
    """That failed; of a dead one: at the dead-letter queue."""
    due: float
    dead: bool
    failure: Failure | None
    """Of the last attempt; of a dead one: why it is dead."""


class About(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is stored of a delivery beside the event's bytes."""

    address: Address
    id: str
    source: str
    detail_type: str
    account: str
    region: str
    withheld: bool = False
    replay: str = ""
    hops: tuple[str, ...] = ()

    def event(self, envelope: bytes) -> BusEvent:
        return BusEvent(
            id=self.id,
            source=self.source,
            detail_type=self.detail_type,
            account=self.account,
            region=self.region,
            envelope=envelope,
            withheld=self.withheld,
            replay=self.replay,
            hops=self.hops,
        )
