"""Storing what a target is owed, in the transaction that takes the event in."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.deliveries.delivery import About, Address, Failure, Owner
from cairn.eventbridge.deliveries.tables import deliveries
from cairn.eventbridge.event import BusEvent
from cairn.eventbridge.inputs import is_sound
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target

INVALID_JSON = Failure(code="INVALID_JSON", message="The input that the template makes of the event is not valid JSON.")
TOO_LARGE = Failure(code="INVALID_PARAMETER", message="The input made of the event is too large.")

_INPUTS = frozenset({"Input", "InputPath", "InputTransformer"})


def owe(
    connection: sa.Connection, rule: Rule, target: Target, payload: bytes | None, event: BusEvent, now: float
) -> None:
    """Owe a target an event.

    What stands in the target's settings now is what holds for this delivery, whatever becomes of the target.

    Args:
        payload: what `inputs.payload` makes of the event for it; None: too much, so that it is never sent.
    """
    address = Address(
        bus=rule.bus,
        rule=rule.name,
        rule_role=rule.role,
        target=target.id,
        arn=target.arn,
        role=target.role,
        settings={name: value for name, value in target.settings.items() if name not in _INPUTS},
    )
    about = About(
        address=address,
        id=event.id,
        source=event.source,
        detail_type=event.detail_type,
        account=event.account,
        region=event.region,
        withheld=event.withheld,
        replay=event.replay,
        hops=event.hops,
    )
    failure = TOO_LARGE if payload is None else None if is_sound(target, payload) else INVALID_JSON
    values = {
        "owner": str(Owner(rule.row, target.id)),
        "about": msgspec.json.encode(about).decode(),
        "envelope": event.envelope,
        "payload": None if payload == event.envelope else payload,
        "since": now,
        "attempts": 0,
        "due": now,
        "dead": False,
        "failure": "" if failure is None else msgspec.json.encode(failure).decode(),
    }
    connection.execute(sa.insert(deliveries), values)
