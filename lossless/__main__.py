"""Proves that an answered call is a durable record, exactly once, whatever fails meanwhile.

    make lossless        or        python -m lossless --calls 20000

Clients call a Cairn of the harness's own while faults strike by a schedule that a seed tells. Exit code 1, and a line
for each call that is missing or there twice, if anything is wrong.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from lossless.bits import flip_bits
from lossless.disk import small_disk
from lossless.faults import FAULTS, FULL_DISK
from lossless.load import Load
from lossless.report import Run, lines_of
from lossless.schedule import Strike, schedule
from lossless.watch import Watch

from lossless import audit, collect, stage

CALLS_BETWEEN = 200
"""Calls that are answered between two faults of a run by time."""
STUCK_S = 120.0
"""Without an answered call for so long, Cairn has not come back."""


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C does it: nothing stays behind
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="lossless-") as folder, small_disk(Path(folder)) as disk:
        data = (disk or Path(folder)) / "data"
        with stage.started(data, Path(folder), disk) as on:
            run = _run(on, options)
        if options.keep:
            shutil.copytree(data, options.keep, ignore=shutil.ignore_patterns("*.sock"))
    for line in lines_of(run):
        print(line)
    return 1 if run.wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000, help="how many are to be answered at least (20,000)")
    parser.add_argument("--minutes", type=float, help="call for so long instead")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30), help="of the schedule; else by chance")
    parser.add_argument("--faults", default="", help="only those whose names begin so")
    parser.add_argument("--strikes", type=int, help="how many faults are to strike (each once)")
    parser.add_argument("--keep", type=Path, help="a folder to copy the data folder to")
    return parser


def _run(on: stage.Stage, options: argparse.Namespace) -> Run:
    began = time.time()
    watch, load = Watch(on.cairn), Load(on, options.seed)
    run = Run(options.seed, load.calls, watch.peak_mb)
    if on.disk is None:
        run.left_out[FULL_DISK] = "no small disk can be mounted here"
    load.start()
    try:
        _strike(on, load, options, run)
        load.stop()
        run.seconds = time.time() - began
        print(f"{load.answered:,} calls were answered; looking for their records", flush=True)
        _audit(on, run, began)
    except TimeoutError as error:
        run.wrong.append(f"it did not come back: {error}")
        run.seconds = run.seconds or time.time() - began
        load.stop()
    run.audit_seconds = time.time() - began - run.seconds
    watch.stop()
    if on.cairn.stop() != 0:
        run.wrong.append("cairn up did not end well")
    return run


def _audit(on: stage.Stage, run: Run, began: float) -> None:
    """Look for every call; then flip bits, and look again."""
    on.set_clock(0)
    run.wrong += collect.settle(on)
    run.found = collect.collect(on, began)
    run.wrong += audit.faults_of(run.calls, run.found)
    run.wrong += audit.never_called(run.calls, run.found)
    run.wrong += audit.miscounted(on, began)
    run.wrong += audit.unwell(on)
    run.wrong += audit.unproven(on, began)
    run.wrong += flip_bits(on, run.seed, run.calls, began)


def _strike(on: stage.Stage, load: Load, options: argparse.Namespace, run: Run) -> None:
    """Let faults strike while calls go on. Before each and after the last, some calls are answered."""
    without = run.left_out.keys() | {name for name in FAULTS if not name.startswith(options.faults)}
    wanted = len(FAULTS) - len(without) if options.strikes is None else options.strikes
    between = CALLS_BETWEEN if options.minutes else options.calls // (wanted + 1)
    ends = time.monotonic() + (options.minutes or 0) * 60
    strikes = schedule(options.seed, without)
    while time.monotonic() < ends if options.minutes else load.answered < options.calls or len(run.strikes) < wanted:
        load.wait_for(between, STUCK_S)
        if len(run.strikes) == options.strikes:
            continue
        if strike := next(strikes, None):
            run.strikes.append((strike.fault, _struck(on, strike)))
            print(f"{load.answered:8,} calls answered; {': '.join(run.strikes[-1])}", flush=True)
    load.wait_for(between, STUCK_S)  # so that Cairn was back from the last too


def _struck(on: stage.Stage, strike: Strike) -> str:
    return FAULTS[strike.fault](on, strike.dice)


if __name__ == "__main__":
    sys.exit(main())
