"""Log files and digests of a generated journal, in folders that outlive a process that is killed.

Run as a program it delivers and digests all that the journal holds, stops the trails and ends:
`python generated_digests.py FOLDER BATCHES`. Its clock goes on where that of the process before it stood.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
from tests.cloudtrail.generated import BEGAN, FolderStore, GeneratedJournal

from cairn.cloudtrail.delivery import Delivery
from cairn.cloudtrail.digests import periods
from cairn.cloudtrail.digests.keys import Keys
from cairn.cloudtrail.digests.sink import Digests
from cairn.cloudtrail.trails import Trails, ever
from cairn.core import config
from cairn.core.clock import TestClock
from cairn.core.objects import ObjectInfo
from cairn.core.state import State

INTERVAL_S = 60.0


class MetadataStore(FolderStore):
    """A `FolderStore` that keeps metadata beside the objects."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._root = folder

    def put(self, bucket: str, key: str, content: Path | bytes, **options: Any) -> None:
        beside = self._root / bucket / f"{key}.metadata"
        beside.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(msgspec.json.encode(options.get("metadata") or {}))
        super().put(bucket, key, content, **options)

    def head(self, bucket: str, key: str) -> ObjectInfo:
        metadata = msgspec.json.decode((self._root / bucket / f"{key}.metadata").read_bytes())
        return ObjectInfo(key, len(self.get(bucket, key)), 0.0, metadata)


class SavedClock(TestClock):
    """A test clock whose time survives the process."""

    def __init__(self, path: Path) -> None:
        super().__init__(float(path.read_text()) if path.exists() else float(BEGAN))
        self._path = path

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._path.write_text(str(self.now()))


def deliver_and_digest_all(folder: Path, batches: int) -> None:
    """Deliver the whole journal to the folder's buckets, a few seconds at a time, and stop all trails."""
    clock, journal = SavedClock(folder / "clock"), GeneratedJournal(batches)
    state = State.in_folder(folder)
    store: Any = MetadataStore(folder / "buckets")
    settings = config.Delivery(interval=config.Duration(15), file_bytes_max=config.Size(100_000))
    readable: Any = journal
    delivery = Delivery(state, readable, store, folder / "spool", settings, clock)
    keys = Keys(state, folder / "keys", clock)
    times = {"interval_s": INTERVAL_S, "backfill_after_s": 86400.0, "retry_for_s": 86400.0}
    digests = Digests(state, store, keys, clock, **times)
    trails = Trails(state, readable, clock)
    while True:
        while delivery.step() == 0:
            pass
        while digests.step() == 0:
            pass
        clock.advance(5)
        if delivery.position > batches:
            with state.read() as connection:
                logging = [trail for trail in ever(connection) if trail.logging]
                unfinished = periods.unfinished(connection)
            for trail in logging:
                trails.stop_logging(trail.id)
            if not logging and not unfinished:
                break
    digests.close()
    delivery.close()
    state.close()


if __name__ == "__main__":
    deliver_and_digest_all(Path(sys.argv[1]), int(sys.argv[2]))
