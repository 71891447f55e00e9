"""Hands over what is owed in a folder, noting what arrives in a file; run by `test_crashes`, and killed there."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cairn.core.clock import SystemClock
from cairn.core.state import State
from cairn.core.tallies import Tallies
from cairn.eventbridge.counting import tallies
from cairn.eventbridge.deliveries.delivery import Address, Delivery
from cairn.eventbridge.deliveries.endpoints import Outcome
from cairn.eventbridge.deliveries.loop import Deliveries
from cairn.eventbridge.schema import EVENTS

TOGETHER = 10


class File:
    """`Endpoints`: one line an event."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def together(self, address: Address) -> int:
        return TOGETHER

    def deliver(self, address: Address, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        os.write(self._file, b"".join(address.target.encode() + b" " + each.payload + b"\n" for each in deliveries))
        return [None] * len(deliveries)

    bury = deliver


def main(folder: Path) -> None:
    state = State.in_folder(folder, EVENTS)
    deliveries = Deliveries(state, File(folder / "arrived"), Tallies(tallies), SystemClock())
    while deliveries.step() == 0.0:
        pass
    deliveries.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
