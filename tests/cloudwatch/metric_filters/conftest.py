from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cloudwatch.metric_filters.rig import Rig, Templates

from cairn.core.clock import TestClock


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates.make(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def rig(templates: Templates, tmp_path: Path, clock: TestClock) -> Iterator[Rig]:
    templates.copy_to(tmp_path)
    rig = Rig(tmp_path, clock)
    rig.make_group("audit")
    yield rig
    rig.close()
