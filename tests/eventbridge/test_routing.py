"""Events are matched with the rules of their bus as they are at that moment, and what follows is stored at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from tests.eventbridge.naive_matcher import NaiveMatcher

from cairn.core.clock import TestClock
from cairn.core.state import State
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.buses.bus import EventBus
from cairn.eventbridge.event import BusEvent, BusId, envelope
from cairn.eventbridge.positions import Once
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules import rows as rules
from cairn.eventbridge.rules.rule import DISABLED, ENABLED_WITH_ALL, Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schema import EVENTS

BUS = BusId("111122223333", "eu-west-2")
ORDERS = msgspec.structs.replace(BUS, name="orders")
QUEUE = "arn:aws:sqs:eu-west-2:111122223333:q"
OF_SHOP = json.dumps({"source": ["shop"]})


def event(source: str = "shop", number: int = 0, *, withheld: bool = False, replay: str = "") -> BusEvent:
    id = f"00000000-0000-0000-0000-{number:012}"
    text = envelope(
        id=id,
        detail_type="ordered",
        source=source,
        account=BUS.account,
        time="2026-11-28T12:00:00Z",
        region=BUS.region,
        resources=[],
        detail=b"{}",
        replay=replay,
    )
    return BusEvent(
        id=id,
        source=source,
        detail_type="ordered",
        account=BUS.account,
        region=BUS.region,
        envelope=text,
        withheld=withheld,
        replay=replay,
    )


class House:
    """A router whose deliveries are rows of a table of the test's."""

    owed = sa.Table("test_owed", sa.MetaData(), *[sa.Column(name, sa.String) for name in ("rule", "target", "event")])

    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.state = State.in_folder(folder, EVENTS)
        self.state.migrate()
        self.owed.create(self.state.engine)
        self.taken: list[tuple[BusId, int]] = []
        self.compiled: list[int] = []
        self.router = self.another()

    def another(self, state: State | None = None) -> Router:
        return Router(state or self.state, self.clock, self._compile, self._owe, self._take)

    def rule(self, bus: BusId, name: str, *, pattern: str = OF_SHOP, state: str = "ENABLED", targets: int = 1) -> Rule:
        with self.state.write() as connection:
            found = buses.find_saved(connection, bus, 0.0) or buses.insert(connection, bus, {}, 0.0)
            old = rules.find(connection, found, name)
            new = Rule(row=old.row if old else 0, bus=bus, name=name, pattern=pattern, state=state)
            rule = rules.put(connection, found, new)
            rules.put_targets(connection, found, rule, [Target(id=f"t{n}", arn=QUEUE) for n in range(targets)])
        return rule

    def bus(self, bus: BusId) -> EventBus:
        with self.state.read() as connection:
            found = buses.find(connection, bus)
        assert found is not None
        return found

    def deliveries(self) -> list[tuple[str, str, str]]:
        with self.state.read() as connection:
            return sorted(tuple(row) for row in connection.execute(sa.select(self.owed)))

    def _compile(self, patterns: Mapping[int, str]) -> NaiveMatcher:
        self.compiled.append(len(patterns))
        return NaiveMatcher(patterns)

    def _owe(self, connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
        values = {"rule": rule.name, "target": target.id, "event": event.id[-2:]}
        connection.execute(sa.insert(self.owed).values(values))

    def _take(self, connection: sa.Connection, bus: BusId, events: Sequence[BusEvent], now: float) -> None:
        self.taken.append((bus, len(events)))


@pytest.fixture
def house(tmp_path: Path, clock: TestClock) -> Iterator[House]:
    house = House(tmp_path, clock)
    yield house
    house.state.close()


def test_every_target_of_every_rule_that_matches_is_owed_the_event(house: House) -> None:
    house.rule(BUS, "both", targets=2)
    house.rule(BUS, "other", pattern=json.dumps({"source": ["bank"]}))
    house.rule(BUS, "off", state=DISABLED)
    house.rule(ORDERS, "elsewhere")
    assert house.router.put(BUS, [event(number=1), event("bank", 2), event("nobody", 3)]) == 2
    assert house.deliveries() == [("both", "t0", "01"), ("both", "t1", "01"), ("other", "t0", "02")]


def test_a_bus_without_rules_and_one_that_does_not_exist_write_nothing(house: House) -> None:
    before = house.state.revision()
    assert house.router.put(BUS, [event()]) == 0
    assert house.router.put(ORDERS, [event()]) == 0
    assert house.state.revision() == before
    assert not house.router.interested(BUS.account, BUS.region)


def test_a_change_is_seen_by_the_next_event_whoever_made_it(house: House, tmp_path: Path) -> None:
    theirs = State.in_folder(tmp_path, EVENTS)
    other = house.another(theirs)
    assert other.put(BUS, [event()]) == 0
    house.rule(BUS, "a")
    assert other.put(BUS, [event()]) == 1
    house.rule(BUS, "a", state=DISABLED)
    assert other.put(BUS, [event()]) == 0
    house.rule(BUS, "a", pattern=json.dumps({"source": ["bank"]}))
    assert other.put(BUS, [event(), event("bank")]) == 1
    house.rule(BUS, "a", targets=2)
    with theirs.write() as connection:
        bus = buses.find(connection, BUS)
        assert bus is not None
        rule = rules.find(connection, bus, "a")
        assert rule is not None
        rules.delete(connection, bus, rule)
    assert house.router.put(BUS, [event()]) == 0
    theirs.close()


def test_rules_are_compiled_once_for_each_change(house: House) -> None:
    house.rule(BUS, "a")
    for number in range(5):  # each writes deliveries, so that the database changes
        house.router.put(BUS, [event(number=number)])
    house.rule(ORDERS, "b")
    house.router.put(BUS, [event()])
    assert house.compiled == [1]


def test_a_source_that_has_a_position_gives_each_event_once(house: House) -> None:
    house.rule(BUS, "a")
    assert house.router.put(BUS, [event(number=1)], once=Once("journal", 7)) == 1
    assert house.router.put(BUS, [event(number=1)], once=Once("journal", 7)) == 0
    assert house.router.put(BUS, [event("nobody", 2)], once=Once("journal", 9)) == 0
    assert house.router.position_of("journal") == 9
    assert house.deliveries() == [("a", "t0", "01")]


def test_what_fails_leaves_neither_deliveries_nor_a_position(house: House) -> None:
    house.rule(BUS, "a", targets=2)
    told: list[str] = []

    def fail(connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
        if told:
            raise RuntimeError("disk full")
        told.append(target.id)
        house._owe(connection, rule, target, event, now)

    broken = Router(house.state, house.clock, NaiveMatcher, fail)
    with pytest.raises(RuntimeError):
        broken.put(BUS, [event()], once=Once("journal", 3))
    assert house.deliveries() == []
    assert house.router.position_of("journal") == 0


def test_withheld_events_are_for_rules_that_ask_for_them(house: House) -> None:
    house.rule(BUS, "usual")
    assert not house.router.interested_in_withheld(BUS.account, BUS.region)
    assert house.router.put(BUS, [event(withheld=True)]) == 0
    house.rule(BUS, "all", state=ENABLED_WITH_ALL)
    assert house.router.interested_in_withheld(BUS.account, BUS.region)
    assert house.router.put(BUS, [event(number=1, withheld=True), event(number=2)]) == 3
    assert house.deliveries() == [("all", "t0", "01"), ("all", "t0", "02"), ("usual", "t0", "02")]


def test_a_replay_may_be_for_some_rules_only(house: House) -> None:
    wanted = house.rule(BUS, "a")
    house.rule(BUS, "b")
    assert house.router.put(BUS, [event(replay="again")], rules=[wanted.arn]) == 1
    assert house.router.put(BUS, [event(replay="again")], rules=[]) == 0


def test_archives_take_what_their_bus_gets_whether_a_rule_matches_or_not(house: House) -> None:
    house.rule(BUS, "a", state=DISABLED)
    with house.state.write() as connection:
        buses.count_archives(connection, house.bus(BUS).row, 1)
    assert house.router.interested(BUS.account, BUS.region)
    house.router.put(BUS, [event(), event("bank")])
    house.router.put(ORDERS, [event()])
    assert house.taken == [(BUS, 2)]


def test_a_schedule_fires_without_matching(house: House) -> None:
    rule = house.rule(BUS, "nightly", pattern="", targets=2)
    with house.state.write() as connection:
        house.router.fire(connection, rule, event("aws.events", 4))
    assert house.deliveries() == [("nightly", "t0", "04"), ("nightly", "t1", "04")]
    assert not house.router.interested(BUS.account, BUS.region)


def test_several_threads_and_processes_put_at_once(house: House, tmp_path: Path) -> None:
    house.rule(BUS, "a")
    states = [State.in_folder(tmp_path, EVENTS) for _ in range(2)]
    routers = [house.another(state) for state in states for _ in range(2)]

    def work(router: Router) -> None:
        for number in range(20):
            router.put(BUS, [event(number=number)])

    threads = [threading.Thread(target=work, args=(router,)) for router in routers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(house.deliveries()) == 80
    for state in states:
        state.close()


def test_only_so_many_rules_are_held_in_memory(house: House) -> None:
    names = [msgspec.structs.replace(BUS, name=f"bus-{number}") for number in range(4)]
    for number, bus in enumerate(names):
        for rule in range(number):
            house.rule(bus, f"r{rule}")
    compiled = house.router._compiled
    compiled._held_max = 6
    for bus in names * 2:
        assert house.router.put(bus, [event()]) == names.index(bus)
        assert compiled._weight == sum(held.weight for _, held in compiled._held.values()) <= 6
    assert list(compiled._held) == [names[3]]
    compiled._held_max = 2
    assert house.router.put(names[3], [event()]) == 3
    assert list(compiled._held) == [names[3]]
