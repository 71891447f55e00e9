"""The sink is killed with -9 at each of its named points, again and again, and counts every match once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cloudwatch.metric_filters.rig import ACCOUNT, MINUTE, NOW, REGION, STREAM, Rig, Templates

from cairn.cloudwatch.logs import GroupId
from cairn.core.clock import TestClock
from cairn.core.failpoints import VARIABLE

pytestmark = pytest.mark.engine  # seven processes: not for the quick minute

AUDIT = GroupId(ACCOUNT, REGION, "audit")
POINTS = ("metric_filters.published", "metric_filters.durable")


def _work(folder: Path, armed: str) -> int:
    """Run a worker with points armed. Returns its exit code."""
    program = [sys.executable, "-m", "tests.cloudwatch.metric_filters.worker", str(folder)]
    root = Path(__file__).parents[3]
    environment = {**os.environ, VARIABLE: armed}
    return subprocess.run(program, cwd=root, env=environment, check=False, timeout=120).returncode


def _make(rig: Rig) -> None:
    rig.make_group("audit")
    rig.put_filter("x", defaultValue=0)
    rig.put_filter("{ $.n > 0 }", name="sum", value="$.n")


def test_kill_9_loses_no_match_and_repeats_none(templates: Templates, tmp_path: Path) -> None:
    templates.copy_to(tmp_path)
    rig = Rig(tmp_path, TestClock(NOW))
    _make(rig)
    kills = 0
    for number in range(6):
        rig.put("y", at=MINUTE - 60 * number)
        for _ in range(8):
            rig.put("x", "y", '{"n": 2}', f"y {os.urandom(60_000).hex()}", at=NOW)  # no step takes them all
        rig.logs.streams.delete(AUDIT, STREAM)  # which takes nothing of it back
        rig.logs.streams.create(AUDIT, STREAM)
        if number % 3 == 2:
            rig.logs.groups.delete(AUDIT)
            _make(rig)
        armed = f"{POINTS[number % 2]}=kill@{number % 3 + 1}"
        code = _work(tmp_path, armed)
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
    assert kills > 2
    assert _work(tmp_path, "") == 0
    quiet = {MINUTE - 60 * number: (1.0, 0.0) for number in range(1, 6)}
    assert rig.points() == {NOW: (48, 48)} | quiet
    assert rig.points("sum") == {NOW: (48, 96)}
    rig.close()
