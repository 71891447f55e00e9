"""One running Cairn for all contract tests that do not kill it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.running import Cairn


@pytest.fixture(scope="session")
def cairn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cairn]:
    folder: Path = tmp_path_factory.mktemp("cairn") / "data"
    running = Cairn(folder, {"CAIRN_HISTORY_RETENTION": "90d"})
    running.start()
    yield running
    assert running.stop() == 0
    assert running.children() == []
