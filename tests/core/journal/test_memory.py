"""What the memory journal has beyond the contract: faults that tests switch on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from cairn.core.clock import TestClock
from cairn.core.journal.journal import JournalBusy, JournalFull, JournalUnavailable
from cairn.core.journal.memory import Fault, MemoryAppender, MemoryJournal
from cairn.core.records.event import Event

MakeEvent = Callable[..., Event]


def test_full_and_unavailable_store_nothing(event: MakeEvent) -> None:
    journal = MemoryJournal()
    for fault, error in ((Fault.FULL, JournalFull), (Fault.UNAVAILABLE, JournalUnavailable)):
        journal.fault = fault
        with pytest.raises(error):
            journal.append([event()], origin="import")
        journal.fault = None
        assert journal.bounds().next == 1


def test_unavailable_cannot_be_read() -> None:
    journal = MemoryJournal()
    journal.fault = Fault.UNAVAILABLE
    with pytest.raises(JournalUnavailable):
        journal.read_from(1)


def test_a_lost_ack_is_stored_once_when_the_same_events_come_again(event: MakeEvent) -> None:
    journal = MemoryJournal()
    one, two = event(), event()
    journal.fault = Fault.LOST_ACK
    with pytest.raises(JournalUnavailable):
        journal.append([one], origin="import")
    journal.fault = None
    assert journal.append([two], origin="import") == 2
    assert journal.append([one], origin="import") == 1
    assert journal.append([two], origin="import") == 3, "known batches are no repeats"


def test_busy_is_the_appender_alone(event: MakeEvent) -> None:
    journal = MemoryJournal()
    journal.fault = Fault.BUSY
    with pytest.raises(JournalBusy):
        asyncio.run(MemoryAppender(journal).append([event()]))
    assert journal.append([event()], origin="import") == 1


def test_waiting_takes_a_test_clocks_time(clock: TestClock) -> None:
    before = clock.now()
    assert MemoryJournal(clock=clock).read_from(1, wait_s=30) == []
    assert clock.now() == before + 30


def test_entries_have_the_clocks_time(clock: TestClock, event: MakeEvent) -> None:
    journal = MemoryJournal(clock=clock)
    journal.append([event()], origin="import")
    assert journal.read_from(1)[0].time == clock.now()


def test_damage_and_loss_are_found_and_passed_over(event: MakeEvent) -> None:
    journal = MemoryJournal()
    for _ in range(6):
        journal.append([event()], origin="import")
    journal.damage(2)
    journal.lose(4)
    assert [entry.position for entry in journal.read_from(1)] == [1, 3, 5, 6]
    assert [(fault.position, fault.kind) for fault in journal.faults.recent()] == [
        (2, "damaged"),
        (4, "hole"),
    ]
