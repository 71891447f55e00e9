"""How often an account may look up in a region, counted over all processes."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from cairn.core.clock import Clock
from cairn.core.durable import private_folder

FILE = "rate.sqlite"
ROWS_MAX = 10_000


class LookupRate:
    """A token bucket an account, region and operation: `rate` a second, and as many at once."""

    def __init__(self, folder: Path, rate: float, clock: Clock) -> None:
        """`rate` is in calls a second; 0 sets no limit, and nothing is stored."""
        self._folder = folder
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def admits(self, account: str, region: str, operation: str = "LookupEvents") -> bool:
        """Count a call, and tell whether it is within the rate. One that is not costs nothing."""
        if self._rate <= 0:
            return True
        with self._lock:
            connection = self._connection or self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                admitted = self._count(connection, f"{account}/{region}/{operation}")
            finally:
                connection.execute("COMMIT")
            return admitted

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _count(self, connection: sqlite3.Connection, who: str) -> bool:
        """Each call moves the bucket's `empty_until` one interval on, unless it is already a burst ahead of now."""
        now, interval = self._clock.now(), 1 / self._rate
        burst = max(1.0, self._rate) * interval
        found = connection.execute("SELECT empty_until FROM buckets WHERE who = ?", (who,)).fetchone()
        empty_until = max(now, found[0] if found else now)
        if empty_until + interval > now + burst + 1e-6:
            return False
        if found is None and connection.execute("SELECT count(*) FROM buckets").fetchone()[0] >= ROWS_MAX:
            connection.execute("DELETE FROM buckets WHERE empty_until < ?", (now,))
        connection.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?)", (who, empty_until + interval))
        return True

    def _open(self) -> sqlite3.Connection:
        path = private_folder(self._folder) / FILE
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")  # after a power cut everybody begins with a full bucket
        connection.execute("CREATE TABLE IF NOT EXISTS buckets (who TEXT PRIMARY KEY, empty_until REAL NOT NULL)")
        self._connection = connection
        return connection
