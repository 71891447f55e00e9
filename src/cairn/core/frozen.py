"""Processes that stand still for a moment, and go on whatever becomes of us."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from cairn.core.errors import CairnError

STILL_S = 30.0


class NotFrozen(CairnError):
    """A process could not be made to stand still."""


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[list[int]]:
    """Stop a process and all that it started, and let them go on at the end. Linux only.

    If we are killed meanwhile, they go on too: a guardian of ours waits for our end of a pipe to close.

    Yields:
        The processes that stand still, parents first.

    Raises:
        NotFrozen: one belongs to somebody else, or did not stop in time. None stands still then.
    """
    stopped: list[int] = []
    reading, writing = os.pipe()
    guardian = _guard(pid, reading, writing)
    os.close(reading)
    try:
        # A process that is stopped starts no other: once a look at the tree finds none that runs, there is none.
        while running := [member for member in _tree(pid) if member not in stopped]:
            for member in running:
                freeze(member)
            stopped += running
        yield stopped
    finally:
        os.close(writing)
        os.waitpid(guardian, 0)


def _guard(pid: int, reading: int, writing: int) -> int:
    """A process of its own session that lets a tree go on when our end of the pipe is closed."""
    guardian = os.fork()
    if guardian:
        return guardian
    try:
        os.setsid()
        os.close(writing)
        os.read(reading, 1)
        for member in _tree(pid):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(member, signal.SIGCONT)
    finally:
        os._exit(0)


def freeze(pid: int) -> None:
    """Stop one process until SIGCONT, and wait until every thread of it stands still. One that is gone is no trouble.

    Raises:
        NotFrozen: it belongs to somebody else, or did not stop in time.
    """
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return
    except PermissionError:
        raise NotFrozen(
            f"process {pid} belongs to somebody else", advice="Run this as the user of the server."
        ) from None
    deadline = time.monotonic() + STILL_S
    while not _is_still(pid):
        if time.monotonic() > deadline:
            raise NotFrozen(f"process {pid} did not stop within {STILL_S:.0f} s")
        time.sleep(0.005)


def _is_still(pid: int) -> bool:
    """Whether every thread of a process is stopped: one takes the signal, and the others run on until that one gets to
    it, which may wait for the disk."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return all(_state(thread) in "TtZX" for thread in threads)
    except FileNotFoundError:  # of a thread, or of all
        return not Path(f"/proc/{pid}").exists()


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(") ")[2][0]


def _tree(pid: int) -> list[int]:
    """A process and all below it, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid] if Path(f"/proc/{pid}").exists() else []
    for member in found:
        found += children.get(member, [])
    return found
