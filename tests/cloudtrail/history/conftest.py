"""Events, a journal and a history small enough that its segments fill quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cairn.cloudtrail.history import History, HistoryReader, HistorySink
from cairn.core.clock import TestClock, iso_seconds
from cairn.core.config import History as HistorySettings
from cairn.core.journal.memory import MemoryJournal
from cairn.core.records.event import Event, new_event_id
from cairn.core.records.parse import event_from_record

ACCOUNT = "111122223333"
START = 1_700_000_000

MakeEvent = Callable[..., Event]


class _RawRecords(msgspec.Struct):
    Records: list[msgspec.Raw]


@pytest.fixture
def make_event() -> MakeEvent:
    """An event: `make_event(time, name=..., user=..., ...)`."""

    def make(
        time: int = START,
        *,
        id: str = "",
        name: str = "CreateBucket",
        source: str = "s3.amazonaws.com",
        user: str = "alice",
        key: str = "AKIAALICE",
        account: str = ACCOUNT,
        region: str = "us-east-1",
        category: str = "Management",
        read_only: bool = False,
        bucket: str = "",
        error: str = "",
        ip: str = "10.0.0.1",
        **more: Any,
    ) -> Event:
        record: dict[str, Any] = {
            "eventVersion": "1.11",
            "userIdentity": {"type": "IAMUser", "accountId": account, "accessKeyId": key, "userName": user},
            "eventTime": iso_seconds(time),
            "eventSource": source,
            "eventName": name,
            "awsRegion": region,
            "sourceIPAddress": ip,
            "requestParameters": {"bucketName": bucket} if bucket else None,
            "responseElements": None,
            "eventID": id or new_event_id(),
            "readOnly": read_only,
            "eventType": "AwsApiCall",
            "managementEvent": category == "Management",
            "recipientAccountId": account,
            "eventCategory": category,
        }
        if error:
            record["errorCode"] = error
        if bucket:
            record["resources"] = [{"type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}]
        return event_from_record(record | more)

    return make


class Bench:
    """A journal, the sink that keeps its history, and a reader."""

    def __init__(self, folder: Path, clock: TestClock, settings: HistorySettings) -> None:
        self.folder = folder
        self.clock = clock
        self.settings = settings
        self.journal = MemoryJournal(clock=clock)
        self.history = History(folder, settings, clock)
        self.sink = self.open_sink()
        self.reader = self.open_reader()

    def open_sink(self) -> HistorySink:
        return HistorySink(self.folder, self.settings, self.clock, self.journal, wait_s=0.0)

    def open_reader(self) -> HistoryReader:
        return HistoryReader(self.folder, self.settings, self.clock)

    def append(self, *events: Event, origin: str = "gateway") -> int:
        return self.journal.append(events, origin=origin)

    def settle(self) -> None:
        """Let the sink take everything and finish its upkeep."""
        while self.sink.behind:
            self.sink.step()
        while self.sink.store.tend(1.0):
            pass

    def keep(self, *events: Event, batch: int = 7) -> None:
        """Put events into the history in small batches, each read by itself, so that segments fill."""
        for start in range(0, len(events), batch):
            self.append(*events[start : start + batch])
            self.sink.step()
        self.settle()

    def states(self) -> list[str]:
        return [info.state for info in self.reader.segments.manifest().segments]

    def reopen(self) -> None:
        """As after a restart of everything."""
        self.sink.close()
        self.reader.close()
        self.sink = self.open_sink()
        self.reader = self.open_reader()

    def close(self) -> None:
        self.sink.close()
        self.reader.close()


@pytest.fixture
def bench(tmp_path: Path, clock: TestClock) -> Iterator[Bench]:
    bench = Bench(tmp_path / "history", clock, HistorySettings(segment_events=40))
    yield bench
    bench.close()


@pytest.fixture
def make_bench(tmp_path: Path, clock: TestClock) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**settings: Any) -> Bench:
        made.append(Bench(tmp_path / f"history-{len(made)}", clock, HistorySettings(**settings)))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture(scope="session")
def genuine(request: pytest.FixtureRequest) -> list[Event]:
    """The 2,900 genuine records, in the order of their files."""
    folder = Path(__file__).parents[4] / "shared" / "data" / "real-logs"
    if not folder.is_dir():
        pytest.skip(f"needs the shared data at {folder}")
    return [
        event_from_record(bytes(raw))
        for path in sorted(folder.glob("*.json"))
        for raw in msgspec.json.decode(path.read_bytes(), type=_RawRecords).Records
    ]
