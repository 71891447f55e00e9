"""From an event to what is owed to targets: the one way in, whoever has the event.

There is no table of events: in one transaction an event is matched with the rules of its bus, what each matching rule's
targets are owed is stored, archives take it, and the position of where it came from moves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import sqlalchemy as sa

from cairn.core.clock import Clock
from cairn.core.state import State
from cairn.eventbridge import positions
from cairn.eventbridge.compiled import Compile, CompiledBus, CompiledBuses
from cairn.eventbridge.event import BusEvent, BusId
from cairn.eventbridge.positions import Once
from cairn.eventbridge.rules import rows as rows_of_rules
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target

Matched = list[tuple[Rule, list[Target]]]


class Owe(Protocol):
    """Stores that a target is owed an event, in the form that its input settings give it."""

    def __call__(self, connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None: ...


class Take(Protocol):
    """Has the archives of a bus take in events, those that each of them wants."""

    def __call__(self, connection: sa.Connection, bus: BusId, events: Sequence[BusEvent], now: float) -> None: ...


class Count(Protocol):
    """Counts what rules an event matched, for metrics."""

    def __call__(self, connection: sa.Connection, bus: BusId, matched: Sequence[Matched], now: float) -> None: ...


class Router:
    """One a process; used by many threads.

    Args:
        take, count: None: there are no archives, no metrics.
    """

    def __init__(
        self,
        state: State,
        clock: Clock,
        compile_rules: Compile,
        owe: Owe,
        take: Take | None = None,
        count: Count | None = None,
    ) -> None:
        self._state = state
        self._clock = clock
        self._compiled = CompiledBuses(state, compile_rules)
        self._owe = owe
        self._take = take
        self._count = count

    def put(
        self,
        bus: BusId,
        events: Sequence[BusEvent],
        *,
        once: Once | None = None,
        rules: Collection[str] | None = None,
    ) -> int:
        """Take in events that reached a bus. What they lead to is durable when it returns.

        Args:
            once: take them in only if their source was not read up to there before.
            rules: ARNs of the only rules that may match; None: all.

        Returns:
            How often a rule matched. 0 where there is no such bus: its events are dropped.
        """
        return self.put_all({bus: events}, once=once, rules=rules)

    def put_all(
        self,
        events: Mapping[BusId, Sequence[BusEvent]],
        *,
        once: Once | None = None,
        rules: Collection[str] | None = None,
    ) -> int:
        """`put` for several buses: all of it is taken in, or nothing."""
        looked = {bus: self._compiled.look(bus) for bus in events}
        matched = {bus: _match(looked[bus], given, rules) for bus, given in events.items()}
        kept = any(looked[bus].archives and any(map(_may_be_kept, given)) for bus, given in events.items())
        if once is None and not kept and not any(any(found) for found in matched.values()):
            return 0
        with self._state.write() as connection:
            if once is not None and not positions.move(connection, once):
                return 0
            now = self._clock.now()
            return sum(
                self._put(connection, bus, given, rules, now, looked[bus], matched[bus])
                for bus, given in events.items()
            )

    def put_within(
        self,
        connection: sa.Connection,
        bus: BusId,
        events: Sequence[BusEvent],
        *,
        once: Once | None = None,
        rules: Collection[str] | None = None,
    ) -> int:
        """`put` within somebody's transaction that writes."""
        if once is not None and not positions.move(connection, once):
            return 0
        self._compiled.look(bus)  # what a transaction sees may never come to be, so it is not held
        return self._put(connection, bus, events, rules, self._clock.now())

    def fire(self, connection: sa.Connection, rule: Rule, event: BusEvent) -> None:
        """Owe a rule's targets an event that nothing was matched for, within somebody's transaction: a schedule's."""
        now = self._clock.now()
        targets = rows_of_rules.targets_of(connection, rule)
        self._deliver(connection, event, [(rule, targets)], now)
        if self._count is not None:
            self._count(connection, rule.bus, [[(rule, targets)]], now)

    def interested(self, account: str, region: str) -> bool:
        """Whether any event of a default bus could have an effect: it has an enabled rule with a pattern, or an
        archive."""
        return not self._compiled.look(BusId(account, region)).is_deaf

    def interested_in_withheld(self, account: str, region: str) -> bool:
        """The same of events that are withheld from rules that do not ask for them."""
        return self._compiled.look(BusId(account, region)).sees_withheld

    def position_of(self, source: str) -> int:
        """Up to where a source was read; 0 where it never was."""
        with self._state.read() as connection:
            return positions.position_of(connection, source)

    def _put(
        self,
        connection: sa.Connection,
        bus: BusId,
        events: Sequence[BusEvent],
        rules: Collection[str] | None,
        now: float,
        looked: CompiledBus | None = None,
        matched: Sequence[Matched] = (),
    ) -> int:
        compiled = self._compiled.look_within(connection, bus)
        if compiled is not looked:  # a rule has changed in between
            matched = _match(compiled, events, rules)
        for event, found in zip(events, matched, strict=True):
            self._deliver(connection, event, found, now)
        if compiled.archives and self._take is not None:
            self._take(connection, bus, events, now)
        if self._count is not None and any(matched):
            self._count(connection, bus, matched, now)
        return sum(map(len, matched))

    def _deliver(self, connection: sa.Connection, event: BusEvent, matched: Matched, now: float) -> None:
        for rule, targets in matched:
            for target in targets:
                self._owe(connection, rule, target, event, now)


def _may_be_kept(event: BusEvent) -> bool:
    """Whether archives may want an event: not what is replayed, nor what is withheld."""
    return not event.replay and not event.withheld


def _match(compiled: CompiledBus, events: Sequence[BusEvent], rules: Collection[str] | None) -> list[Matched]:
    return [compiled.match(event, rules) for event in events]
