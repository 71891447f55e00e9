"""An answered call is a record: in the history, in the log files and in the log group, once, and counted once by a
metric filter; and a rule's target is told of it, whatever fails meanwhile. The long form is `make lossless`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
SEED, CALLS, STRIKES = 38, 1_200, 12
"""The first strikes of this seed fill the disk, kill everything, take a bucket and a key away, and more."""


@pytest.mark.timeout(900)
def test_answered_calls_are_records_whatever_fails() -> None:
    arguments = ("--calls", CALLS, "--strikes", STRIKES, "--seed", SEED)
    command = [sys.executable, "-m", "lossless", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as harness:
        try:
            said = harness.communicate()[0]
        except BaseException:
            harness.terminate()  # which takes its Cairn with it; killed, it would leave that to other tests
            raise
    assert harness.returncode == 0, said
    assert said.count(" calls answered; ") >= STRIKES
