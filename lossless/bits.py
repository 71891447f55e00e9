"""Bits flipped on disk while Cairn is stopped. What they cost is told, and what the documentation says mends it does.

What may be lost: a log file, until it is delivered again; a segment of the history, until it is built again from the
journal and from log files; batches of the journal that every sink has read.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial

from lossless.audit import faults_of
from lossless.collect import collect, history, settle, status
from lossless.faults import PATIENCE_S, until
from lossless.load import Call, Load
from lossless.stage import EVERYWHERE, HISTORY, THEIRS, TRAILS, Stage, trail_arn_of

BITS = 24
"""Flipped in each file."""
HEAD_BYTES = 4096
"""Of a file, left as they are: an engine that cannot open its file at all is another fault than a flipped bit."""
CALLS_AFTER = 100


def flip_bits(stage: Stage, seed: int, calls: Sequence[Call], began: float) -> Iterator[str]:
    """Flip them; tell what was lost and not told, or not mended."""
    dice = random.Random(f"{seed}.bits")
    yield from _in_the_bucket(stage, dice)
    yield from _in_the_history_and_the_journal(stage, dice, calls, began)
    yield from _calls_go_on(stage, seed, began)


def _in_the_bucket(stage: Stage, dice: random.Random) -> Iterator[str]:
    _flip(stage, dice, ("s3", f"{EVERYWHERE}*.dat"))
    told = [trail for trail in TRAILS if stage.failure("verify", f"s3://{trail}", *_seen(stage))]
    print(f"bits flipped in the bucket engine's volume: cairn verify finds {', '.join(told) or 'nothing'}", flush=True)
    if not told:
        yield "bits flipped in the bucket engine's volume: cairn verify does not tell"
    for trail in told:
        if stage.failure("redeliver", trail_arn_of(stage, trail), "--since", "1d", "--all"):
            yield f"bits flipped in the bucket engine's volume: {trail} cannot be delivered again"
        try:
            until(partial(_is_whole, stage, trail), f"{trail} is whole after cairn redeliver --all")
        except TimeoutError as error:
            yield f"bits flipped in the bucket engine's volume: {error}"


def _is_whole(stage: Stage, trail: str) -> bool:
    return not stage.failure("verify", f"s3://{trail}", *_seen(stage))


def _in_the_history_and_the_journal(
    stage: Stage, dice: random.Random, calls: Sequence[Call], began: float
) -> Iterator[str]:
    _flip(stage, dice, ("history", "*.db"), ("journal", "*.blk"))
    lost = list(faults_of(calls, {HISTORY: history(stage, began)}))
    until(lambda: stage.failure("status"), "bits flipped in journal and history: cairn status tells")
    told = status(stage)
    damaged, faults = told["history"]["damaged"], told["journal"]["faults"]
    print(f"bits flipped in history and journal: status tells {len(damaged)} segments, {faults} faults", flush=True)
    print(f"  {len(lost):,} calls are missing from the history meanwhile", flush=True)
    if lost and not damaged:
        yield f"bits flipped in the history: {len(lost)} calls are missing, and cairn status does not tell"
    for place in (f"s3://{EVERYWHERE}", f"s3://{THEIRS}", str(stage.imports)):
        if stage.failure("rebuild", "--from", place):
            yield f"bits flipped in the history: it cannot be built again from {place}"
    for fault in faults_of(calls, {HISTORY: history(stage, began)}):
        yield f"after bits flipped and cairn rebuild, {fault}"


def _calls_go_on(stage: Stage, seed: int, began: float) -> Iterator[str]:
    """What is answered after all of that is recorded as ever."""
    stage.client("cloudtrail").start_logging(Name=EVERYWHERE)
    load = Load(stage, seed, prefix="after.")
    load.start()
    load.wait_for(CALLS_AFTER, PATIENCE_S)
    load.stop()
    yield from settle(stage)
    for fault in faults_of(load.calls, collect(stage, began)):
        yield f"after bits flipped, {fault}"


def _flip(stage: Stage, dice: random.Random, *files: tuple[str, str]) -> None:
    """Stop Cairn, flip bits in the largest file of each folder that fits the pattern, and start it again."""
    stage.cairn.stop()
    for folder, pattern in files:
        file = max((stage.cairn.folder.path / folder).rglob(pattern), key=lambda path: path.stat().st_size)
        content = bytearray(file.read_bytes())
        for _ in range(BITS):
            content[dice.randrange(HEAD_BYTES, len(content))] ^= 1 << dice.randrange(8)
        file.write_bytes(content)
    stage.cairn.start()


def _seen(stage: Stage) -> tuple[str, str]:
    return ("--checkpoint", str(stage.folder / "checkpoints.json"))
