"""A tree of processes stands still, and goes on: at the end, and when whoever stopped it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cairn.core.frozen import frozen

PARENT = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); sys.stdin.read()"
FREEZER = """
import sys
from cairn.core.frozen import frozen
with frozen(int(sys.argv[1])):
    print("still", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def tree() -> Iterator[list[int]]:
    """A process and its child."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        yield [parent.pid, child]
        os.kill(child, signal.SIGKILL)


def states(pids: list[int]) -> str:
    return "".join(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] for pid in pids)


def test_all_of_a_tree_stands_still_and_goes_on(tree: list[int]) -> None:
    with frozen(tree[0]) as stopped:
        assert stopped == tree
        assert states(tree) == "TT"
    assert "T" not in states(tree)


def test_it_goes_on_when_whoever_stopped_it_is_killed(tree: list[int]) -> None:
    command = [sys.executable, "-c", FREEZER, str(tree[0])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as freezer:
        assert freezer.stdout is not None
        assert freezer.stdout.readline() == b"still\n"
        assert states(tree) == "TT"
        freezer.kill()
    deadline = time.monotonic() + 10
    while "T" in states(tree):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_process_that_is_gone_is_no_trouble() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    with frozen(gone.pid) as stopped:
        assert stopped == []
