"""Who has events for event buses, and the buses: what each asks for of the other."""

from __future__ import annotations

from collections.abc import Sequence

from cairn.cloudtrail.envelopes import TrailEvent
from cairn.cloudwatch.alarms import changes
from cairn.cloudwatch.alarms.changes import AlarmChange
from cairn.core.state import State
from cairn.eventbridge import positions
from cairn.eventbridge.event import BusEvent, BusId, envelope
from cairn.eventbridge.positions import Once
from cairn.eventbridge.routing import Router

JOURNAL = "journal"
"""The source whose position is how far trails' events were given to buses."""


class DefaultBuses:
    """`cloudtrail.event_delivery.EventBuses` over Cairn's own event buses."""

    def __init__(self, state: State, router: Router) -> None:
        self._state = state
        self._router = router

    def position(self) -> int:
        return self._router.position_of(JOURNAL)

    def interested(self, account: str, region: str, *, withheld: bool) -> bool:
        if withheld:
            return self._router.interested_in_withheld(account, region)
        return self._router.interested(account, region)

    def give(self, events: Sequence[TrailEvent], position: int) -> None:
        by_bus: dict[BusId, list[BusEvent]] = {}
        for event in events:
            by_bus.setdefault(BusId(event.account, event.region), []).append(_bus_event(event))
        self._router.put_all(by_bus, once=Once(JOURNAL, position))

    def start_at(self, position: int) -> None:
        with self._state.write() as connection:
            positions.place(connection, Once(JOURNAL, position))


class AlarmHistory:
    """`eventbridge.alarm_changes.AlarmHistory` over Cairn's own alarms."""

    def __init__(self, state: State) -> None:
        self._state = state

    def revision(self) -> int:
        return self._state.revision()

    def next_number(self) -> int:
        with self._state.read() as connection:
            return changes.next_number(connection)

    def changes_from(self, number: int, limit: int) -> list[AlarmChange]:
        with self._state.read() as connection:
            return changes.changes_from(connection, number, limit)


def _bus_event(event: TrailEvent) -> BusEvent:
    return BusEvent(
        id=event.id,
        source=event.source,
        detail_type=event.detail_type,
        account=event.account,
        region=event.region,
        envelope=envelope(
            id=event.id,
            detail_type=event.detail_type,
            source=event.source,
            account=event.account,
            time=event.time,
            region=event.region,
            resources=(),
            detail=event.record,
        ),
        withheld=event.withheld,
    )
