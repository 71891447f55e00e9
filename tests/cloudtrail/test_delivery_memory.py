from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine  # whole processes: not for the quick minute

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "delivery.py"


def peak_mb(backlog: int) -> int:
    """The largest resident set of a process that delivers so many events, in MB."""
    output = subprocess.check_output([sys.executable, BENCHMARK, "--memory", str(backlog)], text=True, timeout=120)
    return int(output)


def test_memory_does_not_grow_with_the_backlog() -> None:
    small, large = peak_mb(60_000), peak_mb(300_000)  # 70 MB and 350 MB of records
    assert large <= small * 1.1
    assert large < 250
