"""What strikes while calls go on. Each fault breaks something, and has it whole again when it returns.

A fault gets the stage, its dice, and a way to wait until something is so; it says in a few words what it did.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from lossless.stage import EU, EVERYWHERE, IRELAND, SEALED, US, Stage, make_trail_bucket
from tests.contract.test_tutorial import bucket_policy

from cairn.core.frozen import freeze

Fault = Callable[[Stage, random.Random], str]

PROCESSES = ("nats-server", "weed", "moto", "worker", "gateway-0", "gateway-1")
POINTS = (
    "gateway.sent",
    "moto.taken",
    "moto.written",
    "history.appended",
    "delivery.staged",
    "delivery.spooled",
    "delivery.uploading",
    "delivery.uploaded",
    "delivery.uploaded_all",
    "delivery.committing",
    "delivery.committed",
    "digests.signed",
    "digests.staged",
    "digests.put",
    "digests.committing",
    "digests.committed",
    "checkpoints.signed",
    "checkpoints.published",
    "logs.put_written",
    "logs.put_durable",
    "logs.sent",
    "metric_filters.published",
    "metric_filters.durable",
    "events.gathered",
    "events.given",
    "events.delivered",
    "events.noted",
)
"""Where processes die, by their names in the source: of what calls and their records pass on their way."""
REACHED_S = 30.0
"""How long a point may take to be reached."""
AWAY_S = (1.0, 4.0)
CLOCK_S = (-45.0, 45.0)
"""How far the clock is set: not so far that signatures are too old, and far enough to be in another slot."""
LEFT_BYTES = 8 << 20
"""What a full disk has left: so much that SeaweedFS, which looks once a minute, does not make its volumes read-only."""
FULL_S = 8.0
PATIENCE_S = 90.0
"""Within which what was broken is whole again."""


def until(done: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it never was.
    """
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.2)


def pids(stage: Stage, kind: str) -> list[int]:
    """The processes of a kind that run now."""
    found = []
    for pid in stage.cairn.children():
        with contextlib.suppress(OSError):
            if kind.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def kill(kind: str, stage: Stage, dice: random.Random) -> str:
    """kill -9 of one process; its supervisor starts it again."""
    victims = pids(stage, kind)
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return f"killed {len(victims)}"


def kill_all(stage: Stage, dice: random.Random) -> str:
    """kill -9 of everything, as a power cut would, and a new `cairn up`."""
    stage.cairn.kill()
    stage.cairn.start()
    return "killed, and started again"


def die_at(point: str, stage: Stage, dice: random.Random) -> str:
    """Whoever reaches a named point next dies there."""
    armed = stage.points / point
    armed.touch()
    try:
        until(lambda: not armed.exists(), point, REACHED_S)
    except TimeoutError:
        armed.unlink(missing_ok=True)
        return "was not reached"
    return "died there"


def die_resolving(stage: Stage, dice: random.Random) -> str:
    """As `die_at`, where calls that a gateway's death cut off are recorded: so a gateway dies first."""
    kill("gateway-0", stage, dice)
    return die_at("intents.resolved", stage, dice)


def stall(kind: str, stage: Stage, dice: random.Random) -> str:
    """A process stands still for a while."""
    seconds = dice.uniform(*AWAY_S)
    victims = pids(stage, kind)
    for pid in victims:
        with contextlib.suppress(OSError):
            freeze(pid)
    time.sleep(seconds)
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    return f"stood still for {seconds:.1f} s"


def cut(kind: str, stage: Stage, dice: random.Random) -> str:
    """An upstream is gone for a while: connections are refused."""
    seconds = dice.uniform(*AWAY_S)
    supervisor = stage.cairn.folder.runtime().pid
    freeze(supervisor)
    try:
        for pid in pids(stage, kind):
            os.kill(pid, signal.SIGKILL)
        time.sleep(seconds)
    finally:
        os.kill(supervisor, signal.SIGCONT)
    return f"gone for {seconds:.1f} s"


def bucket_without_policy(stage: Stage, dice: random.Random) -> str:
    """CloudTrail may not write to a trail's bucket."""
    _surely(lambda: stage.client("s3").delete_bucket_policy(Bucket=EVERYWHERE))
    told = _wait_for_error(stage, EVERYWHERE)
    policy = json.dumps(bucket_policy(EVERYWHERE))
    _surely(lambda: stage.client("s3").put_bucket_policy(Bucket=EVERYWHERE, Policy=policy))
    return told


def bucket_gone(stage: Stage, dice: random.Random) -> str:
    """A trail's bucket is emptied and deleted, and made anew; `cairn redeliver` brings back what it had."""
    s3 = stage.client("s3")

    def gone() -> bool:
        with contextlib.suppress(ClientError, BotoCoreError):
            for found in s3.list_objects_v2(Bucket=IRELAND).get("Contents", ()):
                s3.delete_object(Bucket=IRELAND, Key=found["Key"])
            s3.delete_bucket(Bucket=IRELAND)
            return True
        return False

    until(gone, "the bucket can be deleted")
    told = _wait_for_error(stage, IRELAND)
    _surely(lambda: make_trail_bucket(stage, IRELAND))
    return told


def key_disabled(stage: Stage, dice: random.Random) -> str:
    """A trail's KMS key cannot be used."""
    _surely(lambda: stage.client("kms").disable_key(KeyId=stage.key))
    told = _wait_for_error(stage, SEALED)
    _surely(lambda: stage.client("kms").enable_key(KeyId=stage.key))
    return told


def clock_stepped(stage: Stage, dice: random.Random) -> str:
    """Somebody sets the clock, forwards or back, and it stays so."""
    seconds = dice.uniform(*CLOCK_S)
    stage.set_clock(seconds)
    return f"set to {seconds:+.0f} s"


def disk_full(stage: Stage, dice: random.Random) -> str:
    """Somebody else's file takes all the room for a while."""
    assert stage.disk is not None
    filler = stage.disk / "filler"
    try:
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _free_bytes(stage.disk) - LEFT_BYTES)
        time.sleep(FULL_S)
    finally:
        filler.unlink()
    return f"full for {FULL_S:.0f} s"


def _free_bytes(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def _wait_for_error(stage: Stage, trail: str) -> str:
    """What GetTrailStatus tells of the trouble, or that it did not come to any."""
    client = stage.client("cloudtrail", EU if trail == IRELAND else US)
    told: list[str] = []

    def error() -> bool:
        with contextlib.suppress(ClientError, BotoCoreError):
            told.append(client.get_trail_status(Name=trail).get("LatestDeliveryError", ""))
        return bool(told and told[-1])

    with contextlib.suppress(TimeoutError):
        until(error, trail, REACHED_S)
    return f"GetTrailStatus told {told[-1]}" if told and told[-1] else "delivered nothing meanwhile"


def _surely(call: Callable[[], object]) -> None:
    """Make a call until it is answered: another fault may still be in its way."""

    def answered() -> bool:
        with contextlib.suppress(ClientError, BotoCoreError):
            call()
            return True
        return False

    until(answered, "a call of the harness's own is answered")


def _faults() -> Iterator[tuple[str, Fault]]:
    for kind in PROCESSES:
        yield f"kill {kind}", partial(kill, kind)
        yield f"stall {kind}", partial(stall, kind)
    for point in POINTS:
        yield f"die at {point}", partial(die_at, point)
    yield "die at intents.resolved", die_resolving
    for kind in ("moto", "weed", "nats-server"):
        yield f"cut {kind}", partial(cut, kind)
    yield "kill everything", kill_all
    yield "bucket without policy", bucket_without_policy
    yield "bucket gone", bucket_gone
    yield "key disabled", key_disabled
    yield "clock stepped", clock_stepped
    yield FULL_DISK, disk_full


FULL_DISK = "disk full"
FAULTS: Mapping[str, Fault] = dict(_faults())
"""Every fault by its name."""
