"""PutLogEvents' store against its floor: requests parsed and inserted as they are into SQLite, an fsync each.

python benchmarks/logs.py [--seconds N] [--threads N]

Both sides get the same requests of 100 events as JSON text, and make each durable before the next. The ratio is what
matters; the rates are this machine's. Rounds alternate, so that both see the same noise. Then what was put is
compacted and read.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cairn.cloudwatch.logs import LOGS, Compactor, GroupId, LogStore, operations
from cairn.core.clock import SystemClock
from cairn.core.state import State
from cairn.wire.operation import Context

EVENTS = 100
ROUNDS = 5
GROUP = GroupId("111122223333", "us-east-1", "app")
HERE = Context(account=GROUP.account, region=GROUP.region)


def request() -> bytes:
    now_ms = int(time.time() * 1000)
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/a"},
        "eventSource": "s3.amazonaws.com",
        "eventName": "CreateBucket",
        "requestParameters": {f"parameter{n}": "v" * 30 for n in range(20)},
        "eventID": "0a1b2c3d-0000-4000-8000-000000000000",
    }
    events = [{"timestamp": now_ms, "message": json.dumps(record | {"n": n})} for n in range(EVENTS)]
    return json.dumps({"logGroupName": GROUP.name, "logStreamName": "s", "logEvents": events}).encode()


def bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE requests (id INTEGER PRIMARY KEY, content BLOB)")
    return connection


def timed(put: Callable[[], object], seconds: float, threads: int = 1) -> float:
    """Events a second."""
    counts = [0] * threads
    started = time.perf_counter()

    def work(number: int) -> None:
        while time.perf_counter() - started < seconds:
            put()
            counts[number] += EVENTS

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - started)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=1.0)
    arguments.add_argument("--threads", type=int, default=8)
    given = arguments.parse_args()
    body = request()
    print(f"requests of {EVENTS} events, {len(body) // 1000} kB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        connection = bare(folder / "floor.db")
        state = State.in_folder(folder, LOGS)
        state.migrate()
        store = LogStore(state, SystemClock())
        store.groups.create(GROUP)
        store.streams.create(GROUP, "s")
        put_log_events = operations(store, compile_pattern=lambda _: lambda _: True)["PutLogEvents"]

        def floor() -> None:
            msgspec.json.decode(body)
            connection.execute("INSERT INTO requests (content) VALUES (?)", (body,))

        def put() -> None:
            params: dict[str, Any] = msgspec.json.decode(body)
            now_ms = int(time.time() * 1000)
            for event in params["logEvents"]:
                event["timestamp"] = now_ms
            put_log_events(HERE, params)

        rates: dict[str, list[float]] = {"floor": [], "put": [], f"put, {given.threads} threads": []}
        for _ in range(ROUNDS):
            rates["floor"].append(timed(floor, given.seconds))
            rates["put"].append(timed(put, given.seconds))
            rates[f"put, {given.threads} threads"].append(timed(put, given.seconds, given.threads))
        medians = {what: statistics.median(found) for what, found in rates.items()}
        for what, rate in medians.items():
            print(f"{what:<16}{rate:>10,.0f} events/s   {rate / medians['floor']:.2f} of the floor")
        show_reading(store)
        connection.close()
        state.close()


def show_reading(store: LogStore) -> None:
    """Compaction of all that was put, and reading it afterwards."""
    count = (store.end() - 1) * EVENTS
    started = time.perf_counter()
    Compactor(store, []).compact_all()
    print(f"{'compaction':<16}{count / (time.perf_counter() - started):>10,.0f} events/s")
    started = time.perf_counter()
    read = sum(1 for _ in store.read(GROUP))
    assert read == count
    print(f"{'read':<16}{count / (time.perf_counter() - started):>10,.0f} events/s")
    started = time.perf_counter()
    list(itertools.islice(store.read(GROUP, descending=True), 100))
    print(f"{'last 100 events':<16}{(time.perf_counter() - started) * 1000:>10,.1f} ms")


if __name__ == "__main__":
    main()
