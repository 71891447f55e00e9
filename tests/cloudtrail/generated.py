"""A journal that makes its batches up as they are read, and buckets in folders: both outlive a process that is killed.

Run as a program it delivers all that the journal holds and ends: `python generated.py FOLDER BATCHES`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from cairn.cloudtrail.delivery import Delivery
from cairn.cloudtrail.notices import Notices
from cairn.core import config
from cairn.core.clock import SystemClock, iso_seconds
from cairn.core.journal.journal import Batch, Bounds, JournalEntry
from cairn.core.objects import ObjectInfo, ObjectStoreError
from cairn.core.records.event import Event, EventHeader, encode_record
from cairn.core.state import State

ACCOUNTS = ("111122223333", "444455556666")
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
BEGAN = 1_700_000_000
BATCHES_A_SECOND = 20
RECORD_BYTES = 1200


class GeneratedJournal:
    """Batches that are a function of their position, some seconds of them a collection slot."""

    def __init__(self, batches: int, batch_events: int = 10) -> None:
        self.batches = batches
        self._batch_events = batch_events
        self.bytes_held_max = 0

    def bounds(self) -> Bounds:
        return Bounds(1, self.batches + 1)

    def read_from(self, position: int, *, bytes_max: int = 8 << 20, wait_s: float = 0.0) -> list[JournalEntry]:
        found: list[JournalEntry] = []
        size = 0
        while position <= self.batches and (not found or size < bytes_max):
            found.append(self._entry(position))
            size += found[-1].size
            position += 1
        return found

    def _entry(self, position: int) -> JournalEntry:
        random = Random(position)
        time = BEGAN + position / BATCHES_A_SECOND
        events = tuple(_event(random, int(time)) for _ in range(self._batch_events))
        size = sum(len(event.record) for event in events)
        return JournalEntry(position, time, size, Batch("generated", "gateway", events))


def _event(random: Random, time: int) -> Event:
    ident = f"{random.getrandbits(128):032x}"
    account, region = random.choice(ACCOUNTS), random.choice(REGIONS)
    category = random.choice(("Management", "Management", "Management", "Data"))
    record = {
        "eventTime": iso_seconds(time),
        "eventID": ident,
        "awsRegion": region,
        "recipientAccountId": account,
        "eventCategory": category,
        "requestParameters": {"text": f"{random.getrandbits(400):0100x}" * ((RECORD_BYTES - 200) // 100)},
    }
    header = EventHeader(ident, account, region, category, time, random.random() < 0.5, "ec2.amazonaws.com", "Make")
    return Event(header, encode_record(record))


class FolderStore:
    """`ObjectStore` in a folder, each put whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, bucket: str, key: str, content: Path | bytes, **_options: Any) -> None:
        path = self._folder / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}")
        draft.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        draft.replace(path)

    def get(self, bucket: str, key: str) -> bytes:
        try:
            return (self._folder / bucket / key).read_bytes()
        except FileNotFoundError:
            raise ObjectStoreError("NoSuchKey", key) from None

    def head(self, bucket: str, key: str) -> ObjectInfo:
        return ObjectInfo(key, len(self.get(bucket, key)), 0.0)

    def list(self, bucket: str, prefix: str = "", *, after: str = "") -> Iterator[ObjectInfo]:
        root = self._folder / bucket
        keys = sorted(str(path.relative_to(root)) for path in root.rglob("*.json.gz") if path.is_file())
        return (self.head(bucket, key) for key in keys if key.startswith(prefix) and key > after)


class FolderTopics:
    """`Topics` whose messages are lines of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def publish(self, topic: str, message: str, source: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{message}\n")


def deliver_all(folder: Path, batches: int) -> None:
    """Deliver the whole journal to the folder's buckets, and announce what was delivered."""
    state, journal = State.in_folder(folder), GeneratedJournal(batches)
    settings = config.Delivery(interval=config.Duration(60), file_bytes_max=config.Size(100_000))
    store: Any = FolderStore(folder / "buckets")
    delivery = Delivery(state, journal, store, folder / "spool", settings, SystemClock())  # type: ignore[arg-type]  # a journal that is only read
    notices = Notices(state, FolderTopics(folder / "told.txt"), settings, SystemClock())
    while delivery.step() == 0 or delivery.position <= batches:
        notices.step()
    while notices.step() == 0:
        pass
    delivery.close()
    state.close()


if __name__ == "__main__":
    deliver_all(Path(sys.argv[1]), int(sys.argv[2]))
