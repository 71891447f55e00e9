"""What gave up writing is started again, once there is room."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

from tests.contract.waiting import wait_until

from cairn.core.process import Child
from cairn.core.revival import Revival

GIVES_UP = "trap 'echo x/3.log: no space left on device' USR1; while :; do sleep 0.1; done"


def test_it_is_started_again_once_there_is_room(tmp_path: Path) -> None:
    log_file, room = tmp_path / "log", threading.Event()
    child = Child("engine", ["/bin/sh", "-c", GIVES_UP], log_file=log_file, ready=lambda: True)
    child.start()
    revival = Revival(
        child,
        log_file,
        gave_up=re.compile(rb"\d\.log: no space left"),
        has_room=room.is_set,
        end=signal.SIGKILL,
    )
    revival.start()
    try:
        first = child.pid
        assert first is not None
        _tell(first, log_file)
        threading.Event().wait(1.5)  # three looks
        assert (child.pid, child.restarts) == (first, 0), "there is no room yet"
        room.set()
        wait_until(lambda: child.restarts == 1 and child.pid not in (None, first))
    finally:
        revival.stop()
        child.stop()


def _tell(pid: int, log_file: Path) -> None:
    def told() -> bool:
        os.kill(pid, signal.SIGUSR1)
        return b"no space" in log_file.read_bytes()

    wait_until(told)
