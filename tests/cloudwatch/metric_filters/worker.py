"""A worker with nothing but the sink of metric filters, for tests that kill it: `python -m … FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.cloudwatch.metric_filters.rig import NOW, Rig

from cairn.core.clock import TestClock


def main() -> None:
    rig = Rig(Path(sys.argv[1]), TestClock(NOW + 3600))
    rig.run()
    rig.close()


if __name__ == "__main__":
    main()
