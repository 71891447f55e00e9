"""A worker with nothing but subscriptions, for tests that kill it: `python -m ... FOLDER`. It ends when all is sent.

Destinations are files, of which each line is an event that was taken, there before the delivery returns. A kill may
tear the last line of a delivery that never returned; the next one begins on a line of its own.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import sqlalchemy as sa
from tests.cloudwatch.subscriptions.rig import contains

from cairn.cloudwatch.logs import LOGS, LogStore
from cairn.cloudwatch.subscriptions import Deliveries, Destination, SubscriptionSink
from cairn.cloudwatch.subscriptions.tables import messages
from cairn.core.clock import SystemClock
from cairn.core.state import State


class FileDestinations:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, destination: Destination, payload: bytes, *, group_arn: str, partition_key: str) -> None:
        found = json.loads(gzip.decompress(payload))
        lines = [json.dumps([event["id"], event["message"]]) for event in found["logEvents"]]
        with (self._folder / f"{destination.name}.taken").open("a") as file:
            file.write("\n" + "\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def check(self, destination: Destination, *, group_arn: str) -> None:
        pass


def main(folder: Path) -> None:
    clock = SystemClock()
    state = State.in_folder(folder, LOGS)
    store = LogStore(state, clock)
    sink = SubscriptionSink(store, contains)
    deliveries = Deliveries(store, FileDestinations(folder), clock)
    while True:
        idle = sink.step() > 0
        idle &= deliveries.step() > 0
        with state.read() as connection:
            left = connection.scalar(sa.select(sa.func.count()).select_from(messages))
        if idle and not left and sink.position == store.end():
            break
    deliveries.close()
    state.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
