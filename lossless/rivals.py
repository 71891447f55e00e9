"""The same clients on Cairn and on emulators: of the calls that they answered, how many do they show as events?

    python -m lossless.rivals

Each emulator is installed into an environment of its own below `build/`, runs with whatever of its settings keeps most,
and is asked twice: after a plain run, and again after one kill -9 and a start on the same folder.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from lossless.audit import by_marker
from lossless.collect import log_file_records, looked_up
from lossless.faults import until
from lossless.load import Call, Load
from lossless.stage import HISTORY, REGIONS, US, Keys, make_things
from tests.contract.test_tutorial import bucket_policy
from tests.running import Cairn

from cairn.core.clock import utc

BUILD = Path(__file__).parent.parent / "build" / "rivals"
BUCKET = TRAIL = "lossless-rival"
OURS = "cairn"
PAUSE_S = 0.2
"""Between the calls of a client: so slow that no second has more than 50 calls of a service, which is all that some of
them ever answer."""
START_S = 120.0
DELIVERED_S = 90.0
"""How long log files may take."""


@dataclass(frozen=True, slots=True)
class Rival:
    package: str
    python: str
    """The interpreter that it needs, by its name on the path."""
    command: str
    """Below its environment's `bin`."""
    arguments: tuple[str, ...] = ()
    """`{port}` in them is its port."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """`{port}` and `{folder}` in its values are its port and a folder of its own."""


RIVALS = (
    Rival(
        "localemu",
        "python3.13",
        "localemu",
        ("start", "--host", "127.0.0.1", "--port", "{port}"),
        {
            "PERSISTENCE": "1",
            "SNAPSHOT_SAVE_STRATEGY": "SCHEDULED",
            "SNAPSHOT_FLUSH_INTERVAL": "1",
            "OVERRIDE_IN_DOCKER": "0",
            "FILESYSTEM_ROOT": "{folder}",
        },
    ),
    Rival(
        "ministack",
        "python3",
        "ministack",
        (),
        {
            "GATEWAY_PORT": "{port}",
            "CLOUDTRAIL_RECORDING": "1",
            "CLOUDTRAIL_MAX_EVENTS": "1000000",
            "PERSIST_STATE": "1",
            "STATE_DIR": "{folder}/state",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": "{folder}/s3",
        },
    ),
    Rival(
        "moto[all,server]",
        "python3",
        "moto_server",
        ("-H", "127.0.0.1", "-p", "{port}"),
        {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
    ),
)


class Running:
    """A rival's server, and clients for it; a place for a load."""

    def __init__(self, rival: Rival, folder: Path) -> None:
        self.queues: Mapping[str, str] = {}
        self.theirs: Keys = {}
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            self.port = taken.getsockname()[1]
        told = {"port": str(self.port), "folder": str(folder)}
        self._log = folder / "log"
        self._command = [str(BUILD / name_of(rival) / "bin" / rival.command)]
        self._command += [argument.format(**told) for argument in rival.arguments]
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **{name: value.format(**told) for name, value in rival.environment.items()},
            "HOME": str(folder),
        }

    def start(self, *, listens_only: bool = False) -> None:
        """Start it and wait until it answers, or, where it is no AWS by itself, until it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        ready = self._listens if listens_only else self._answers
        until(ready, f"{self._command[0]} answers ({self._log})", START_S)

    def kill(self) -> None:
        """kill -9 of all of it."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """It runs within, and stands still from then on, so that it takes nothing from others."""
        os.killpg(self._process.pid, signal.SIGCONT)
        yield
        os.killpg(self._process.pid, signal.SIGSTOP)

    def client(self, service: str, region: str = US, keys: Keys | None = None, *, retries: int = 5) -> Any:
        given = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.Session(**given, region_name=region).client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            config=Config(retries={"max_attempts": retries}, s3={"addressing_style": "path"}, read_timeout=60),
        )

    def _listens(self) -> bool:
        with closing(socket.socket()) as asking:
            return asking.connect_ex(("127.0.0.1", self.port)) == 0

    def _answers(self) -> bool:
        try:
            self.client("sts", retries=0).get_caller_identity()
        except (BotoCoreError, ClientError):
            return False
        return True


class Ours:
    """A Cairn with the settings that it comes with, but for log files every 15 seconds."""

    def __init__(self, folder: Path) -> None:
        self.queues: Mapping[str, str] = {}
        self.theirs: Keys = {}
        self._cairn = Cairn(folder / "data", {"CAIRN_DELIVERY_INTERVAL": "15s"})

    def start(self) -> None:
        self._cairn.start()

    def kill(self) -> None:
        self._cairn.kill()

    def client(self, service: str, region: str = US, keys: Keys | None = None, *, retries: int = 5) -> Any:
        return self._cairn.client(service, region=region, retries=retries, **(keys or {}))


def name_of(rival: Rival) -> str:
    return rival.package.partition("[")[0]


def install(rival: Rival) -> str:
    """Make its environment, unless there is one; its version."""
    folder = BUILD / name_of(rival)
    if not (folder / "bin" / rival.command).exists():
        subprocess.run([rival.python, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", rival.package], check=True)
    ask = f"from importlib.metadata import version; print(version({name_of(rival)!r}))"
    return subprocess.run([folder / "bin" / "python", "-c", ask], check=True, capture_output=True, text=True).stdout


@contextmanager
def started(rival: Rival, *, listens_only: bool = False) -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="rival-", ignore_cleanup_errors=True) as folder:
        running = Running(rival, Path(folder))
        try:
            running.start(listens_only=listens_only)
            yield running
        finally:
            running.kill()


@contextmanager
def ours() -> Iterator[Ours]:
    with tempfile.TemporaryDirectory(prefix="rival-", ignore_cleanup_errors=True) as folder:
        running = Ours(Path(folder))
        running.start()
        try:
            yield running
        finally:
            running.kill()


def compare(name: str, running_one: AbstractContextManager[Running | Ours], calls: int, seed: int) -> str:
    """Call it, and count; a row of the table."""
    with running_one as running:
        make_things(running)
        trail = _make_trail(running)
        load = Load(running, seed, pause_s=PAUSE_S)
        began = time.time()
        load.start()
        load.wait_for(calls, 600)
        load.stop()
        answered = [call for call in load.calls if call.outcome == "answered"]
        managed = [call for call in answered if HISTORY in call.places]
        cells = [f"{len(answered):,}", f"{len(answered) / load.seconds:.0f}"]
        for again in (False, True):
            if again:
                running.kill()
                running.start()
            cells.append(_history(running, managed, began, began + load.seconds))
            cells.append(_files(running, managed) if trail else "no trail")
    return f"| {name} | {' | '.join(cells)} |"


def _make_trail(running: Running | Ours) -> bool:
    """Whether it lets a trail be made that logs."""
    try:
        running.client("s3").create_bucket(Bucket=BUCKET)
        running.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(bucket_policy(BUCKET)))
        trail = running.client("cloudtrail")
        trail.create_trail(Name=TRAIL, S3BucketName=BUCKET, IsMultiRegionTrail=True)
        trail.start_logging(Name=TRAIL)
    except (BotoCoreError, ClientError):
        return False
    return True


def _history(running: Running | Ours, calls: list[Call], began: float, ended: float) -> str:
    """How many calls LookupEvents shows once. It is asked second by second and service by service: not all of them give
    more than 50 events an answer, or a token for the next."""
    found: dict[str, Mapping[str, Any]] = {}
    for region in REGIONS:
        client = running.client("cloudtrail", region)
        for second in range(int(began) - 1, int(ended) + 2):
            span = {"StartTime": utc(second), "EndTime": utc(second + 1)}
            for service in sorted({call.operation.partition(":")[0] for call in calls}):
                source = {"AttributeKey": "EventSource", "AttributeValue": f"{service}.amazonaws.com"}
                try:
                    events = looked_up(client, {**span, "LookupAttributes": [source]})
                except (BotoCoreError, ClientError) as error:
                    return _reason(error)
                found.update({event["eventID"]: event for event in events})
    return _share(calls, list(found.values()))


def _reason(error: Exception) -> str:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    return f"none ({code})"


def _files(running: Running | Ours, calls: list[Call]) -> str:
    """How many calls are once in the log files, as soon as no more come."""
    deadline, before = time.monotonic() + DELIVERED_S, -1
    records: list[Mapping[str, Any]] = []
    while time.monotonic() < deadline and (len(records) != before or not records):
        before = len(records)
        time.sleep(DELIVERED_S / 4)
        try:
            records = list(log_file_records(running.client("s3"), BUCKET))
        except (BotoCoreError, ClientError) as error:
            return _reason(error)
    return _share(calls, records)


def _share(calls: list[Call], records: list[Mapping[str, Any]]) -> str:
    marked = by_marker(records)
    once = sum(len(marked.get(call.marker, ())) == 1 for call in calls)
    more = sum(len(marked.get(call.marker, ())) > 1 for call in calls)
    return f"{once / len(calls):.1%}" + (f", {more:,} more than once" if more else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("rivals", nargs="*", default=[OURS, *map(name_of, RIVALS)])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C does it: nothing stays behind
    print("| | answered | calls/s | LookupEvents | log files | LookupEvents after kill -9 | log files after kill -9 |")
    print("|---|---|---|---|---|---|---|")
    if OURS in options.rivals:
        print(compare(OURS, ours(), options.calls, options.seed), flush=True)
    for rival in RIVALS:
        if name_of(rival) in options.rivals:
            version = install(rival).strip()
            print(compare(f"{name_of(rival)} {version}", started(rival), options.calls, options.seed), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
