"""The rules of buses, made ready to match."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from cairn.core.state import State
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.event import BusEvent, BusId
from cairn.eventbridge.patterns import InvalidEventPattern, compile_rules, parse_pattern
from cairn.eventbridge.rules import rows as rules
from cairn.eventbridge.rules.rule import DISABLED, ENABLED_WITH_ALL, Rule
from cairn.eventbridge.rules.tables import rules as table
from cairn.eventbridge.rules.target import Target

HELD_MAX = 5_000
"""Rules, and buses, that are held in memory at once: those of the buses used last."""

log = logging.getLogger(__name__)


class Matcher(Protocol):
    """Patterns of many rules, by their rows; `patterns.compile_rules` makes it. Many threads match with it at once."""

    def match(self, event: Mapping[str, Any]) -> set[int]: ...


class Compile(Protocol):
    """From pattern texts to a matcher. One that cannot be read is left out."""

    def __call__(self, patterns: Mapping[int, str]) -> Matcher: ...


def compile_patterns(patterns: Mapping[int, str]) -> Matcher:
    """The matcher of AWS's event patterns."""
    parsed = {}
    for row, text in patterns.items():
        try:
            parsed[row] = parse_pattern(text)
        except InvalidEventPattern as error:  # it was read when it was put
            log.error("the pattern of the rule with the number %d matches nothing: %s", row, error.message)
    return compile_rules(parsed)


class CompiledBus(msgspec.Struct, frozen=True):
    """The enabled rules of a bus with their targets, as they stood at a revision."""

    row: int
    revision: int
    archives: int
    rules: dict[int, tuple[Rule, list[Target]]] = {}
    """By row."""
    matcher: Matcher | None = None
    """None: no rule has a pattern."""
    sees_withheld: bool = False
    """Whether any rule is told of withheld events."""

    @property
    def weight(self) -> int:
        """What it counts for in memory."""
        return 1 + len(self.rules)

    @property
    def is_deaf(self) -> bool:
        """Whether no event can have any effect here."""
        return self.matcher is None and not self.archives

    def match(self, event: BusEvent, only: Collection[str] | None = None) -> list[tuple[Rule, list[Target]]]:
        """The rules that an event matches, in the order of their making.

        Args:
            only: ARNs of the rules that may; None: all.
        """
        if self.matcher is None or (event.withheld and not self.sees_withheld):
            return []
        found = [self.rules[row] for row in sorted(self.matcher.match(event.parse()))]
        return [
            (rule, targets)
            for rule, targets in found
            if (not event.withheld or rule.state == ENABLED_WITH_ALL) and (only is None or rule.arn in only)
        ]


NOTHING = CompiledBus(row=0, revision=0, archives=0)


class CompiledBuses:
    """Compiles rules of buses when they are asked for, and again once they have changed. For many threads."""

    def __init__(self, state: State, compile_rules: Compile, *, held_max: int = HELD_MAX) -> None:
        self._state = state
        self._compile = compile_rules
        self._held_max = held_max
        self._weight = 0
        self._lock = threading.Lock()
        self._held: OrderedDict[BusId, tuple[int, CompiledBus]] = OrderedDict()  # with the database's revision

    def look(self, bus: BusId) -> CompiledBus:
        """The rules of a bus as they are now; next to nothing where nothing was written since. `NOTHING` for a bus that
        does not exist."""
        revision = self._state.revision()
        with self._lock:
            held = self._held.get(bus)
            if held is not None and held[0] == revision:
                self._held.move_to_end(bus)
                return held[1]
        with self._state.read() as connection:
            found = self.look_within(connection, bus)
        self._hold(bus, revision, found)  # asked before it was read: what was written in between is read again
        return found

    def look_within(self, connection: sa.Connection, bus: BusId) -> CompiledBus:
        """The rules of a bus as a transaction sees them."""
        found = buses.find(connection, bus)
        if found is None or not found.row:
            return NOTHING
        with self._lock:
            _, held = self._held.get(bus, (0, NOTHING))
        if held.row == found.row and held.revision == found.revision:
            return held
        return self._compiled(connection, found.row, found.revision, found.archives)

    def _compiled(self, connection: sa.Connection, row: int, revision: int, archives: int) -> CompiledBus:
        enabled = rules.select(connection, table.c.bus == row, table.c.state != DISABLED, table.c.pattern != "")
        targets = rules.targets_by_rule(connection, [rule.row for rule in enabled])
        return CompiledBus(
            row=row,
            revision=revision,
            archives=archives,
            rules={rule.row: (rule, targets.get(rule.row, [])) for rule in enabled},
            matcher=self._compile({rule.row: rule.pattern for rule in enabled}) if enabled else None,
            sees_withheld=any(rule.state == ENABLED_WITH_ALL for rule in enabled),
        )

    def _hold(self, bus: BusId, revision: int, found: CompiledBus) -> None:
        with self._lock:
            _, before = self._held.pop(bus, (0, None))
            self._held[bus] = (revision, found)
            self._weight += found.weight - (before.weight if before is not None else 0)
            while self._weight > self._held_max and len(self._held) > 1:
                _, (_, gone) = self._held.popitem(last=False)
                self._weight -= gone.weight
