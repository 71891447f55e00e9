"""Named points at which a crash test can kill the process. Free when off: nothing is looked up unless one is armed.

`FAILPOINTS="delivery.uploaded=kill@3,history.sealed=raise"` arms two points: the third time the first is reached
the process dies as by `kill -9`; the first time the second is reached it raises. `FAILPOINTS=/a/folder` arms points
while the process runs: whoever first reaches a point whose name a file in the folder has takes the file away and dies.
Only tests set the variable.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

VARIABLE = "FAILPOINTS"
_GRAMMAR = re.compile(r"(?P<name>[a-z_.]+)=(?P<action>kill|raise)(?:@(?P<nth>\d+))?")


class FailpointReached(Exception):
    """A point armed with `raise` was reached."""


class _Point:
    def __init__(self, action: str, nth: int) -> None:
        self.action = action
        self.left = nth
        self.lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self.lock:
            self.left -= 1
            if self.left != 0:
                return
        if self.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise FailpointReached(name)


_armed: dict[str, _Point] = {}
_folder: Path | None = None


def failpoint(name: str) -> None:
    """The process may die here. `name` is `room.what_has_just_happened`."""
    if _armed and (point := _armed.get(name)) is not None:
        point.reach(name)
    if _folder is not None:
        _reach_file(_folder / name)


def _reach_file(file: Path) -> None:
    """Of all processes only the one that takes the file away dies."""
    try:
        file.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def arm(text: str) -> None:
    """Arm exactly the points of `text`, written as in `FAILPOINTS`; an empty text disarms all.

    Args:
        text: an absolute path is the folder whose files arm points.

    Raises:
        ValueError: `text` is not of that form.
    """
    global _folder
    _folder = Path(text) if text.startswith("/") else None
    points: dict[str, _Point] = {}
    for part in filter(None, (part.strip() for part in ("" if _folder else text).split(","))):
        match = _GRAMMAR.fullmatch(part)
        if match is None:
            raise ValueError(f"{VARIABLE}: {part!r} is not NAME=kill@N or NAME=raise@N")
        points[match["name"]] = _Point(match["action"], int(match["nth"] or 1))
    _armed.clear()
    _armed.update(points)


arm(os.environ.get(VARIABLE, ""))
