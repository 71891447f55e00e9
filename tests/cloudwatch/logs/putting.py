"""A process to be killed: it puts events by many threads and for one reader, compacts, and says what was durable.

python -m tests.cloudwatch.logs.putting FOLDER ROUND
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.cloudwatch.logs.rig import ACCOUNT, REGION

from cairn.cloudwatch.logs import LOGS, Compactor, GroupId, LogEvent, LogStore, Once
from cairn.core.clock import SystemClock
from cairn.core.state import State

GROUP = GroupId(ACCOUNT, REGION, "app")
THREADS = 4
PUTS = 40
"""Of each thread."""
READER = "trail:t"


def main(folder: Path, turn: str) -> None:
    clock = SystemClock()
    state = State.in_folder(folder, LOGS)
    store = LogStore(state, clock)
    told = (folder / "told.txt").open("a", buffering=1)  # a line is written whole, and survives a kill

    def put(thread: int) -> None:
        for number in range(PUTS):
            message = f"{turn}-{thread}-{number}"
            store.put(GROUP, "s", [LogEvent(int(clock.now() * 1000), message)] * 2)
            told.write(f"{message}\n")
            if thread == 0 and number % 8 == 7:
                Compactor(store, []).compact_all()

    def follow() -> None:
        """As a sink that reads a journal does: on from where it stands, however often it died."""
        for _ in range(PUTS):
            position = store.position_of(READER)
            store.put(GROUP, "once", [LogEvent(0, str(position + 1))], once=Once(READER, position + 1))

    threads = [threading.Thread(target=put, args=(number,)) for number in range(THREADS)]
    threads.append(threading.Thread(target=follow))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
