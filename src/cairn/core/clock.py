"""The only place that reads the time. Everything with a schedule takes a `Clock`."""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

AHEAD = "CLOCK_AHEAD"
"""Names a file that says by how many seconds the clocks of all processes are ahead, and by how many their wall clocks
alone are. Only tests set it."""


class Clock(Protocol):
    """Seconds since the epoch, UTC, and a way to wait that tests can shorten."""

    def now(self) -> float:
        """Wall clock, in seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait until `stop` is set (True) or `seconds` have passed (False)."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time() + sum(_ahead()) if _ahead_by is not None else time.time()

    def monotonic(self) -> float:
        return time.monotonic() + _ahead()[0] if _ahead_by is not None else time.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        return stop.wait(seconds)


def set_ahead(file: Path, seconds: float, *, wall: float = 0.0) -> None:
    """Set the clocks ahead of all processes that were started with `AHEAD` naming this file.

    Args:
        wall: seconds, also negative, by which somebody has set the wall clocks besides.
    """
    if not file.exists():
        file.write_bytes(_SECONDS.pack(0.0, 0.0))
    with file.open("r+b") as opened:
        opened.write(_SECONDS.pack(seconds, wall))


_SECONDS = struct.Struct("dd")


def _mapped(name: str) -> mmap.mmap | None:
    if not name:
        return None
    with Path(name).open("rb") as opened:
        return mmap.mmap(opened.fileno(), _SECONDS.size, access=mmap.ACCESS_READ)


_ahead_by = _mapped(os.environ.get(AHEAD, ""))


def _ahead() -> tuple[float, float]:
    assert _ahead_by is not None
    seconds, wall = _SECONDS.unpack_from(_ahead_by)
    return seconds, wall


class TestClock:
    """A clock that moves only when a test says so. Waiting moves it, and takes no time."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        if stop.is_set():
            return True
        self.advance(seconds)
        return False

    def advance(self, seconds: float) -> None:
        self._now += seconds


def utc(seconds: float) -> datetime:
    """`seconds` since the epoch as an aware datetime in UTC.

    Raises:
        ValueError: the time has no date: of a year before 1 or after 9999.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:  # which of the three it is depends on how far off it is
        raise ValueError(f"{seconds} has no date") from error


def iso_seconds(seconds: float) -> str:
    """`seconds` since the epoch as CloudTrail writes a time: `2023-07-10T11:42:07Z`."""
    return _iso_second(int(seconds // 1))


@lru_cache(maxsize=4096)
def _iso_second(second: int) -> str:
    return utc(second).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> int:
    """Seconds since the epoch of an ISO 8601 time; a time without a zone is UTC.

    Raises:
        ValueError: `text` is no ISO 8601 time.
    """
    return int(_moment(text).timestamp())


def milliseconds_of(text: str) -> int:
    """As `from_iso`, in milliseconds."""
    return int(_moment(text).timestamp() * 1000)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
