"""Trimming: what every sink has and is old enough leaves, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from cairn.core.clock import TestClock
from cairn.core.journal.memory import MemoryJournal
from cairn.core.journal.trimming import Trimmer
from cairn.core.records.event import Event

MakeEvent = Callable[..., Event]


@given(
    pauses=st.lists(st.floats(0, 100), max_size=30),
    positions=st.lists(st.integers(1, 31), max_size=3),
    keep_s=st.floats(0, 500),
)
def test_exactly_what_all_have_and_is_old_leaves(pauses: list[float], positions: list[int], keep_s: float) -> None:
    clock = TestClock()
    journal = MemoryJournal(clock=clock)
    for pause in pauses:
        journal.append([], origin="import")
        clock.advance(pause)
    times = {entry.position: entry.time for entry in journal.read_from(1)}
    Trimmer(journal, lambda: positions, clock, keep_s=keep_s).step()
    passed = min(positions, default=1)
    kept = {p for p, time in times.items() if p >= passed or time >= clock.now() - keep_s}
    assert {entry.position for entry in journal.read_from(1)} == kept


def test_holes_do_not_stop_it(event: MakeEvent, clock: TestClock) -> None:
    journal = MemoryJournal(clock=clock)
    for _ in range(9):
        journal.append([event()], origin="import")
    for position in (1, 5, 9):
        journal.lose(position)
    clock.advance(10)
    Trimmer(journal, lambda: [10], clock, keep_s=5).step()
    assert journal.bounds().first >= 9
