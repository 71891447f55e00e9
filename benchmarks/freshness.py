"""From a call's reply to its event in the history, at a steady rate of calls.

    python -m benchmarks.freshness [--rate 200] [--seconds 5]

Calls are SQS reads that name their own number; the history is asked for the newest events every few milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.figures import HEAD, Figure
from benchmarks.gateway import json_requests, targets
from benchmarks.load import Target, steadily
from tests.running import Cairn

from cairn.cloudtrail.history import History, HistoryReader, Search, parse_query
from cairn.core.clock import SystemClock
from cairn.core.config import History as HistorySettings

POLL_S = 0.005
LATE_S = 30.0
CONNECTIONS = 16


class Watch:
    """When each numbered call was first seen in the history."""

    def __init__(self, reader: HistoryReader) -> None:
        self._reader = reader
        self._question = Search(query=parse_query("name=ListQueues"), newest_first=True, limit=500)
        self.seen: dict[int, float] = {}

    def until(self, done: threading.Event, count: int) -> None:
        deadline = float("inf")
        while len(self.seen) < count and time.perf_counter() < deadline:
            if done.is_set() and deadline == float("inf"):
                deadline = time.perf_counter() + LATE_S
            for event in self._reader.search(self._question, "").events:
                record = msgspec.json.decode(event.record)
                number = int(record["requestParameters"]["queueNamePrefix"].removeprefix("n"))
                self.seen.setdefault(number, time.perf_counter())
            time.sleep(POLL_S)


async def call(target: Target, rate: float, count: int) -> dict[int, float]:
    """Make so many calls at that rate; when each was answered."""
    requests = [
        json_requests(target, "AmazonSQS.ListQueues", "1.0", {"QueueNamePrefix": f"n{number}"}, 1)[0][0]
        for number in range(count)
    ]
    return await steadily(target, requests, rate, connections=CONNECTIONS, status=200, now=time.perf_counter)


def figures(folder: Path, options: Any) -> Iterator[Figure]:
    cairn = Cairn(folder / "freshness")
    cairn.start()
    try:
        reader = History(cairn.folder.history, HistorySettings(), SystemClock()).reader()
        count = int(options.rate * options.seconds)
        watch, done = Watch(reader), threading.Event()
        thread = threading.Thread(target=watch.until, args=(done, count))
        thread.start()
        began = time.perf_counter()
        answered = asyncio.run(call(targets(cairn, "sqs")["through"], options.rate, count))
        took = time.perf_counter() - began
        done.set()
        thread.join()
        assert watch.seen.keys() == answered.keys(), f"{count - len(watch.seen)} calls never came into the history"
        late = sorted(max(0.0, watch.seen[number] - at) * 1000 for number, at in answered.items())
        note = f"asked every {POLL_S * 1000:.0f} ms"
        name = f"call to history at {count / took:.0f} calls/s"
        yield Figure(f"{name}, p50", late[len(late) // 2], "ms", note=note)
        yield Figure(f"{name}, p99", late[int(len(late) * 0.99)], "ms", goal="1,000 ms", note=note)
        reader.close()
    finally:
        cairn.stop()


def options_of(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    return parser.parse_args(arguments)


def main() -> None:
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        for figure in figures(Path(name), options_of()):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
