"""The process that gives events to buses is killed at named points: what it owes to targets is each event, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.cloudtrail.generated import ACCOUNTS, REGIONS, GeneratedJournal
from tests.service import giving

from cairn.cloudtrail.trail import TrailId, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import SystemClock
from cairn.core.state import State, metadata
from cairn.eventbridge import positions
from cairn.eventbridge.buses import rows as buses
from cairn.eventbridge.deliveries.tables import deliveries
from cairn.eventbridge.event import BusId
from cairn.eventbridge.positions import Once
from cairn.eventbridge.rules import rows as rules
from cairn.eventbridge.rules.rule import Rule
from cairn.eventbridge.rules.target import Target
from cairn.eventbridge.schema import EVENTS
from cairn.service.event_sources import JOURNAL

pytestmark = pytest.mark.engine  # half a dozen processes

ACCOUNT = ACCOUNTS[0]


def prepare(folder: Path) -> None:
    """A trail that logs from the journal's beginning, and rules that nothing was given to yet."""
    state, events = State.in_folder(folder), State.in_folder(folder, EVENTS)
    metadata.create_all(state.engine)
    events.migrate()
    nothing_yet: Any = GeneratedJournal(0)
    trails = Trails(state, nothing_yet, SystemClock())
    trail = TrailId(ACCOUNT, "us-east-1", "all")
    trails.create(trail, TrailSettings(bucket="logs", multi_region=True))
    trails.start_logging(trail)
    with events.write() as connection:
        positions.place(connection, Once(JOURNAL, 1))
        for region in REGIONS:
            bus = buses.find_saved(connection, BusId(ACCOUNT, region), 0.0)
            assert bus is not None
            new = Rule(row=0, bus=bus.id, name="r", pattern=json.dumps({"source": ["aws.ec2"]}))
            rule = rules.put(connection, bus, new)
            rules.put_targets(connection, bus, rule, [Target(id="queue", arn="arn:aws:sqs:us-east-1:1:q")])
    state.close()
    events.close()


def test_every_event_is_owed_once(tmp_path: Path) -> None:
    prepare(tmp_path)
    for armed in ("events.gathered=kill@1", "events.given=kill@1", "events.given=kill@2", "events.gathered=kill@3"):
        environment = os.environ | {"FAILPOINTS": armed, "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.run([sys.executable, giving.__file__, tmp_path], env=environment, timeout=120)
        assert process.returncode == -signal.SIGKILL
    giving.main(tmp_path)
    expected = [
        event.header.id
        for entry in GeneratedJournal(giving.BATCHES).read_from(1, bytes_max=1 << 30)
        for event in entry.batch.events
        if event.header.category == "Management" and event.header.account == ACCOUNT
    ]
    events = State.in_folder(tmp_path, EVENTS)
    with events.read() as connection:
        owed = connection.scalars(sa.select(deliveries.c.envelope)).all()
    events.close()
    assert sorted(json.loads(each)["detail"]["eventID"] for each in owed) == sorted(expected)
