from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cloudwatch.alarms.world import World

from cairn.cloudwatch.alarms.tables import ALARMS
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.core.clock import TestClock
from cairn.core.state import State


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Makes databases without rows: copying them is quicker than the migrations."""
    folder = tmp_path_factory.mktemp("alarms")
    files = {}
    for schema in (ALARMS, METRICS):
        state = State.in_folder(folder, schema)
        state.migrate()
        state.close()
        files[f"{schema.name}.db"] = (folder / f"{schema.name}.db").read_bytes()

    def make(into: Path) -> None:
        for name, content in files.items():
            (into / name).write_bytes(content)

    return make


@pytest.fixture
def world(empty: Any, tmp_path: Path) -> Iterator[World]:
    empty(tmp_path)
    world = World(tmp_path, TestClock(1_700_000_000.0))  # 22:13:20 UTC: a multiple of 10 s, 20 s into a minute
    yield world
    world.close()
