"""Starting an engine again that gave up writing when its disk was full, and would not try again by itself."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from cairn.core.clock import SystemClock
from cairn.core.process import Child

log = logging.getLogger(__name__)

WATCH_S = 0.5
PAUSE_S = 30.0
"""Between two restarts: what a log says may be a stranger's words."""

_clock = SystemClock()


class Revival:
    """Watches the log of a child in a thread.

    Args:
        gave_up: what the child logs once it stores nothing more until it is started again.
        has_room: whether the disk has room again.
        end: by what signal the child ends; `Child` starts it again.
    """

    def __init__(
        self,
        child: Child,
        log_file: Path,
        *,
        gave_up: re.Pattern[bytes],
        has_room: Callable[[], bool],
        end: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._child = child
        self._log_file = log_file
        self._gave_up = gave_up
        self._has_room = has_room
        self._end = end
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"revive {child.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        read = self._log_file.stat().st_size
        broken, ended, not_before = False, None, 0.0
        while not _clock.wait(self._stop, WATCH_S):
            lines, read = self._log_from(read)
            if ended is not None:  # what is read until another runs may be the last words of the one that was ended
                ended = ended if self._child.pid in (ended, None) else None
                continue
            if not broken and self._gave_up.search(lines):
                log.error("%s cannot write; it is started again once there is room", self._child.name)
                broken = True
            if broken and _clock.monotonic() >= not_before and self._has_room():
                log.warning("%s gave up writing, and is started again", self._child.name)
                ended = self._end_child()
                broken, not_before = False, _clock.monotonic() + PAUSE_S

    def _end_child(self) -> int | None:
        """Returns the process id of the one that was ended."""
        pid = self._child.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, self._end)
        return pid

    def _log_from(self, offset: int) -> tuple[bytes, int]:
        """What the child logged since `offset`, and the offset behind it."""
        with self._log_file.open("rb") as file:
            if self._log_file.stat().st_size >= offset:  # else it was started afresh
                file.seek(offset)
            return file.read(), file.tell()
