"""A process that puts and compacts is killed at each named point: what it was told is durable is there, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.cloudwatch.logs.putting import GROUP, PUTS, READER, THREADS

from cairn.cloudwatch.logs import LOGS, LogStore
from cairn.core.clock import SystemClock
from cairn.core.failpoints import VARIABLE
from cairn.core.state import State

POINTS = (
    "logs.put_written=kill@7",
    "logs.chunks_packed=kill@2",
    "logs.put_durable=kill@11",
    "logs.chunks_written=kill@1",
    "logs.put_written=kill@30",
    "logs.chunks_written=kill@3",
)

pytestmark = pytest.mark.engine  # seven processes: not for the quick minute


def run(folder: Path, turn: int, armed: str) -> int:
    program = [sys.executable, "-m", "tests.cloudwatch.logs.putting", str(folder), str(turn)]
    environment = {**os.environ, VARIABLE: armed}
    return subprocess.run(program, cwd=Path(__file__).parents[3], env=environment, check=False, timeout=120).returncode


def test_kill_9_at_every_point_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    state = State.in_folder(tmp_path, LOGS)
    state.migrate()
    store = LogStore(state, SystemClock())
    store.groups.create(GROUP)
    for stream in ("s", "once"):
        store.streams.create(GROUP, stream)
    for turn, armed in enumerate(POINTS):
        assert run(tmp_path, turn, armed) == -signal.SIGKILL, f"{armed} was not reached"
    assert run(tmp_path, len(POINTS), "") == 0

    told = (tmp_path / "told.txt").read_text().split()
    stored = Counter(event.message for event in store.read(GROUP, streams=["s"]))
    assert len(told) == len(set(told)) > THREADS * PUTS
    assert set(told) <= stored.keys()
    assert set(stored.values()) == {2}, "a put is there whole, and once"
    followed = [int(event.message) for event in store.read(GROUP, streams=["once"])]
    assert sorted(followed) == list(range(1, store.position_of(READER) + 1))
    assert len({event.place for event in store.read(GROUP)}) == len(followed) + stored.total()
    group = store.groups.get(GROUP)
    sizes = sum(len(event.message) + 26 for event in store.read(GROUP))
    assert store.stored_bytes_of(group) == sizes
    state.close()
