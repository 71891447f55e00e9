"""Intake in batches of 100 through POST /_cairn/import of a whole Cairn, against its floor.

    python -m benchmarks.intake [--seconds 2] [--rounds 3]

The floor is what cannot be left out: the same bytes parsed, and appended to a file with an fsync a batch, in a loop.
Each event is a new one; requests are made and signed before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.figures import HEAD, Figure
from benchmarks.gateway import targets
from benchmarks.journal import BATCH_EVENTS, synthetic
from benchmarks.load import Client, Measured, Target, client_process, together
from tests.running import Cairn

from cairn.core.records.event import encode_record, new_event_id

EVENTS_A_SECOND_MAX = 20_000
"""So many are prepared for each second of a round."""


def batches(count: int) -> list[bytes]:
    """Bodies of requests: 100 records each, one a line."""
    record = encode_record(synthetic())
    id = synthetic()["eventID"].encode()
    return [b"\n".join(record.replace(id, new_event_id().encode()) for _ in range(BATCH_EVENTS)) for _ in range(count)]


def floor(bodies: Sequence[bytes], folder: Path, seconds: float) -> float:
    """Events a second."""
    started, count = time.perf_counter(), 0
    with (folder / "floor").open("wb") as file:
        for body in bodies:
            if time.perf_counter() - started >= seconds:
                break
            for line in body.split(b"\n"):
                msgspec.json.decode(line)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
            count += BATCH_EVENTS
        return count / (time.perf_counter() - started)


def taken_in(target: Target, client: Client, bodies: Sequence[bytes], connections: int, seconds: float) -> Measured:
    requests = [target.request("POST", "/_cairn/import", body) for body in bodies]
    found = client.drive(target, [requests[at::connections] for at in range(connections)], seconds, again=False)
    assert found.failures == 0, f"{found.failures} batches were refused"
    return found


def figures(folder: Path, client: Client, options: Any) -> Iterator[Figure]:
    count = int(options.seconds * EVENTS_A_SECOND_MAX / BATCH_EVENTS)
    cairn = Cairn(folder / "intake")
    cairn.start()
    try:
        target = targets(cairn, "cairn")["through"]
        taken_in(target, client, batches(20), 1, 1.0)  # warms
        floors: list[float] = []
        rounds: dict[int, list[Measured]] = {connections: [] for connections in options.connections}
        for _ in range(options.rounds):
            for connections, found in rounds.items():
                bodies = batches(count)
                floors.append(floor(bodies, folder, options.seconds / 2))
                found.append(taken_in(target, client, bodies, connections, options.seconds))
        least = sum(floors) / len(floors)
        for connections, found in rounds.items():
            measured = together(found)
            note = f"p99 of a batch {measured.percentile(0.99):.0f} ms"
            name = f"intake by 100 x{connections}"
            yield Figure(name, measured.rate * BATCH_EVENTS, "events/s", "parse, append, fsync", least, "0.5", note)
    finally:
        cairn.stop()


def options_of(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 4])
    return parser.parse_args(arguments)


def main() -> None:
    print(HEAD)
    with tempfile.TemporaryDirectory() as name, client_process() as client:
        for figure in figures(Path(name), client, options_of()):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
