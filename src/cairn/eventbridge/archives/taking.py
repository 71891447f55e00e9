"""What archives take of the events that reach their bus, in the transaction of whoever has them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from cairn.eventbridge.archives import packing, rows
from cairn.eventbridge.archives.tables import archived
from cairn.eventbridge.compiled import Compile, Matcher
from cairn.eventbridge.event import BusEvent, BusId

BUSES_MAX = 512
"""Buses whose archives' patterns are held in memory at once, those used last."""


class Taker:
    """One a process; used by many threads.

    Args:
        compile_patterns: of checked patterns, by the row of the archive.
    """

    def __init__(self, compile_patterns: Compile) -> None:
        self._compile = compile_patterns
        self._lock = threading.Lock()
        self._held: OrderedDict[BusId, tuple[dict[int, str], Matcher]] = OrderedDict()

    def take(self, connection: sa.Connection, bus: BusId, events: Sequence[BusEvent], now: float) -> None:
        """Store the events that archives of a bus want, once for each of them.

        Replays are not archived again, nor is what is withheld from usual rules.

        Args:
            now: seconds since the epoch.
        """
        wanted = [event for event in events if not event.replay and not event.withheld]
        if not wanted:
            return
        patterns = {archive.row: archive.pattern for archive in rows.select(connection, *rows.of_bus(bus))}
        of_all = [row for row, pattern in patterns.items() if not pattern]
        matcher = self._matcher(bus, {row: pattern for row, pattern in patterns.items() if pattern})
        taken = []
        for event in wanted:
            takers = [*of_all, *(matcher.match(event.parse()) if matcher is not None else ())]
            if takers:
                kept = msgspec.structs.asdict(packing.pack(event))
                taken += [{"archive": row, "taken": now, **kept} for row in takers]
        if taken:
            connection.execute(sa.insert(archived), taken)

    def _matcher(self, bus: BusId, patterns: dict[int, str]) -> Matcher | None:
        if not patterns:
            return None
        with self._lock:
            held = self._held.get(bus)
        if held is None or held[0] != patterns:
            held = (patterns, self._compile(patterns))
        with self._lock:
            self._held[bus] = held
            self._held.move_to_end(bus)
            while len(self._held) > BUSES_MAX:
                self._held.popitem(last=False)
        return held[1]
