"""Delivery is killed at each of its named points, again and again, and still delivers every event exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cloudtrail.generated import FolderStore, GeneratedJournal

from cairn.cloudtrail.check import check_delivered
from cairn.cloudtrail.trail import TrailId, TrailSettings
from cairn.cloudtrail.trails import Trails
from cairn.core.clock import SystemClock
from cairn.core.failpoints import VARIABLE
from cairn.core.state import State, metadata

BATCHES = 2400  # 120 s of 10 events a batch: 3 slots
ROUNDS = 10
POINTS = (
    "delivery.staged",
    "delivery.spooled",
    "delivery.uploading",
    "delivery.uploaded",
    "delivery.uploaded_all",
    "delivery.committing",
    "delivery.committed",
    "notices.published",
)


pytestmark = pytest.mark.engine  # a dozen processes: not for the quick minute


def _deliver(folder: Path, armed: str) -> int:
    """Run the program with points armed. Returns its exit code."""
    program = [sys.executable, "-m", "tests.cloudtrail.generated", str(folder), str(BATCHES)]
    root = Path(__file__).parents[2]
    done = subprocess.run(program, cwd=root, env={**os.environ, VARIABLE: armed}, check=False, timeout=120)
    return done.returncode


def _with_trails(folder: Path) -> Path:
    """`folder`, its saved state holding three trails that log from the journal's beginning."""
    folder.mkdir(exist_ok=True)
    state = State.in_folder(folder)
    metadata.create_all(state.engine)
    nothing_yet: Any = GeneratedJournal(0)
    trails = Trails(state, nothing_yet, SystemClock())
    for number, multi_region in enumerate((True, True, False)):
        trail = TrailId("111122223333", "us-east-1", f"trail-{number}")
        trails.create(trail, TrailSettings(bucket=f"logs-{number}", multi_region=multi_region, topic="told"))
        trails.start_logging(trail)
    state.close()
    return folder


def test_ten_rounds_of_kill_9_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    folder = _with_trails(tmp_path / "disturbed")
    dice = random.Random(7)
    kills = 0
    for number in range(ROUNDS):
        point = POINTS[number % len(POINTS)]
        code = _deliver(folder, f"{point}=kill@{dice.randint(1, 4)}")
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
    assert kills >= ROUNDS // 2
    assert _deliver(folder, "") == 0
    state = State.in_folder(folder)
    journal: Any = GeneratedJournal(BATCHES)
    store: Any = FolderStore(folder / "buckets")
    report = check_delivered(state, journal, store)
    state.close()
    assert report.problems == []
    assert report.files > 50
    assert report.events > 20_000
    assert _announced(folder) == set(_contents(folder))
    # what was delivered after so many deaths is what is delivered without any: names and bytes
    undisturbed = _with_trails(tmp_path / "undisturbed")
    assert _deliver(undisturbed, "") == 0
    assert _contents(folder) == _contents(undisturbed)


def _announced(folder: Path) -> set[str]:
    """Files that the topic was told of, some of them several times."""
    told = [json.loads(line) for line in (folder / "told.txt").read_text().splitlines()]
    return {f"{each['s3Bucket']}/{key}" for each in told for key in each["s3ObjectKey"]}


def _contents(folder: Path) -> dict[str, bytes]:
    root = folder / "buckets"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.json.gz")}
