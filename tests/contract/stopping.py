"""A worker that stands still while others go on."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from pathlib import Path

from tests.contract.waiting import wait_until
from tests.running import Cairn

SETTLES_S = 0.2
"""Within which every thread of a process has taken a signal, and a commit of another process has ended."""


def stop_worker(cairn: Cairn) -> None:
    """The worker stands still, between two of its transactions: one that stands inside has others wait for its lock."""
    worker = int((cairn.folder.path / "worker.ready").read_text())

    def stands_outside() -> bool:
        os.kill(worker, signal.SIGSTOP)
        time.sleep(SETTLES_S)
        if all(_can_be_written(path) for path in cairn.folder.path.glob("*.db")):
            return True
        os.kill(worker, signal.SIGCONT)
        return False

    wait_until(stands_outside)


def _can_be_written(database: Path) -> bool:
    with contextlib.closing(sqlite3.connect(database, timeout=SETTLES_S, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.rollback()
    return True
