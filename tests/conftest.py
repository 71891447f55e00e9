"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from cairn.core.clock import TestClock

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """Genuine log files, LookupEvents items and the rest; they are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the shared data at {SHARED_DATA}, which a plain clone does not have")
    return SHARED_DATA


@pytest.fixture
def clock() -> TestClock:
    return TestClock()
