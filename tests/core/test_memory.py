"""What is freed goes back to the system."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from cairn.core.memory import give_back


def resident_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")
def test_free_pages_between_pages_in_use_are_given_back() -> None:
    blocks = [bytes(2000) for _ in range(50_000)]
    kept = blocks[::100]
    del blocks
    before = resident_mb()
    give_back()
    assert before - resident_mb() > 50, "of about 95 MB freed"
    assert all(block == bytes(2000) for block in kept)
