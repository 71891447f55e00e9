"""Log files: events a second from the journal into a bucket, and memory as the backlog grows.

    python benchmarks/delivery.py [--events 300000] [--folder DIR of genuine log files]
    python benchmarks/delivery.py --memory 5000000 [--selectors]

Rates are on one core but for the disk: reading and decoding of batches, selection, files, hashes, compression, spool
and saved state included; the journal's and the bucket's own work is not. The floor is what no delivery can do
without: decoding each batch, hashing and compressing the records in one go. The memory of a process is its largest
resident set, for backlogs of several sizes; `--memory` measures one alone. With selectors, half of the
events are data events, chosen by type and by ARN, for which every data event's record is decoded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from isal import isal_zlib

from cairn.cloudtrail.delivery import Delivery
from cairn.cloudtrail.logfile import GZIP_LEVEL
from cairn.cloudtrail.selectors import AdvancedSelector, FieldSelector
from cairn.cloudtrail.trail import TrailId, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core import config
from cairn.core.clock import SystemClock
from cairn.core.journal.batch import NO_DIGEST, decode, encode
from cairn.core.journal.journal import Bounds, JournalEntry
from cairn.core.records.event import Event, EventHeader, encode_record
from cairn.core.state import State, metadata

ACCOUNT = "111122223333"
BATCH_EVENTS = 100
EVENTS_A_SLOT = 100_000
BEGAN = 1_700_000_000
OBJECT = "AWS::S3::Object"
PLAIN = TrailSettings(bucket="logs")
SELECTING = TrailSettings(
    bucket="logs",
    advanced=(
        AdvancedSelector(fields=(FieldSelector(field="eventCategory", equals=("Management",)),)),
        AdvancedSelector(
            fields=(
                FieldSelector(field="eventCategory", equals=("Data",)),
                FieldSelector(field="resources.type", equals=(OBJECT,)),
                FieldSelector(field="resources.ARN", starts_with=("arn:aws:s3:::chosen/",)),
            )
        ),
    ),
)


class RepeatingJournal:
    """The same few batches again and again, decoded anew each time, as a journal of any length."""

    def __init__(self, events_once: list[Event], events: int) -> None:
        batches = [events_once[start : start + BATCH_EVENTS] for start in range(0, len(events_once), BATCH_EVENTS)]
        self.batches = [encode("w", "e", 1, "gateway", NO_DIGEST, batch) for batch in batches]
        self.count = events // BATCH_EVENTS

    def bounds(self) -> Bounds:
        return Bounds(1, self.count + 1)

    def read_from(self, position: int, *, bytes_max: int = 8 << 20, wait_s: float = 0.0) -> list[JournalEntry]:
        found: list[JournalEntry] = []
        size = 0
        while position <= self.count and (not found or size < bytes_max):
            data = self.batches[position % len(self.batches)]
            time_taken = BEGAN + position * BATCH_EVENTS * 300 / EVENTS_A_SLOT
            found.append(JournalEntry(position, time_taken, len(data), decode(data)[1]))
            size += len(data)
            position += 1
        return found


class Bottomless:
    """A bucket that takes everything."""

    def put(self, bucket: str, key: str, content: Path | bytes, **_options: object) -> None:
        assert not isinstance(content, bytes)
        content.read_bytes()


def event(record: bytes) -> Event:
    header = EventHeader(
        "0" * 36, ACCOUNT, "us-east-1", "Management", BEGAN, False, "ec2.amazonaws.com", "RunInstances"
    )
    return Event(header, record)


def with_data_events(found: list[Event]) -> list[Event]:
    """Every second event as a data event of an object, every other of which is in the bucket that is chosen."""
    changed = []
    for number, each in enumerate(found):
        if number % 2:
            header = EventHeader(
                "0" * 36, ACCOUNT, "us-east-1", "Data", BEGAN, True, "s3.amazonaws.com", "GetObject", types=(OBJECT,)
            )
            bucket = "chosen" if number % 4 == 1 else "another"
            resources = [{"type": OBJECT, "ARN": f"arn:aws:s3:::{bucket}/object-{number}"}]
            changed.append(Event(header, encode_record(each.parse() | {"resources": resources})))
        else:
            changed.append(each)
    return changed


def records(folder: Path | None) -> list[bytes]:
    """Genuine records, or some of about their size."""
    if folder is not None:
        files = sorted(folder.glob("*.json"))
        return [encode_record(record) for file in files for record in json.loads(file.read_bytes())["Records"]]
    text = [hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(3000)]
    return [
        encode_record({"eventID": part, "requestParameters": {"text": [part] * 8 + ["same"] * 60}}) for part in text
    ]


def deliver(found: list[Event], events: int, trails: Mapping[str, int], settings: TrailSettings = PLAIN) -> float:
    """Deliver a journal for so many trails of each account. Returns the seconds it took."""
    clock = SystemClock()
    journal = RepeatingJournal(found, events)
    with tempfile.TemporaryDirectory() as name:
        state = State.in_folder(Path(name))
        metadata.create_all(state.engine)
        store = Trails(state, RepeatingJournal(found, 0), clock)  # type: ignore[arg-type]  # only its bounds are asked for
        for account, count in trails.items():
            for number in range(count):
                trail = TrailId(account, "us-east-1", f"trail-{number}")
                store.create(trail, settings)
                store.start_logging(trail)
        delivery = Delivery(state, journal, Bottomless(), Path(name) / "spool", config.Delivery(), clock)  # type: ignore[arg-type]
        start = time.perf_counter()
        while delivery.step() == 0 or delivery.position <= journal.count:
            pass
        spent = time.perf_counter() - start
        delivery.close()
        state.close()
    return spent


def floor(found: list[Event], events: int) -> float:
    """Seconds that decoding, hashing and compressing take without anything else."""
    journal = RepeatingJournal(found, events)
    start = time.perf_counter()
    position = 1
    while position <= journal.count:
        entries = journal.read_from(position)
        position += len(entries)
        body = b",".join(event.record for entry in entries for event in entry.batch.events)
        hashlib.sha256(body)
        packer = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, 31)
        hashlib.sha256(packer.compress(body) + packer.flush())
    return time.perf_counter() - start


def peak_mb() -> int:
    """The most memory that this process held. getrusage would count what the parent held when it forked."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise OSError("the system does not tell")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--memory", type=int, help="measure the memory alone, with a backlog of so many events")
    parser.add_argument("--selectors", action="store_true", help="with --memory: choose data events by ARN")
    options = parser.parse_args()
    found = list(map(event, records(options.folder)))
    chosen = with_data_events(found)
    if options.memory:
        those, settings = (chosen, SELECTING) if options.selectors else (found, PLAIN)
        deliver(those, options.memory, {ACCOUNT: 1}, settings)
        print(peak_mb())
        return
    events = options.events
    size = sum(len(each.record) for each in found) // len(found)
    print(f"{len(found)} different records of {size} bytes, {events} events")
    print(f"floor                        {events / floor(found, events):>10,.0f} events/s")
    others = {f"{number:012}": 1 for number in range(200)}
    for name, trails, those, settings in (
        ("1 trail", {ACCOUNT: 1}, found, PLAIN),
        ("5 trails of one account", {ACCOUNT: 5}, found, PLAIN),
        ("1 trail and 200 idle", others | {ACCOUNT: 1}, found, PLAIN),
        ("1 trail, data events by ARN", {ACCOUNT: 1}, chosen, SELECTING),
    ):
        print(f"{name:<28} {events / deliver(those, events, trails, settings):>10,.0f} events/s")
    for size in (events // 10, events, events * 3):
        command = [sys.executable, __file__, "--memory", str(size)]
        command += ["--folder", str(options.folder)] if options.folder else []
        print(f"memory, backlog of {size:>9,} {subprocess.check_output(command, text=True).strip():>10} MB")


if __name__ == "__main__":
    main()
