"""What the gateway's recorder asks of the trails: whether some trail may log the data event that a call is, or the
network activity event that it makes."""

from __future__ import annotations

from cairn.cloudtrail.selectors.wanted import WantedEvents
from cairn.core.clock import Clock
from cairn.core.records.data_events import resource_types
from cairn.core.records.event import EventHeader
from cairn.core.records.names import event_name, event_region, event_source
from cairn.core.records.network_activity import network_activity_header
from cairn.core.records.resources import Resource, resources
from cairn.gateway.facts import facts_of, is_write
from cairn.wire.http import Call


class SelectedEvents:
    """The recorder's `wants_data` and `wants_network`."""

    def __init__(self, wanted: WantedEvents, clock: Clock) -> None:
        self._wanted = wanted
        self._clock = clock

    def wants_data(self, call: Call) -> bool:
        return self._wanted.wanted(call.account, "Data", lambda: self._data(call))

    def wants_network(self, call: Call) -> bool:
        return self._wanted.wanted(call.vpc_endpoint_account, "NetworkActivity", lambda: self._network(call))

    def _data(self, call: Call) -> tuple[EventHeader, list[Resource]]:
        """The header of the event to be, and what it touches: as `compose` will have them."""
        source, name = event_source(call.service), event_name(call.service, call.operation)
        region = event_region(call.service, call.region)
        time = self._clock.now()
        touched = resources(facts_of(call, None, time=time), source, name, region)
        header = EventHeader(
            id=call.event_id,
            account=call.account,
            region=region,
            category="Data",
            time=int(time),
            read_only=not is_write(call),
            source=source,
            name=name,
            types=resource_types(source, name, touched),
        )
        return header, touched

    def _network(self, call: Call) -> tuple[EventHeader, list[Resource]]:
        return network_activity_header(facts_of(call, None, time=self._clock.now())), []
