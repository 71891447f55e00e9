"""A process that hands events over is killed at named points: every event arrives, and few of them twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.eventbridge.deliveries import crashing
from tests.eventbridge.deliveries.rig import TOGETHER, Rig

from cairn.core.clock import TestClock
from cairn.eventbridge.rules.target import Target

EVENTS = 60
TARGETS = [Target(id=name, arn=f"arn:{name}", settings={"InputPath": "$.detail.n"}) for name in "ab"]


@pytest.mark.parametrize("point", ["events.delivered", "events.noted"])
def test_every_event_arrives(tmp_path: Path, clock: TestClock, point: str) -> None:
    rig = Rig(tmp_path, clock)
    rule = rig.rule("r", *TARGETS)
    for target in TARGETS:
        rig.owe(rule, target, *range(EVENTS))
    rig.close()
    kills = 0
    for after in (1, 3):
        environment = os.environ | {"FAILPOINTS": f"{point}=kill@{after}", "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.run([sys.executable, crashing.__file__, tmp_path], env=environment, timeout=120)
        assert process.returncode == -signal.SIGKILL
        kills += 1
    crashing.main(tmp_path)
    arrived = Counter((tmp_path / "arrived").read_text().splitlines())
    assert set(arrived) == {f"{target.id} {number}" for target in TARGETS for number in range(EVENTS)}
    again = sum(arrived.values()) - len(arrived)
    assert again <= kills * TOGETHER * len(TARGETS), "both targets' jobs may have been under way"
    rig = Rig(tmp_path, clock)
    assert rig.waiting() == 0
    assert rig.counted()["SuccessfulInvocationAttempts"] == EVENTS * len(TARGETS)
    rig.close()
