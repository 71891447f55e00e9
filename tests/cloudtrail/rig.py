"""A delivery with everything around it in memory but the saved state, under a test clock."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from cairn.cloudtrail.check import check_delivered
from cairn.cloudtrail.delivery import Delivery
from cairn.cloudtrail.flush import Flushes
from cairn.cloudtrail.logfile import read_log_file, slot_end
from cairn.cloudtrail.trail import Trail, TrailId, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core import config
from cairn.core.clock import TestClock, iso_seconds
from cairn.core.journal.memory import MemoryJournal
from cairn.core.memory_objects import MemoryObjectStore
from cairn.core.records.event import Event, EventHeader, Kind, encode_record
from cairn.core.state import State, metadata

ACCOUNT = "111122223333"
STEPS_MAX = 10_000


class Rig:
    """One installation's trails and their delivery. `settings` are those of the next `restart`."""

    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.folder = folder
        self.state = State.in_folder(folder)
        metadata.create_all(self.state.engine)
        self.journal = MemoryJournal(clock=clock)
        self.store: Any = MemoryObjectStore("logs", "other-logs", clock=clock)
        self.trails = Trails(self.state, self.journal, clock)
        self.flushes = Flushes(self.state, self.journal, clock)
        self.settings = config.Delivery()
        self.delivery = self._delivery()

    def _delivery(self) -> Delivery:
        return Delivery(self.state, self.journal, self.store, self.folder / "spool", self.settings, self.clock)

    def restart(self) -> None:
        """Another process takes over."""
        self.delivery.close()
        self.delivery = self._delivery()

    def event(self, name: str = "RunInstances", /, **header: Any) -> Event:
        facts: dict[str, Any] = {
            "account": ACCOUNT,
            "region": "us-east-1",
            "category": "Management",
            "time": int(self.clock.now()),
            "read_only": False,
            "source": "ec2.amazonaws.com",
            "kind": Kind.EVENT,
        }
        facts |= header
        ident = str(uuid.uuid4())
        record = {
            "eventVersion": "1.11",
            "eventTime": iso_seconds(facts["time"]),
            "eventSource": facts["source"],
            "eventName": name,
            "awsRegion": facts["region"],
            "eventID": ident,
            "readOnly": facts["read_only"],
            "recipientAccountId": facts["account"],
            "requestParameters": {"text": "ü" * 20},
        }
        return Event(EventHeader(id=ident, name=name, **facts), encode_record(record))

    def record(self, *events: Event, origin: str = "gateway") -> list[Event]:
        """Append events (one, if none is given) to the journal as one batch."""
        batch = list(events) or [self.event()]
        self.journal.append(batch, origin=origin)
        return batch

    def trail(
        self,
        name: str = "main",
        region: str = "us-east-1",
        account: str = ACCOUNT,
        *,
        start: bool = True,
        **settings: Any,
    ) -> Trail:
        """A new trail, which logs."""
        trail = TrailId(account, region, name)
        self.trails.create(trail, TrailSettings(**{"bucket": "logs"} | settings))
        if start:
            self.trails.start_logging(trail)
        return self.trails.get(trail)

    def work(self) -> None:
        """Step until there is nothing to do now."""
        for _ in range(STEPS_MAX):
            if self.delivery.step() > 0:
                return
        raise AssertionError("delivery never rests")

    def deliver(self) -> None:
        """Let the collection slot end, and deliver."""
        self.clock.advance(slot_end(self.clock.now(), self.settings.interval) - self.clock.now())
        self.work()

    def files(self, bucket: str = "logs") -> dict[str, list[bytes]]:
        """The records of every log file of a bucket, by key."""
        return {key: read_log_file(stored.content) for key, stored in self.store.content(bucket).items()}

    def records(self, bucket: str = "logs") -> list[bytes]:
        return [record for records in self.files(bucket).values() for record in records]

    def check(self) -> None:
        """Every event in exactly one file, and nothing else."""
        assert check_delivered(self.state, self.journal, self.store).problems == []

    def status(self, trail: Trail, region: str = "us-east-1") -> dict[str, Any]:
        return self.trails.status(self.trails.get(trail.id), region)
