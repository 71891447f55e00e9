"""What is damaged on disk is told by the commands that people look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.running import Cairn

pytestmark = pytest.mark.engine


def test_a_damaged_segment_is_a_problem_for_status_and_doctor(tmp_path: Path) -> None:
    cairn = Cairn(tmp_path / "data")
    cairn.start()
    try:
        cairn.client("iam").create_user(UserName="alice")
        assert cairn.stop() == 0
        (segment,) = cairn.folder.history.glob("*.db")
        content = segment.read_bytes()
        segment.write_bytes(content[:8192] + bytes(byte ^ 0xFF for byte in content[8192:]))
        cairn.start()
        assert '"check":"history","state":"PROBLEM"' in cairn.cairn("doctor", code=1)
        cairn.cairn("status", code=1)
    finally:
        cairn.kill()
