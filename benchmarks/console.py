"""The console's event history on a large history: the first page of a filter, and its histogram with the facets.

    python benchmarks/history.py --events 10_000_000 --folder FOLDER     # makes one
    python -m benchmarks.console FOLDER [--rounds 5]

The requests are the page's own, as its server answers them over HTTP to somebody who is signed in.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import HEAD, Figure
from benchmarks.history import ACCOUNT
from tests.contract.browsing import Browser
from tests.running import Cairn

FILTERS = (
    "",
    "readonly=false",
    "user=user-007",
    "name=CreateThing03 user=user-007",
    "error=* -source=kms readonly=false",
    "name=*Thing4* ip=10.1.*",
    "resource=*00ab*",
    "requestParameters.maxResults=77",
    '"bucket-00ab"',
)
FACETS = "name,source,user,error"
BUCKETS, FIRST_MS, COUNTS_MS = 90, 150, 800
"""As `ui/src/pages/history` asks."""


def timed(browser: Browser, path: str, rounds: int, **query: Any) -> tuple[list[float], dict[str, Any]]:
    """Milliseconds of each round, the first left out, and the last answer."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = browser.get(path, **query)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, answer.body
    return sorted(times[1:]), answer.json


def figures(cairn: Cairn, rounds: int) -> Iterator[Figure]:
    browser = Browser(cairn).as_administrator()
    for line in FILTERS:
        name = line or "everything"
        times, page = timed(browser, "/events", rounds, query=line, limit=50, within=FIRST_MS)
        note = f"slowest {times[-1]:.0f} ms; {len(page['events'])} events" + (", goes on" if page["partial"] else "")
        yield Figure(f"first page: {name}", statistics.median(times), "ms", goal="300 ms", note=note)
        times, counts = timed(
            browser, "/events/summary", rounds, query=line, fields=FACETS, buckets=BUCKETS, within=COUNTS_MS
        )
        note = f"slowest {times[-1]:.0f} ms; {counts['total']:,} counted" + (", in part" if counts["partial"] else "")
        yield Figure(f"counts: {name}", statistics.median(times), "ms", goal="1,000 ms", note=note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a history, as benchmarks/history.py keeps it")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        cairn = Cairn(Path(name) / "data", {"CAIRN_ACCOUNT_ID": ACCOUNT})
        cairn.folder.path.mkdir(mode=0o700)
        cairn.folder.history.symlink_to(options.folder.absolute())
        cairn.start()
        try:
            print(HEAD)
            for figure in figures(cairn, options.rounds):
                print(figure, flush=True)
        finally:
            cairn.stop()


if __name__ == "__main__":
    main()
