"""Resident memory of each process of a whole Cairn: idle, and the most it held under load.

    python -m benchmarks.memory [--seconds 3] [--megabytes 256]

The load is S3 and JSON calls with data events recorded, an import in batches, and one large object put and read.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import intake
from benchmarks.figures import HEAD, Figure
from benchmarks.gateway import CALLS, json_requests, processes, running, s3_requests, targets
from benchmarks.load import Client, client_process, peak_mb, resident_mb
from tests.running import Cairn

CONNECTIONS = 16
GOALS = {"gateway": "200 MB", "worker": "400 MB"}


def load(cairn: Cairn, client: Client, options: Any) -> None:
    s3 = targets(cairn, "s3")["through"]
    puts = s3_requests(s3, "PUT", CONNECTIONS, bytes(1024))
    assert not client.drive(s3, puts, 60.0, again=False).failures
    for requests in (puts, s3_requests(s3, "GET", CONNECTIONS, bytes(1024))):
        assert not client.drive(s3, requests, options.seconds).failures
    for service, operation, version, parameters in CALLS.values():
        target = targets(cairn, service)["through"]
        requests = json_requests(target, operation, version, parameters, CONNECTIONS)
        assert not client.drive(target, requests, options.seconds).failures
    intake.taken_in(targets(cairn, "cairn")["through"], client, intake.batches(200), 4, 60.0)
    s3_client, content = cairn.client("s3"), bytes(options.megabytes << 20)
    s3_client.put_object(Bucket="benchmark", Key="large", Body=content)
    for _ in s3_client.get_object(Bucket="benchmark", Key="large")["Body"].iter_chunks():
        pass


def figures(folder: Path, client: Client, options: Any) -> Iterator[Figure]:
    with running(folder / "memory", CAIRN_RECORDING_DATA_EVENTS="all") as cairn:
        groups = processes(cairn)
        idle = {name: max(map(resident_mb, pids)) for name, pids in groups.items()}
        load(cairn, client, options)
        for name, pids in groups.items():
            most = max(map(peak_mb, pids))
            yield Figure(f"memory of {name}, at most", most, "MB", "idle", idle[name], GOALS.get(name, ""))


def options_of(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="each load")
    parser.add_argument("--megabytes", type=int, default=256, help="the large object")
    return parser.parse_args(arguments)


def main() -> None:
    print(HEAD)
    with tempfile.TemporaryDirectory() as name, client_process() as client:
        for figure in figures(Path(name), client, options_of()):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
