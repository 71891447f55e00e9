import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cairn.core.process import Child, ChildFailed

LOOP = "import time, pathlib, sys; pathlib.Path(sys.argv[1]).write_text('up')\nwhile True: time.sleep(1)"


def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def child_of(tmp_path: Path, code: str = LOOP) -> Child:
    mark = tmp_path / "mark"
    return Child(
        "loop", [sys.executable, "-c", code, str(mark)], log_file=tmp_path / "log", ready=lambda: mark.exists()
    )


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    child = child_of(tmp_path)
    child.start()
    try:
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: child.pid not in (None, first))
        assert child.restarts == 1
    finally:
        child.stop()
    assert child.pid is None


def test_a_child_that_ends_while_starting_says_its_last_words(tmp_path: Path) -> None:
    child = child_of(tmp_path, "import sys; sys.exit('no such luck')")
    with pytest.raises(ChildFailed, match="no such luck"):
        child.start()


def test_words_of_a_process_before_are_not_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("an old complaint\n")
    with pytest.raises(ChildFailed) as raised:
        child_of(tmp_path, "import sys; sys.exit(3)").start()
    assert "ended with 3" in raised.value.message
    assert "an old complaint" not in raised.value.message


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, time; from cairn.core.process import Child\n"
        "mark = pathlib.Path(sys.argv[1])\n"
        f"child = Child('loop', [sys.executable, '-c', {LOOP!r}, str(mark)], log_file=mark.with_name('log'),"
        " ready=mark.exists)\n"
        "child.start(); print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "mark")], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()

    def gone() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"
        except FileNotFoundError:
            return True

    until(gone)
