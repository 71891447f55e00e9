"""Event history at 1 M or 10 M events: intake, disk, memory, lookups by each attribute while events come in, search.

    python benchmarks/history.py [--events 1_000_000] [--folder FOLDER]

With `--folder` the history is kept and used again. The events are synthetic: the shape of real records, 200 users,
400 event names in a long tail, 12 % failed, names of resources that mostly occur once or twice.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from cairn.cloudtrail.history import History, HistoryReader, Search, parse_query
from cairn.cloudtrail.history.facts import Field, id_text
from cairn.core.clock import SystemClock, iso_seconds
from cairn.core.config import History as HistorySettings
from cairn.core.journal.journal import Batch, JournalEntry
from cairn.core.journal.memory import MemoryJournal
from cairn.core.records.event import Event, EventHeader, encode_record, new_event_id
from cairn.wire.operation import Context

ACCOUNT = "111122223333"
BATCH = 100
DICE = random.Random(11)
SERVICES = ["ec2", "s3", "iam", "sts", "kms", "lambda", "dynamodb", "sns", "sqs", "logs", "rds", "ecs"]
VERBS = ["Describe", "Get", "List", "Create", "Delete", "Put", "Update", "Attach"]
NAMES = [f"{verb}{thing}" for thing in map("Thing{:02}".format, range(50)) for verb in VERBS]
USERS = [f"user-{number:03}" for number in range(200)]


def synthetic(moment: int) -> Event:
    """One event at `moment`."""
    name = NAMES[min(int(DICE.paretovariate(0.6)) - 1, len(NAMES) - 1)]
    service = SERVICES[hash(name) % len(SERVICES)]
    number = min(int(DICE.paretovariate(0.7)) - 1, len(USERS) - 1)
    event_id, bucket = new_event_id(), f"bucket-{DICE.randrange(1 << 24):06x}"
    read_only = name.startswith(("Describe", "Get", "List"))
    record: dict[str, Any] = {
        "eventVersion": "1.08",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": f"AIDAEXAMPLE{number:09}",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{USERS[number]}",
            "accountId": ACCOUNT,
            "accessKeyId": f"AKIAEXAMPLE{number:09}",
            "userName": USERS[number],
            "sessionContext": {
                "sessionIssuer": {},
                "webIdFederationData": {},
                "attributes": {"creationDate": iso_seconds(moment - 600), "mfaAuthenticated": "true"},
            },
        },
        "eventTime": iso_seconds(moment),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": f"10.{DICE.randrange(4)}.{DICE.randrange(256)}.{DICE.randrange(256)}",
        "userAgent": "aws-cli/2.12.7 Python/3.11.4 Linux/5.15.0 exe/x86_64.ubuntu.22 prompt/off command/s3api.x",
    }
    if DICE.random() < 0.12:
        record |= {"errorCode": "AccessDenied", "errorMessage": f"User {USERS[number]} is not authorized to {name}"}
    record |= {
        "requestParameters": {"bucketName": bucket, "maxResults": DICE.randrange(1000), "Host": f"{bucket}.s3.local"},
        "responseElements": None,
        "requestID": new_event_id(),
        "eventID": event_id,
        "readOnly": read_only,
        "resources": [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
    }
    header = EventHeader(
        event_id, ACCOUNT, "us-east-1", "Management", moment, read_only, f"{service}.amazonaws.com", name
    )
    return Event(header, encode_record(record))


class Source(MemoryJournal):
    """A journal whose batches are made when they are read, so that ten million need no memory."""

    def __init__(self, first: int, events: int) -> None:
        super().__init__()
        self.first, self.end = first, first + events // BATCH
        self.making_s = 0.0
        self.making_cpu_s = 0.0

    def bounds(self) -> Any:
        return msgspec.structs.replace(super().bounds(), first=1, next=self.end)

    def read_from(self, position: int, *, bytes_max: int = 8 << 20, wait_s: float = 0.0) -> list[JournalEntry]:
        begin, cpu = time.perf_counter(), time.thread_time()
        entries = []
        now = int(time.time())
        for number in range(position, min(position + bytes_max // (BATCH * 1300), self.end)):
            batch = Batch("bench", "gateway", tuple(synthetic(now - DICE.randrange(30)) for _ in range(BATCH)))
            entries.append(JournalEntry(number, float(now), BATCH * 1300, batch))
        self.making_s += time.perf_counter() - begin
        self.making_cpu_s += time.thread_time() - cpu
        return entries


def fill(folder: Path, events: int, segment_events: int) -> None:
    """Bring the history in `folder` to `events`, timing what the sink does."""
    history = History(folder, HistorySettings(segment_events=segment_events), SystemClock())
    source = Source(1, events)
    sink = history.sink(source)
    begin, cpu = time.perf_counter(), time.process_time()
    start = sink.position
    slowest = 0.0
    while sink.behind:
        step, making = time.perf_counter(), source.making_s
        sink.step()
        slowest = max(slowest, time.perf_counter() - step - (source.making_s - making))
    while sink.store.tend(1.0):
        pass
    took, cpu = time.perf_counter() - begin, time.process_time() - cpu
    stored = (sink.position - start) * BATCH
    sink.close()
    if stored:
        net = (
            took - source.making_s
        )  # of the wall clock; the next line counts the processor, making the events included
        print(f"intake          {stored / net:10,.0f} events/s, sealing included ({stored:,} in {net:.1f} s)")
        making = source.making_cpu_s / stored * 1e6
        print(f"processor       {cpu / stored * 1e6:10.0f} us an event, of which making it {making:.0f}")
        print(f"slowest step    {slowest * 1000:10.0f} ms")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"disk            {size / events:10.0f} bytes an event, {size / (1 << 20):,.0f} MB")
    print(f"peak memory     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:10.0f} MB")


def ingest(folder: Path, rate: int, seconds: float) -> None:
    """The worker beside the lookups: `rate` events a second, in batches of ten."""
    history = History(folder, HistorySettings(), SystemClock())
    journal = MemoryJournal()
    for _ in range(10):
        journal.append([synthetic(int(time.time()))], origin="gateway")
    sink = history.sink(journal)
    stop = threading.Event()

    def feed() -> None:
        begin, made = time.monotonic(), 0
        while not stop.is_set():
            if made < (time.monotonic() - begin) * rate:
                journal.append([synthetic(int(time.time())) for _ in range(10)], origin="gateway")
                made += 10
            else:
                time.sleep(0.002)

    threading.Thread(target=feed, daemon=True).start()
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(sink.step())
    stop.set()
    print(f"  beside it {sink.events / seconds:,.0f} events/s came in", flush=True)
    sink.close()


Taken = tuple[float, float]
"""Milliseconds of wall clock, and of this thread's processor."""


def timed(work: Callable[[], object]) -> Taken:
    begin, cpu = time.perf_counter(), time.thread_time()
    work()
    return (time.perf_counter() - begin) * 1000, (time.thread_time() - cpu) * 1000


def report(name: str, times: list[Taken]) -> None:
    walls, cpus = (sorted(column) for column in zip(*times, strict=True))
    p99 = min(len(times) - 1, int(len(times) * 0.99))
    print(
        f"  {name:32} p50 {statistics.median(walls):7.2f}  p99 {walls[p99]:7.2f}  max {walls[-1]:7.2f} ms"
        f"   processor p50 {statistics.median(cpus):6.2f}  p99 {cpus[p99]:6.2f} ms"
    )


def samples(reader: HistoryReader) -> dict[Field, list[str]]:
    """Values of each field, common and rare, from all over the history."""
    found: dict[Field, list[str]] = {field: [] for field in (Field.NAME, Field.SOURCE, Field.USER, Field.ACCESS_KEY)}
    found[Field.RESOURCE_NAME] = []
    for info in reader.extent():
        if info.state != "damaged":
            with reader.segments.reading(info) as segment:
                for field, values in found.items():
                    for order in ("ASC", "DESC"):  # the first terms of a segment are common, the last ones rare
                        rows = segment.connection.execute(
                            f"SELECT value FROM terms WHERE field = ? ORDER BY id {order} LIMIT 50", (int(field),)
                        )
                        values += [value for (value,) in rows]
    found[Field.READ_ONLY] = ["true", "false"]
    found[Field.RESOURCE_TYPE] = ["AWS::S3::Bucket"]
    return found


def ids(reader: HistoryReader) -> list[str]:
    """Some eventIDs from each segment."""
    found: list[str] = []
    for info in reader.extent():
        if info.state != "damaged":
            with reader.segments.reading(info) as segment:
                rows = segment.connection.execute("SELECT id FROM events ORDER BY seq LIMIT 50 OFFSET 500")
                found += [id_text(key) for (key,) in rows]
    return found


KEYS = {
    Field.NAME: "EventName",
    Field.SOURCE: "EventSource",
    Field.USER: "Username",
    Field.ACCESS_KEY: "AccessKeyId",
    Field.RESOURCE_NAME: "ResourceName",
    Field.RESOURCE_TYPE: "ResourceType",
    Field.READ_ONLY: "ReadOnly",
}


def questions(reader: HistoryReader) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "no attribute", [{}]
    for field, values in samples(reader).items():
        DICE.shuffle(values)
        yield KEYS[field], [_by(KEYS[field], value) for value in values[:200]]
    yield "EventId", [_by("EventId", event_id) for event_id in ids(reader)[:200]]
    yield "a value that is not there", [_by("Username", f"nobody-{number}") for number in range(50)]


def _by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def look(folder: Path, rate: int) -> None:
    """LookupEvents and search in one process while another writes."""
    reader = History(folder, HistorySettings(), SystemClock()).reader()
    operation = reader.operations()["LookupEvents"]
    here = Context(ACCOUNT, "us-east-1")
    asked = list(questions(reader))
    for beside in (0, rate):
        writer = None
        if beside:
            command = [sys.executable, __file__, "--ingest", str(beside), "--folder", str(folder)]
            writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert writer.stdout is not None
            writer.stdout.readline()
        print(f"LookupEvents, 50 a page, {beside:,} events/s coming in")
        for name, inputs in asked:
            for input in inputs[:100]:
                operation(here, input)
            times = [timed(partial(operation, here, input)) for input in (inputs * 300)[:300]]
            report(name, times)
        if writer is not None and writer.stdout is not None:
            print(writer.stdout.readline().rstrip())
            writer.wait()
    print("search")
    for line in (
        "",
        "name=CreateThing03 user=user-007",
        "error=* -source=kms readonly=false",
        "name=*Thing4* ip=10.1.*",
        "requestParameters.maxResults=77",
        '"bucket-00ab"',
    ):
        question = Search(query=parse_query(line))
        hits = reader.search(question)
        report(f"page: {line or 'everything'}"[:60], [timed(partial(reader.search, question)) for _ in range(5)])
        if hits.partial:
            print(f"      partial: {hits.partial}")
    for line in ("", "user=user-007", "error=*"):
        question = Search(query=parse_query(line))
        counted = [0]

        def count(q: Search = question, counted: list[int] = counted) -> None:
            summary = reader.summarize(q, fields=["name", "source", "user", "error", "ip"], buckets=60)
            counted[0] = summary.total

        report(f"counts: {line or 'everything'}", [timed(count) for _ in range(3)])
        print(f"      {counted[0]:,} events counted")
    print(f"reader's memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:10.0f} MB")
    reader.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=lambda text: int(text.replace("_", "")), default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--segment-events", type=int, default=HistorySettings().segment_events)
    parser.add_argument("--rate", type=int, default=1000, help="events a second that come in during the lookups")
    parser.add_argument("--ingest", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--look", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ingest:
        ingest(options.folder, options.ingest, 25.0)
        return
    if options.look:
        look(options.folder, options.rate)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch) / "history"
        print(f"{options.events:,} events, {os.cpu_count()} cores")
        fill(folder, options.events, options.segment_events)
        command = [sys.executable, __file__, "--look", "--folder", str(folder), "--rate", str(options.rate)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
