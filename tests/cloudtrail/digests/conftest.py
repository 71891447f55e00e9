from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cloudtrail.digests.digest_rig import DigestRig

from cairn.core.clock import TestClock


@pytest.fixture
def rig(tmp_path: Path, clock: TestClock) -> Iterator[DigestRig]:
    rig = DigestRig(tmp_path, clock)
    yield rig
    rig.delivery.close()
    rig.digests.close()
    rig.state.close()
