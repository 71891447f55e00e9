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
    done = subprocess.run(
        [sys.executable, "-m", "lossless", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" calls answered; ") >= STRIKES
