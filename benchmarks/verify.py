"""Verification: log files a second on one bucket, `cairn verify` beside `aws cloudtrail validate-logs`.

    python -m benchmarks.verify [--hours 48] [--files 12] [--records 3 200]

Both are run as people run them, in turns, on the same bucket of a SeaweedFS on this machine, which shares the cores
with them. "Without start" leaves out what each takes for an empty range: starting, and asking for keys. "CPU" is what
the tool itself used, start included, whatever else kept the machine busy. The floor is the same GETs signed beforehand
and only framed, and "engine" what the SeaweedFS used for each of those: no tool that reads every file gets below it.
With `--delay-ms` every request takes so much longer, as to a bucket that is not on this machine.
"""

from __future__ import annotations

import argparse
import resource
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figures import HEAD, Figure
from benchmarks.load import Target, client_process, cpu_seconds
from tests.cloudtrail.verify.bucket import HOUR, make_chain
from tests.cloudtrail.verify.world import Said, World, world

from cairn.cloudtrail.verify.reading import THREADS
from cairn.core.clock import iso_seconds
from cairn.wire.signing import Credentials

GOAL = ">= 10"
FLOOR_CONNECTIONS = THREADS
FLOOR_S = 120.0
BEGAN = 1_790_000_000 // HOUR * HOUR


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=48)
    parser.add_argument("--files", type=int, default=12)
    parser.add_argument("--records", type=int, nargs="+", default=[3, 200])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    options = parser.parse_args()
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as found:
        if options.delay_ms:
            found.endpoint = delayed(found.endpoint, options.delay_ms / 1000)
        for records in options.records:
            for figure in measure(found, options.hours, options.files, records, options.rounds):
                print(figure, flush=True)


def measure(found: World, hours: int, files: int, records: int, rounds: int) -> list[Figure]:
    """Log files a second of both tools, whole and without their start."""
    bucket = f"bench-{records}"
    made = make_chain(hours=hours, files=files, bucket=bucket, records=records, start=BEGAN)
    found.s3.create_bucket(Bucket=bucket)
    for key, (content, metadata, _) in made.objects.items():
        found.put(bucket, key, content, metadata)
    number = hours * files
    kilobytes = sum(len(made.objects[key].content) for keys in made.logs for key in keys) / number / 1000
    begin, after = iso_seconds(BEGAN), iso_seconds(BEGAN + (hours + 10) * HOUR)
    best: dict[str, float] = {}
    used: dict[str, float] = {}
    for _ in range(rounds):
        for name, tool in (
            ("aws", lambda start: found.validate_logs(bucket, start)),
            ("cairn", lambda start: found.verify(f"s3://{bucket}", start)),
        ):
            for what, start in ((name, begin), (f"{name} empty", after)):
                took, cpu, said = timed(tool, start)
                assert said.code == 0, said.err
                assert what.endswith("empty") or f"{number}/{number} log files valid" in said.out, said.out
                best[what] = min(best.get(what, took), took)
                used[what] = min(used.get(what, cpu), cpu)
    name = f"verify, log files of {kilobytes:.0f} KB"
    aws, cairn = best["aws"], best["cairn"]
    bare, engine = floor(found, bucket, [key for keys in made.logs for key in keys])
    net_aws, net_cairn = aws - best["aws empty"], cairn - best["cairn empty"]
    return [
        Figure(name, number / cairn, "files/s", "validate-logs", number / aws, GOAL),
        Figure(f"{name}, without start", number / net_cairn, "files/s", "validate-logs", number / net_aws, GOAL),
        Figure(f"{name}, without start", number / net_cairn, "files/s", "bare GETs", bare),
        Figure(f"{name}, engine's CPU a bare GET", engine * 1e6, "us"),
        Figure(f"{name}, CPU", used["cairn"] * 1e6 / number, "us/file", "validate-logs", used["aws"] * 1e6 / number),
    ]


def floor(found: World, bucket: str, keys: list[str]) -> tuple[float, float]:
    """Bare GETs of all these objects: how many a second, and the engine's seconds of CPU for each."""
    parts = urlsplit(found.endpoint)
    credentials = found.engine.credentials
    target = Target(
        parts.hostname or "",
        parts.port or 80,
        Credentials(credentials.access_key_id, credentials.secret_access_key),
        "s3",
    )
    requests = [target.request("GET", f"/{bucket}/{key}") for key in keys]
    pid = found.engine.pid
    assert pid is not None
    with client_process() as client:
        client.drive(target, [requests[:50]], FLOOR_S, again=False)
        before = cpu_seconds(pid)
        measured = client.drive(
            target, [requests[number::FLOOR_CONNECTIONS] for number in range(FLOOR_CONNECTIONS)], FLOOR_S, again=False
        )
    assert not measured.failures
    return measured.rate, (cpu_seconds(pid) - before) / len(keys)


def timed(tool: Callable[[str], Said], start: str) -> tuple[float, float, Said]:
    """Seconds, seconds of the tool's CPU, and what it said."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = tool(start)
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said


def delayed(endpoint: str, delay_s: float) -> str:
    """A way to `endpoint` on which every request takes `delay_s` longer."""
    target = urlsplit(endpoint)
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, pause_s: float) -> None:
        try:
            while content := source.recv(1 << 16):
                time.sleep(pause_s)
                sink.sendall(content)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def accept() -> None:
        while True:
            near, _ = listening.accept()
            far = socket.create_connection((target.hostname, target.port))
            threading.Thread(target=pump, args=(near, far, delay_s), daemon=True).start()
            threading.Thread(target=pump, args=(far, near, 0.0), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


if __name__ == "__main__":
    main()
