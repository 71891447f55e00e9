"""Archives of a database of the test's, behind a router whose deliveries are a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from tests.eventbridge.calls import ACCOUNT, REGION, Calls

from cairn.core.clock import TestClock, iso_seconds, utc
from cairn.core.state import State
from cairn.eventbridge.archives.archives import Archives
from cairn.eventbridge.archives.keeping import Keeper
from cairn.eventbridge.archives.operations import ArchiveOperations
from cairn.eventbridge.archives.replaying import Replayer
from cairn.eventbridge.archives.replays import Replays
from cairn.eventbridge.archives.tables import archived
from cairn.eventbridge.archives.taking import Taker
from cairn.eventbridge.compiled import compile_patterns
from cairn.eventbridge.event import BusEvent, BusId, envelope
from cairn.eventbridge.operations import operations
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schema import EVENTS

BUS = BusId(ACCOUNT, REGION)
ORDERS = BusId(ACCOUNT, REGION, "orders")
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"

owed = sa.Table("test_owed", sa.MetaData(), *[sa.Column(name, sa.String) for name in ("rule", "event")])


class Rig(Calls):
    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.state = State.in_folder(folder, EVENTS)
        EVENTS.metadata.create_all(self.state.engine)
        owed.create(self.state.engine, checkfirst=True)
        self.clock = clock
        self.router = Router(self.state, clock, compile_patterns, _owe, Taker(compile_patterns).take)
        self.keeper = Keeper(self.state, clock)
        self.replayer = Replayer(self.state, self.router, clock)
        archives = ArchiveOperations(Archives(self.state, clock), Replays(self.state, clock))
        super().__init__(operations(self.state, clock, self.router) | archives.operations())

    def archive(self, name: str = "a", bus: BusId = BUS, **settings: Any) -> str:
        """A new archive. Returns its ARN."""
        made = self.call("CreateArchive", ArchiveName=name, EventSourceArn=bus.arn, **settings)
        return str(made["ArchiveArn"])

    def put(self, *events: BusEvent, bus: BusId = BUS) -> None:
        self.router.put(bus, events)

    def event(self, number: int = 0, *, ago_s: float = 0.0, source: str = "shop", **more: Any) -> BusEvent:
        """An event of so many seconds ago."""
        return event(number, self.clock.now() - ago_s, source=source, **more)

    def rule(self, name: str, bus: BusId = BUS, **pattern: Any) -> str:
        """A rule with a target. Returns its ARN."""
        text = msgspec.json.encode(pattern or {"source": ["shop"]}).decode()
        arn = self.call("PutRule", Name=name, EventBusName=bus.name, EventPattern=text)["RuleArn"]
        self.call("PutTargets", Rule=name, EventBusName=bus.name, Targets=[{"Id": "t", "Arn": QUEUE}])
        return str(arn)

    def replay(self, archive: str, name: str = "r", bus: BusId = BUS, **more: Any) -> dict[str, Any]:
        """Start a replay of all that an archive holds, unless `more` says otherwise."""
        times = as_times({"EventStartTime": self.clock.now() - 1e6, "EventEndTime": self.clock.now()})
        rules = {"FilterArns": more.pop("rules")} if "rules" in more else {}
        given = {"ReplayName": name, "EventSourceArn": archive, "Destination": {"Arn": bus.arn} | rules}
        return self.call("StartReplay", **(given | times | more))

    def run(self) -> None:
        """Carry out all replays."""
        for _ in range(1000):
            if self.replayer.step() >= 0.5:
                return
        raise AssertionError("a replay does not end")

    def held(self) -> list[tuple[int, bytes]]:
        """Archives and what they hold, by row."""
        with self.state.read() as connection:
            columns = sa.select(archived.c.archive, archived.c.packed).order_by(archived.c.id)
            return [(row.archive, row.packed) for row in connection.execute(columns)]

    def owed(self) -> list[tuple[str, dict[str, Any]]]:
        """Rules and the events that their targets are owed, in order."""
        with self.state.read() as connection:
            rows = list(connection.execute(sa.select(owed.c.rule, owed.c.event)))
        return [(row.rule, msgspec.json.decode(row.event)) for row in rows]

    def state_of(self, name: str = "r") -> str:
        return str(self.call("DescribeReplay", ReplayName=name)["State"])

    def close(self) -> None:
        self.state.close()


def event(
    number: int, time: float, *, source: str = "shop", withheld: bool = False, replay: str = "", filler: int = 0
) -> BusEvent:
    id = f"00000000-0000-0000-0000-{number:012}"
    text = envelope(
        id=id,
        detail_type="ordered",
        source=source,
        account=ACCOUNT,
        time=iso_seconds(time),
        region=REGION,
        resources=["arn:x"],
        detail=b'{"n": %d, "filler": "%s"}' % (number, b"x" * filler),
        replay=replay,
    )
    parts = {"source": source, "detail_type": "ordered", "account": ACCOUNT, "region": REGION}
    return BusEvent(id=id, envelope=text, withheld=withheld, replay=replay, **parts)


def as_times(given: dict[str, float]) -> dict[str, Any]:
    """Seconds as the gateway reads them."""
    return {name: utc(seconds) for name, seconds in given.items()}


def _owe(connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
    connection.execute(sa.insert(owed).values(rule=rule.name, event=event.envelope.decode()))
