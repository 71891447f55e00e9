"""Carries out the replays of a folder; a test kills it. Run with the folder as argument."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.eventbridge.archives.rig import Rig

from cairn.core.clock import TestClock


def main(folder: Path) -> None:
    rig = Rig(folder, TestClock())
    rig.run()
    rig.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
