"""Operations on event buses themselves."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge import refusals
from cairn.eventbridge.buses import rows
from cairn.eventbridge.buses.bus import EventBus
from cairn.eventbridge.buses.tables import buses
from cairn.eventbridge.event import DEFAULT, BusId
from cairn.eventbridge.operations.arguments import (
    Answer,
    Params,
    bus_argument,
    get_bus,
    limit_of,
    page,
    read_tags,
    read_token,
)
from cairn.eventbridge.rules.tables import rules
from cairn.eventbridge.tables import tags
from cairn.wire.operation import Context, Operation

BUSES_MAX = 100
"""Of an account in a region, beside the default one."""

_SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


class BusOperations:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateEventBus": self.create_event_bus,
            "DeleteEventBus": self.delete_event_bus,
            "DescribeEventBus": self.describe_event_bus,
            "ListEventBuses": self.list_event_buses,
            "UpdateEventBus": self.update_event_bus,
        }

    def create_event_bus(self, context: Context, params: Params) -> Answer:
        name: str = params["Name"]
        _check_name(name, params.get("EventSourceName"))
        tagged = read_tags(params.get("Tags", []))
        bus = BusId(context.account, context.region, name)
        settings = {member: params[member] for member in _SETTINGS if params.get(member)}
        with self._state.write() as connection:
            if rows.find(connection, bus) is not None:
                raise refusals.bus_exists(name)
            mine = sa.and_(buses.c.account == bus.account, buses.c.region == bus.region, buses.c.name != DEFAULT)
            if (connection.scalar(sa.select(sa.func.count()).select_from(buses).where(mine)) or 0) >= BUSES_MAX:
                raise refusals.too_many()
            rows.insert(connection, bus, settings, self._clock.now())
            if tagged:
                found = [{"arn": bus.arn, "key": key, "value": value} for key, value in tagged.items()]
                connection.execute(sa.insert(tags), found)
        return {"EventBusArn": bus.arn, **settings}

    def delete_event_bus(self, context: Context, params: Params) -> Answer:
        bus = BusId(context.account, context.region, params["Name"])
        if bus.name == DEFAULT:
            raise refusals.invalid(f"Cannot delete event bus {DEFAULT}.")
        with self._state.write() as connection:
            found = get_bus(connection, bus)
            if connection.scalar(sa.select(rules.c.id).where(rules.c.bus == found.row).limit(1)) is not None:
                raise refusals.invalid("EventBus can't be deleted since it has rules.")
            connection.execute(sa.delete(tags).where(tags.c.arn == bus.arn))
            connection.execute(sa.delete(buses).where(buses.c.id == found.row))
        return {}

    def describe_event_bus(self, context: Context, params: Params) -> Answer:
        with self._state.read() as connection:
            found = get_bus(connection, bus_argument(context, params, "Name"))
        return _described(found) | found.settings

    def list_event_buses(self, context: Context, params: Params) -> Answer:
        default = EventBus(row=0, id=BusId(context.account, context.region))
        mine = (buses.c.account == context.account, buses.c.region == context.region)
        with self._state.read() as connection:
            found = [rows.read(row) for row in connection.execute(sa.select(buses).where(*mine))]
        by_name = {DEFAULT: default} | {bus.id.name: bus for bus in found}
        prefix, after, limit = params.get("NamePrefix", ""), read_token(params), limit_of(params)
        names = [name for name in sorted(by_name) if name.startswith(prefix) and name > after][: limit + 1]
        return page("EventBuses", [_listed(by_name[name]) for name in names], names, limit)

    def update_event_bus(self, context: Context, params: Params) -> Answer:
        """What is not given stays as it is, and what is given as empty goes."""
        bus = BusId(context.account, context.region, params.get("Name", DEFAULT))
        given = {member: params[member] for member in _SETTINGS if member in params}
        with self._state.write() as connection:
            get_bus(connection, bus)
            found = rows.find_saved(connection, bus, self._clock.now())
            assert found is not None
            settings = {member: value for member, value in (found.settings | given).items() if value}
            values: dict[str, Any] = {"settings": msgspec.json.encode(settings).decode()}
            values |= {"modified": self._clock.now()}
            connection.execute(sa.update(buses).where(buses.c.id == found.row).values(values))
        return {"Arn": bus.arn, "Name": bus.name, **settings}


def _check_name(name: str, source: str | None) -> None:
    if source is not None:
        raise refusals.source_not_found(source)
    if name.startswith("aws."):
        raise refusals.invalid("EventBus name starting with 'aws.' is not valid.")
    if "/" in name:
        raise refusals.invalid("Event bus name must not contain '/'.")


def _listed(bus: EventBus) -> dict[str, Any]:
    described = _described(bus)
    return described | ({"Description": bus.settings["Description"]} if "Description" in bus.settings else {})


def _described(bus: EventBus) -> dict[str, Any]:
    answer: dict[str, Any] = {"Name": bus.id.name, "Arn": bus.id.arn}
    if bus.policy:
        answer["Policy"] = bus.policy
    if bus.row:
        answer |= {"CreationTime": bus.created, "LastModifiedTime": bus.modified}
    return answer
