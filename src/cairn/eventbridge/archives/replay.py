"""A replay as it is saved, and the states that it goes through."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.archives.tables import replays
from cairn.eventbridge.event import BusId, partition
from cairn.eventbridge.listing import Place

STARTING = "STARTING"
RUNNING = "RUNNING"
CANCELLING = "CANCELLING"
CANCELLED = "CANCELLED"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
UNDER_WAY = (STARTING, RUNNING, CANCELLING)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """Events of an archive that are given to its bus again."""

    row: int
    bus: BusId
    name: str
    archive: int
    """Its row."""
    archive_arn: str
    event_start: float
    event_end: float
    """Between which the events' own times are, both included, in seconds since the epoch."""
    started: float
    description: str = ""
    rules: list[str] = []
    """ARNs of the only rules that may match; empty: all may."""
    state: str = STARTING
    reason: str = ""
    ended: float | None = None
    last_time: int | None = None
    """Of the event that was replayed last, in seconds since the epoch."""
    last_id: int | None = None
    """Its row."""

    @property
    def arn(self) -> str:
        return replay_arn(self.bus, self.name)

    def answered(self) -> dict[str, Any]:
        """What StartReplay and CancelReplay answer."""
        reason = {"StateReason": self.reason} if self.reason else {}
        return {"ReplayArn": self.arn, "State": self.state, **reason}

    def listed(self) -> dict[str, Any]:
        """Its entry in a list."""
        times = {"EventLastReplayedTime": self.last_time, "ReplayEndTime": self.ended}
        return {
            "ReplayName": self.name,
            "EventSourceArn": self.archive_arn,
            "State": self.state,
            **({"StateReason": self.reason} if self.reason else {}),
            "EventStartTime": self.event_start,
            "EventEndTime": self.event_end,
            "ReplayStartTime": self.started,
            **{name: time for name, time in times.items() if time is not None},
        }

    def described(self) -> dict[str, Any]:
        """What DescribeReplay answers."""
        rules = {"FilterArns": self.rules} if self.rules else {}
        return {
            "ReplayArn": self.arn,
            **self.listed(),
            **({"Description": self.description} if self.description else {}),
            "Destination": {"Arn": self.bus.arn, **rules},
        }


def replay_arn(bus: BusId, name: str) -> str:
    return f"arn:{partition(bus.region)}:events:{bus.region}:{bus.account}:replay/{name}"


_FIELDS = (
    "name",
    "archive",
    "archive_arn",
    "event_start",
    "event_end",
    "started",
    "description",
    "state",
    "reason",
    "ended",
    "last_time",
    "last_id",
)


def values(replay: Replay) -> dict[str, Any]:
    """The columns of a replay, but for its number."""
    place = {"account": replay.bus.account, "region": replay.bus.region, "bus": replay.bus.name}
    fields = {name: getattr(replay, name) for name in _FIELDS}
    return place | fields | {"rules": msgspec.json.encode(replay.rules).decode()}


def select(
    connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int | None = None, locked: bool = False
) -> list[Replay]:
    """Replays in the order of their names.

    Args:
        locked: whether nobody else may change them before the transaction ends.
    """
    found = sa.select(replays).where(*where).order_by(replays.c.name, replays.c.id).limit(limit)
    return [_read(row) for row in connection.execute(found.with_for_update() if locked else found)]


def at(place: Place) -> tuple[sa.ColumnElement[bool], ...]:
    """What is true of the replays of an account in a region."""
    return replays.c.account == place.account, replays.c.region == place.region


def _read(row: Any) -> Replay:
    fields = {name: getattr(row, name) for name in _FIELDS}
    bus = BusId(row.account, row.region, row.bus)
    return Replay(row=row.id, bus=bus, rules=msgspec.json.decode(row.rules), **fields)
