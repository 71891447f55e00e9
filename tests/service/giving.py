"""Gives what a trail logs in a folder to its event buses; run by `test_event_sources_crash`, and killed there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.cloudtrail.generated import GeneratedJournal

from cairn.cloudtrail.event_delivery import EventDelivery
from cairn.core.clock import SystemClock
from cairn.core.state import State
from cairn.eventbridge.compiled import compile_patterns
from cairn.eventbridge.deliveries.outbox import owe
from cairn.eventbridge.event import BusEvent
from cairn.eventbridge.routing import Router
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schema import EVENTS
from cairn.service.event_sources import DefaultBuses

BATCHES = 600


def owe_all(connection: sa.Connection, rule: Rule, target: Target, event: BusEvent, now: float) -> None:
    owe(connection, rule, target, event.envelope, event, now)


def main(folder: Path) -> None:
    state, events = State.in_folder(folder), State.in_folder(folder, EVENTS)
    clock = SystemClock()
    journal: Any = GeneratedJournal(BATCHES)  # a journal that is only read
    buses = DefaultBuses(events, Router(events, clock, compile_patterns, owe_all))
    sink = EventDelivery(state, journal, buses, clock, wait_s=0.0)
    sink.step()
    while sink.position <= BATCHES:
        sink.step()
    events.close()
    state.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
