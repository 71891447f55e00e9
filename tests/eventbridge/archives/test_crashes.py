"""A worker that is killed in the middle of a replay loses no event and gives none twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.eventbridge.archives import crashing
from tests.eventbridge.archives.rig import Rig

from cairn.core.clock import TestClock

EVENTS = 350


@pytest.mark.parametrize("point", ["events.replaying", "events.replayed"])
def test_every_event_is_replayed_once(tmp_path: Path, clock: TestClock, point: str) -> None:
    rig = Rig(tmp_path, clock)
    archive = rig.archive()
    rig.put(*[rig.event(number, ago_s=number % 5) for number in range(EVENTS)])
    rig.rule("every")
    rig.replay(archive)
    rig.close()
    for after in (1, 2):
        environment = os.environ | {"FAILPOINTS": f"{point}=kill@{after}", "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.run([sys.executable, crashing.__file__, tmp_path], env=environment, timeout=120)
        assert process.returncode == -signal.SIGKILL
    crashing.main(tmp_path)
    rig = Rig(tmp_path, clock)
    assert rig.state_of() == "COMPLETED"
    assert sorted(event["detail"]["n"] for _, event in rig.owed()) == list(range(EVENTS))
    rig.close()
