"""Making digests is killed at each of its named points, again and again, and there is still exactly one chain."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cloudtrail.digests.generated_digests import MetadataStore
from tests.cloudtrail.generated import BEGAN, GeneratedJournal

from cairn.cloudtrail.check import check_delivered
from cairn.cloudtrail.digests import chains
from cairn.cloudtrail.digests.check import check_digests
from cairn.cloudtrail.trail import TrailId, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import TestClock
from cairn.core.failpoints import VARIABLE
from cairn.core.state import State, metadata

BATCHES = 2400  # 120 s: 2 windows, and the last
ROUNDS = 12
POINTS = (
    "digests.key_written",
    "digests.signed",
    "digests.staged",
    "digests.put",
    "digests.committing",
    "digests.committed",
)

pytestmark = pytest.mark.engine  # a dozen processes: not for the quick minute


def _digest(folder: Path, armed: str) -> int:
    """Run the program with points armed. Returns its exit code."""
    program = [sys.executable, "-m", "tests.cloudtrail.digests.generated_digests", str(folder), str(BATCHES)]
    root = Path(__file__).parents[3]
    done = subprocess.run(program, cwd=root, env={**os.environ, VARIABLE: armed}, check=False, timeout=120)
    return done.returncode


def test_twelve_rounds_of_kill_9_leave_one_whole_chain_a_region(tmp_path: Path) -> None:
    state = State.in_folder(tmp_path)
    metadata.create_all(state.engine)
    nothing_yet: Any = GeneratedJournal(0)
    trails = Trails(state, nothing_yet, TestClock(float(BEGAN)))
    for number, multi_region in enumerate((True, False)):
        trail = TrailId("111122223333", "us-east-1", f"trail-{number}")
        trails.create(trail, TrailSettings(bucket=f"logs-{number}", multi_region=multi_region, validation=True))
        trails.start_logging(trail)
    dice = random.Random(7)
    kills = 0
    for number in range(ROUNDS):
        point = POINTS[number % len(POINTS)]
        code = _digest(tmp_path, f"{point}=kill@{dice.randint(1, 3)}")
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
    assert kills >= ROUNDS // 2
    assert _digest(tmp_path, "") == 0
    journal: Any = GeneratedJournal(BATCHES)
    store: Any = MetadataStore(tmp_path / "buckets")
    assert check_delivered(state, journal, store).problems == []
    assert check_digests(state, store) == []
    with state.read() as connection:
        rows = chains.rows(connection)
    state.close()
    assert {row.outcome for row in rows} == {"delivered"}
    assert len({row.place for row in rows}) == 3
    assert len(rows) == len({(row.bucket, row.key) for row in rows}) >= 10
