"""What is freed goes back to the system, and what was loaded is not looked through for garbage."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
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


POOLS = """
import ctypes, threading
from cairn.core.memory import share_pools
share_pools()
libc, busy = ctypes.CDLL(None), threading.Barrier(9)
def allocate():
    kept = [bytes(2000) for _ in range(1000)]
    busy.wait()
    busy.wait()
threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads: thread.start()
busy.wait()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
busy.wait()
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="the C library is not glibc")
@pytest.mark.parametrize(("environment", "pools"), [({}, 2), ({"MALLOC_ARENA_MAX": "5"}, 5)])
def test_threads_share_pools_and_the_users_word_stands(environment: dict[str, str], pools: int) -> None:
    inherited = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    done = subprocess.run(
        [sys.executable, "-c", POOLS], env=inherited | environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.count("<heap nr=") == pools


LOADED = """
import gc
from cairn.core.memory import loading
try:
    with loading():
        kept = [[number] for number in range(50_000)]
        assert gc.get_count()[0] > 50_000, "nothing was collected meanwhile"
        raise ImportError
except ImportError:
    pass
assert gc.isenabled()
assert gc.get_freeze_count() > 50_000
assert not any(each is kept[-1] for each in gc.get_objects())
"""


def test_what_was_loaded_is_not_looked_through_again() -> None:
    subprocess.run([sys.executable, "-c", LOADED], check=True)
