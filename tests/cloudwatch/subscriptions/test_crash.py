"""The worker is killed at each named point of subscriptions, and every event still arrives, few of them twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cloudwatch.subscriptions import rig as rig_module
from tests.cloudwatch.subscriptions.rig import GROUP, ROLE, Rig, stream_arn

from cairn.cloudwatch.subscriptions.filters import SubscriptionFilter
from cairn.core.failpoints import VARIABLE

PUTS = 60
EVENTS_A_PUT = 50
POINTS = ("subscriptions.written", "subscriptions.stored", "subscriptions.delivered")

pytestmark = pytest.mark.engine  # a handful of processes: not for the quick minute


def work(folder: Path, armed: str) -> int:
    """Run the worker with points armed. Returns its exit code."""
    program = [sys.executable, "-m", "tests.cloudwatch.subscriptions.worker", str(folder)]
    root = Path(rig_module.__file__).parents[3]
    done = subprocess.run(program, cwd=root, env={**os.environ, VARIABLE: armed}, check=False, timeout=120)
    return done.returncode


def taken(file: Path, kills: int) -> list[str]:
    """The lines of events that were taken, without those (`kills` at most) that a kill tore: nobody was told them."""
    lines = [line for line in file.read_text().split("\n") if line]
    whole = [line for line in lines if line.endswith('"]')]
    assert len(lines) - len(whole) <= kills
    return whole


def test_every_event_arrives_whenever_the_worker_is_killed(tmp_path: Path, rig: Rig) -> None:
    for name, pattern in (("all", ""), ("odd", "1 ")):
        wanted = SubscriptionFilter(group=GROUP, name=name, pattern=pattern, destination=stream_arn(name), role=ROLE)
        rig.filters.put(wanted)
    put: list[str] = []
    kills = 0
    for number, point in enumerate(POINTS * 2):
        for part in range(PUTS // 6):
            texts = [f"{number}.{part}.{at} x" for at in range(EVENTS_A_PUT)]
            put += texts
            rig.put(*texts)
        kills += work(tmp_path, f"{point}=kill") == -signal.SIGKILL
    assert kills == len(POINTS) * 2
    assert work(tmp_path, "") == 0
    for name, expected in (("all", put), ("odd", [text for text in put if "1 " in text])):
        lines = [tuple(json.loads(line)) for line in taken(tmp_path / f"{name}.taken", kills)]
        by_id = dict(lines)
        assert sorted(by_id.values()) == sorted(expected)
        assert len(lines) - len(by_id) <= kills * EVENTS_A_PUT * 10  # what was under way at a kill, at the most
