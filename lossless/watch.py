"""How much memory each process of a Cairn held at most, over all its lives."""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path

from lossless.faults import PROCESSES
from tests.running import Cairn

EVERY_S = 1.0


class Watch:
    """Looks every second, in a thread, until `stop`."""

    def __init__(self, cairn: Cairn) -> None:
        self.peak_mb: defaultdict[str, float] = defaultdict(float)
        """By the kind of process."""
        self._cairn = cairn
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            for pid in self._cairn.children():
                self._look(pid)

    def _look(self, pid: int) -> None:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return  # it has ended meanwhile
        kind = next((kind for kind in PROCESSES if kind in command), "")
        if kind and "VmHWM:" in status:
            peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
            self.peak_mb[kind] = max(self.peak_mb[kind], peak)
