from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cairn.core.failpoints import VARIABLE, FailpointReached, arm, failpoint


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


def test_a_point_that_is_not_armed_does_nothing() -> None:
    arm("room.other=raise")
    failpoint("room.here")


def test_a_point_strikes_the_nth_time_and_once() -> None:
    arm("room.here=raise@2")
    failpoint("room.here")
    with pytest.raises(FailpointReached):
        failpoint("room.here")
    failpoint("room.here")


@pytest.mark.parametrize("text", ["here", "room.here=explode", "room.here=kill@x"])
def test_a_misspelt_variable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NAME=kill"):
        arm(text)


def test_kill_ends_the_process_as_kill_9_does() -> None:
    program = "from cairn.core.failpoints import failpoint; failpoint('room.here'); print('alive')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, VARIABLE: "room.here=kill"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")


def test_a_file_arms_a_point_of_a_process_that_runs_and_strikes_once(tmp_path: Path) -> None:
    program = "from cairn.core.failpoints import failpoint; input(); failpoint('room.here'); print('alive')"
    environment = {**os.environ, VARIABLE: str(tmp_path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    (tmp_path / "room.here").touch()
    outputs = [process.communicate(b"\n")[0] for process in started]
    assert [(process.returncode, output) for process, output in zip(started, outputs, strict=True)] == [
        (-signal.SIGKILL, b""),
        (0, b"alive\n"),
    ]
    assert list(tmp_path.iterdir()) == []
