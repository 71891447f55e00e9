"""A worker with the sink of metric filters and the cleaning, for tests that kill it: `python -m … FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.cloudwatch.metric_filters.rig import NOW, Rig

from cairn.cloudwatch.logs import Cleaner
from cairn.core.clock import TestClock


def main() -> None:
    rig = Rig(Path(sys.argv[1]), TestClock(NOW + 3600))
    cleaner = Cleaner(rig.logs, rig.sink.position)
    while rig.sink.step() == 0.0:
        cleaner.step()
    rig.close()


if __name__ == "__main__":
    main()
