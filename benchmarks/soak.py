"""Half an hour of steady calls: do memory, file handles, threads and lag stay where they were, and is every call kept?

    python -m benchmarks.soak [--minutes 30] [--rate 300]

Of ten calls two put a small object and four get one, three list queues, one tags a queue. A trail for all regions logs
them all, data events too, into a bucket and a log group. Exit code 1 if a process held more at the end than after the
first quarter, or if the history does not have each management call once.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import urllib3
from benchmarks.figures import HEAD, Figure
from benchmarks.gateway import CALLS, json_requests, processes, running, s3_requests, targets
from benchmarks.load import peak_mb, resident_mb, steadily
from prometheus_client.parser import text_string_to_metric_families
from tests.contract.recipients import make_bucket, make_log_group, make_role
from tests.contract.waiting import wait_until
from tests.running import Cairn

from cairn.cloudtrail.history import History, Search, parse_query
from cairn.core.clock import SystemClock
from cairn.core.config import History as HistorySettings

TRAIL, REGION = "soak", "us-east-1"
STRETCH_S = 10.0
"""Requests are signed for so long ahead."""
SAMPLE_S = 5.0
CONNECTIONS = 16
GROWTH_SHARE, GROWTH_MB, GROWTH_HANDLES = 0.05, 10.0, 8
"""What a process may hold more in the last quarter than in the second: the larger of a share and of so much."""

Key = tuple[str, str]
"""A process, and what of it is counted."""


@dataclass
class Samples:
    """What was seen of the processes, sample after sample."""

    cairn: Cairn
    of: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    behind: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By sink."""
    peaks: dict[str, float] = field(default_factory=dict)

    def take(self) -> None:
        for name, pids in processes(self.cairn).items():
            pid = pids[0]
            self.of[name, "MB"].append(resident_mb(pid))
            self.of[name, "handles"].append(len(list(Path(f"/proc/{pid}/fd").iterdir())))
            self.of[name, "threads"].append(len(list(Path(f"/proc/{pid}/task").iterdir())))
            self.peaks[name] = peak_mb(pid)
        text = urllib3.request("GET", f"{self.cairn.endpoint}/metrics").data.decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "cairn_sink_behind_batches":
                    self.behind[sample.labels["sink"]].append(sample.value)

    def until(self, done: threading.Event) -> None:
        while not done.wait(SAMPLE_S):
            self.take()


def make_trail(cairn: Cairn) -> None:
    make_bucket(cairn, TRAIL)
    group = make_log_group(cairn, TRAIL, REGION)
    role = make_role(cairn, TRAIL, group, REGION)
    trail = cairn.client("cloudtrail")
    trail.create_trail(
        Name=TRAIL,
        S3BucketName=TRAIL,
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=role,
    )
    everything = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    trail.put_event_selectors(
        TrailName=TRAIL,
        EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": everything}],
    )
    trail.start_logging(Name=TRAIL)


def requests(cairn: Cairn, count: int, dice: random.Random) -> list[bytes]:
    """Calls in an order of chance; signed now."""
    s3, sqs = targets(cairn, "s3")["through"], targets(cairn, "sqs")["through"]
    puts, gets = (s3_requests(s3, method, CONNECTIONS, bytes(1024)) for method in ("PUT", "GET"))
    lists, tags = (json_requests(sqs, *CALLS[name][1:], 1) for name in ("sqs ListQueues", "sqs TagQueue"))
    kinds = dice.choices((puts, gets, lists, tags), (2, 4, 3, 1), k=count)
    return [dice.choice(dice.choice(kind)) for kind in kinds]


def call(cairn: Cairn, options: Any) -> Iterator[tuple[int, int]]:
    """Calls answered and management calls among them, stretch by stretch."""
    dice = random.Random(7)
    target = targets(cairn, "s3")["through"]
    drive = partial(steadily, target, connections=CONNECTIONS, status=200, now=time.perf_counter)
    objects = s3_requests(target, "PUT", CONNECTIONS, bytes(1024))
    asyncio.run(drive(list(itertools.chain(*objects)), options.rate))
    end = time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        asked = requests(cairn, int(options.rate * STRETCH_S), dice)
        managed = sum(b"x-amz-target" in each for each in asked)
        yield len(asyncio.run(drive(asked, options.rate))), managed


def kept(cairn: Cairn) -> int:
    """Management calls of the load in the history."""
    reader = History(cairn.folder.history, HistorySettings(), SystemClock()).reader()
    try:
        found = reader.summarize(Search(query=parse_query("name=ListQueues,TagQueue")), fields=["name"])
        assert not found.partial, found.partial
        return found.total
    finally:
        reader.close()


def growth(samples: Sequence[float]) -> tuple[float, float]:
    """What was held in the second quarter, and in the last, in the middle of each."""
    quarter = len(samples) // 4
    return statistics.median(samples[quarter : 2 * quarter]), statistics.median(samples[-quarter:])


def figures(samples: Samples) -> Iterator[tuple[Figure, bool]]:
    """Each figure, and whether it grew too much."""
    for (name, what), values in sorted(samples.of.items()):
        before, after = growth(values)
        least = GROWTH_MB if what == "MB" else GROWTH_HANDLES
        grew = after - before > max(before * GROWTH_SHARE, least)
        note = f"at most {samples.peaks[name]:.0f} MB" if what == "MB" else f"at most {max(values):.0f}"
        yield (
            Figure(f"{name}: {what}", after, "", "second quarter", before, note=note + (", GREW" if grew else "")),
            grew,
        )
    for sink, values in sorted(samples.behind.items()):
        before, after = growth(values)
        yield (
            Figure(f"{sink}: behind", after, "batches", "second quarter", before, note=f"at most {max(values):.0f}"),
            False,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=300.0, help="calls a second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "soak") as cairn:
        make_trail(cairn)
        before = kept(cairn)
        samples, done = Samples(cairn), threading.Event()
        watching = threading.Thread(target=samples.until, args=(done,))
        watching.start()
        began, answered, managed = time.monotonic(), 0, 0
        try:
            for calls, of_management in call(cairn, options):
                answered, managed = answered + calls, managed + of_management
                print(
                    f"\r{(time.monotonic() - began) / 60:5.1f} min, {answered:,} calls",
                    end="",
                    file=sys.stderr,
                    flush=True,
                )
        finally:
            done.set()
            watching.join()
        took = time.monotonic() - began
        print(f"\n{answered:,} calls answered in {took / 60:.1f} min, {answered / took:.0f} a second")
        print(HEAD)
        bad = False
        for figure, grew in figures(samples):
            print(figure)
            bad |= grew
        wait_until(lambda: kept(cairn) - before >= managed)
        lost = managed - (kept(cairn) - before)
        print(
            f"management calls: {managed:,}; in the history each once"
            if not lost
            else f"{lost} calls are not kept once"
        )
        size = sum(path.stat().st_size for path in cairn.folder.path.rglob("*") if path.is_file())
        print(f"data folder: {size / (1 << 20):,.0f} MB")
        return 1 if bad or lost else 0


if __name__ == "__main__":
    sys.exit(main())
