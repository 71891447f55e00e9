from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.eventbridge.archives.rig import Rig

from cairn.core.clock import TestClock


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[Rig]:
    rig = Rig(tmp_path, clock)
    yield rig
    rig.close()
