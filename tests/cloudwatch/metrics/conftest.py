import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cairn.cloudwatch.metrics.store import MetricStore
from cairn.cloudwatch.metrics.tables import METRICS
from cairn.core.clock import TestClock
from cairn.core.state import State


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a database without rows: copying it is quicker than the migrations."""
    folder = tmp_path_factory.mktemp("metrics")
    state = State.in_folder(folder, METRICS)
    state.migrate()
    state.close()
    return folder / "metrics.db"


@pytest.fixture
def state(empty: Path, tmp_path: Path) -> Iterator[State]:
    shutil.copyfile(empty, tmp_path / "metrics.db")
    state = State.in_folder(tmp_path, METRICS)
    yield state
    state.close()


@pytest.fixture
def store(state: State, clock: TestClock) -> MetricStore:
    return MetricStore(state, clock)
