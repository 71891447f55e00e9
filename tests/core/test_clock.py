import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cairn.core.clock import AHEAD, SystemClock, set_ahead, utc

NOW = "from cairn.core.clock import SystemClock as C; print(C().now(), C().monotonic(), flush=True); input()\n"


def test_the_clocks_of_processes_are_ahead_by_what_their_file_says(tmp_path: Path) -> None:
    file = tmp_path / "ahead"
    set_ahead(file, 0)
    program = f"{NOW}{NOW}{NOW}"
    started = subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {AHEAD: str(file)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    before = [float(each) for each in started.stdout.readline().split()]
    assert abs(before[0] - time.time()) < 60
    set_ahead(file, 3600)
    started.stdin.write("\n")
    started.stdin.flush()
    after = [float(each) for each in started.stdout.readline().split()]
    assert all(3600 <= late - early < 3660 for early, late in zip(before, after, strict=True))
    set_ahead(file, 3600, wall=-7200)
    started.stdin.write("\n")
    started.stdin.flush()
    wall, monotonic = (float(each) for each in started.stdout.readline().split())
    assert -7200 <= wall - after[0] < -7140
    assert 0 <= monotonic - after[1] < 60, "only the wall clock was set back"
    started.communicate("\n")
    assert abs(SystemClock().now() - time.time()) < 60, "of others no clock moves"


@pytest.mark.parametrize("seconds", [-1e11, 1e12, 3.6e19, -3.6e19, 1e300, math.inf, math.nan])
def test_a_time_without_a_date_is_no_value_however_far_off_it_is(seconds: float) -> None:
    with pytest.raises(ValueError):
        utc(seconds)
