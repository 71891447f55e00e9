"""Engines for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.account.moto.running import Running


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Starts an engine of a test's own."""
    running: list[Running] = []

    def begin() -> Running:
        running.append(Running(tmp_path))
        running[-1].engine.start()
        return running[-1]

    yield begin
    for one in running:
        one.engine.stop()


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One engine for a file's tests."""
    running = Running(tmp_path_factory.mktemp("moto"))
    running.engine.start()
    yield running
    running.engine.stop()
