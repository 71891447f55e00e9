"""Durable intake in batches of 100 against its floor: records parsed and appended to a file with an fsync a batch.

python benchmarks/journal.py [PATH of a folder with genuine log files] [--seconds N]

Both sides get the same records as JSON text, parse them, and make each batch durable before the next. The ratio is
what matters; the rates are this machine's. Rounds alternate, so that both see the same noise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec

from cairn.core.config import Settings
from cairn.core.journal.appender import NatsAppender
from cairn.core.journal.engine import JournalEngine
from cairn.core.journal.nats import NatsJournal
from cairn.core.records.event import Event, encode_record
from cairn.core.records.parse import event_from_record

BATCH_EVENTS = 100
ROUNDS = 5


def synthetic() -> dict[str, Any]:
    """A record of the usual size, where no genuine ones are given."""
    return {
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/a"},
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "CreateBucket",
        "awsRegion": "us-east-1",
        "requestParameters": {f"parameter{n}": "v" * 30 for n in range(20)},
        "responseElements": None,
        "eventID": "0a1b2c3d-0000-4000-8000-000000000000",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    }


def genuine(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.rglob("*.json")):
        yield from json.loads(file.read_bytes())["Records"]


def batches(lines: list[bytes]) -> Iterator[list[bytes]]:
    endless = cycle(lines)
    while True:
        yield list(islice(endless, BATCH_EVENTS))


def timed(intake: Callable[[list[bytes]], object], source: Iterator[list[bytes]], seconds: float) -> float:
    """Events a second."""
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        intake(next(source))
        count += BATCH_EVENTS
    return count / (time.perf_counter() - started)


def parse(lines: list[bytes]) -> list[Event]:
    return [event_from_record(msgspec.json.decode(line)) for line in lines]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path)
    arguments.add_argument("--seconds", type=float, default=1.0)
    given = arguments.parse_args()
    records = list(genuine(given.folder)) if given.folder else [synthetic()]
    lines = [encode_record(record) for record in records]
    print(f"{len(lines)} records of {sum(map(len, lines)) // len(lines)} bytes on average")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = JournalEngine(folder / "journal", Settings())
        access = engine.start()
        with (folder / "floor").open("wb") as file, NatsJournal(access, writer="benchmark") as journal:

            def floor(batch: list[bytes]) -> None:
                for line in batch:
                    msgspec.json.decode(line)
                file.write(b"\n".join(batch))
                file.flush()
                os.fsync(file.fileno())

            def through_journal(batch: list[bytes]) -> None:
                journal.append(parse(batch), origin="import")

            ready = [parse(batch) for batch in islice(batches(lines), 20)]
            spare = cycle(ready)

            def append_ready(_: list[bytes]) -> None:
                journal.append(next(spare), origin="import")

            position = journal.bounds().next
            rates: dict[str, list[float]] = {"floor": [], "journal": [], "append alone": []}
            for _ in range(ROUNDS):
                rates["floor"].append(timed(floor, batches(lines), given.seconds))
                rates["journal"].append(timed(through_journal, batches(lines), given.seconds))
                rates["append alone"].append(timed(append_ready, batches(lines), given.seconds))
            medians = {name: statistics.median(found) for name, found in rates.items()}
            for name, rate in medians.items():
                print(f"{name:<14}{rate:>10,.0f} events/s   {rate / medians['floor']:.2f} of the floor")
            print(f"{'read':<14}{read_rate(journal, position, given.seconds):>10,.0f} events/s")
        for clients in (1, 32):
            print(
                f"{'single':<14}{asyncio.run(singles(access, ready[0][0], clients, given.seconds)):>10,.0f} events/s "
                f"from {clients} callers of an appender"
            )
        engine.stop()


def read_rate(journal: NatsJournal, position: int, seconds: float) -> float:
    """Events a second through `read_from`, checksums verified."""
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds and (entries := journal.read_from(position)):
        count += sum(len(entry.batch.events) for entry in entries)
        position = entries[-1].position + 1
    return count / (time.perf_counter() - started)


async def singles(access: Any, event: Event, clients: int, seconds: float) -> float:
    """Events a second where each is awaited by itself."""
    count = 0

    async def client() -> None:
        nonlocal count
        while time.perf_counter() < end:
            await appender.append((event,))
            count += 1

    async with NatsAppender(access, writer=f"singles-{clients}") as appender:
        started = time.perf_counter()
        end = started + seconds
        await asyncio.gather(*(client() for _ in range(clients)))
        return count / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
