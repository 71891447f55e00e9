"""Other event buses. An event that came from another bus goes to no third one of the region, as in AWS: there are no
loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from cairn.core.policy import Kind, Principal, Request, evaluate_alone
from cairn.core.state import State
from cairn.eventbridge.buses import rows
from cairn.eventbridge.buses.bus import EventBus
from cairn.eventbridge.deliveries import endpoints as codes
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import DeliveryError, Outcome
from cairn.eventbridge.event import BusEvent, BusId, partition
from cairn.service.as_cloudtrail import parsed_or_none
from cairn.service.event_targets.answers import TOGETHER, one_by_one
from cairn.service.event_targets.permissions import Permissions, check_owner, session_of

ACTION = "events:PutEvents"
_HOPS = {"account": codes.THIRD_ACCOUNT_HOP, "region": codes.THIRD_REGION_HOP}


class Router(Protocol):
    """`eventbridge.routing.Router`."""

    def put(self, bus: BusId, events: Sequence[BusEvent]) -> int: ...


class Buses:
    """Cairn's own buses, of any account and region. What they take is durable at once."""

    together = TOGETHER

    def __init__(self, state: State, router: Router, permissions: Permissions | None) -> None:
        self._state = state
        self._router = router
        self._permissions = permissions

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> list[Outcome]:
        bus = bus_of(address.arn)
        with self._state.read() as connection:
            found = rows.find(connection, bus)
        if found is None:
            raise DeliveryError(codes.NO_RESOURCE, f"There is no event bus {bus.arn}.", final=True)
        hop = "account" if bus.region == address.bus.region else "region"

        def send(delivery: Delivery) -> None:
            event = delivery.event
            if hop in event.hops:
                text = "Events received from another event bus cannot be forwarded to this event bus."
                raise DeliveryError(_HOPS[hop], text, final=True)
            self._check(found, address, event)
            self._router.put(bus, [msgspec.structs.replace(event, hops=(*event.hops, hop))])

        return one_by_one(deliveries, send)

    def _check(self, bus: EventBus, address: Address, event: BusEvent) -> None:
        """Raise unless the rule may put the event on the bus: in its role if it has one, and, where the bus is another
        account's, by the bus's policy."""
        keys = {
            "aws:SourceArn": address.rule_arn,
            "aws:SourceAccount": address.bus.account,
            "events:source": event.source,
            "events:detail-type": event.detail_type,
            "events:eventBusInvocation": "true",
        }
        role = address.role or address.rule_role
        if role:
            check_owner(address, role)
            if self._permissions is not None:
                self._permissions.check_role(address, ACTION, bus.id.arn, role, policy=bus.policy, keys=keys)
        if bus.id.account == address.bus.account:
            return
        root = f"arn:{partition(bus.id.region)}:iam::{address.bus.account}:root"
        principal = session_of(role) if role else Principal(account=address.bus.account, arn=root)
        policy = parsed_or_none(bus.policy, Kind.RESOURCE)
        if policy is None or not evaluate_alone(Request(principal, ACTION, bus.id.arn, keys), policy).allowed:
            text = f"The policy of {bus.id.arn} does not let {address.bus.account} put this event."
            raise DeliveryError(codes.NO_PERMISSIONS, text, final=True)


def bus_of(arn: str) -> BusId:
    """The bus that an ARN names."""
    _, _, _, region, account, resource = arn.split(":", 5)
    return BusId(account, region, resource.partition("/")[2])
