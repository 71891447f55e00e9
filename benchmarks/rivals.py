"""Small S3 GET and PUT, and a recorded call, through Cairn and through what else records or emulates, in one run.

    python -m benchmarks.rivals [--seconds 1] [--rounds 3] [--connections 1 16] [--rivals mitmproxy localemu ...]

mitmproxy stands before the same SeaweedFS as Cairn does, and keeps nothing; the emulators answer from stores of their
own. Each is installed into an environment of its own below `build/`. All ways take turns; a rival stands still in
those of the others.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.figures import HEAD, Figure
from benchmarks.gateway import BUCKET, CALLS, QUEUE, Requests, json_requests, running, s3_requests, targets
from benchmarks.load import Client, Measured, Target, client_process, together
from lossless.rivals import RIVALS, Rival, Running, install, name_of, started

from cairn.wire.signing import Credentials

MITMPROXY = Rival(
    "mitmproxy",
    "python3",
    "mitmdump",
    ("--quiet", "--listen-host", "127.0.0.1", "--listen-port", "{port}", "--set", "keep_host_header=true", "--mode"),
)
TEST = Credentials("test", "test")
RECORDED = "sqs ListQueues"
"""A call that Cairn records before it is answered."""

Ways = Mapping[str, Target]
Places = dict[str, Running]
"""The rivals' servers, by the names of their ways."""


def ways_to(stack: ExitStack, folder: Path, names: Sequence[str], recording: str) -> tuple[Ways, Ways, Places]:
    """Where S3 is asked and where SQS is, by name, each with the bucket and the queue that are asked for."""
    places: Places = {}
    cairn = stack.enter_context(running(folder / recording, CAIRN_RECORDING_DATA_EVENTS=recording))
    s3, sqs = targets(cairn, "s3"), targets(cairn, "sqs")
    buckets = {"cairn": s3["through"], "the engine alone": s3["direct"]}
    queues = {"cairn": sqs["through"], "moto alone": sqs["direct"]}
    for rival in (MITMPROXY, *RIVALS):
        name = name_of(rival)
        if name not in names:
            continue
        version = install(rival).strip()
        engine = s3["direct"]
        if rival is MITMPROXY:
            rival = replace(rival, arguments=(*rival.arguments, f"reverse:http://{engine.host}:{engine.port}"))
        place = stack.enter_context(started(rival, listens_only=name == "mitmproxy"))
        label = f"{name} {version}"
        places[label] = place
        if name == "mitmproxy":
            buckets[label] = replace(engine, host="127.0.0.1", port=place.port)
            continue
        place.client("s3").create_bucket(Bucket=BUCKET)
        place.client("sqs").create_queue(QueueName=QUEUE)
        buckets[label] = Target("127.0.0.1", place.port, TEST, "s3")
        queues[label] = Target("127.0.0.1", place.port, TEST, "sqs")
    return buckets, queues, places


def compare(
    client: Client, name: str, ways: Ways, places: Places, requests: Mapping[str, Requests], options: Any
) -> Iterator[Figure]:
    """All ways in turns: Cairn's rate beside that of each."""
    rounds: dict[str, list[Measured]] = {way: [] for way in ways}
    for number in range(options.rounds + 1):
        for way, target in ways.items():
            with places[way].alone() if way in places else nullcontext():
                found = client.drive(target, requests[way], options.seconds if number else 0.3)
            assert found.failures == 0, f"{found.failures} calls of {name} failed at {way}"
            if number:  # the first round only warms
                rounds[way].append(found)
    ours = together(rounds.pop("cairn"))
    for way, parts in rounds.items():
        theirs = together(parts)
        note = f"p50 {ours.percentile(0.5):.2f} ms, {theirs.percentile(0.5):.2f} ms there"
        spread = f"{min(part.rate for part in parts):,.0f} to {max(part.rate for part in parts):,.0f}"
        yield Figure(name, ours.rate, "calls/s", way, theirs.rate, note=f"{note}; rounds there {spread} calls/s")


def figures(folder: Path, client: Client, options: Any) -> Iterator[Figure]:
    for recording in options.recording:
        with ExitStack() as stack:
            buckets, queues, places = ways_to(stack, folder, options.rivals, recording)
            for to in buckets.values():
                everything = s3_requests(to, "PUT", max(options.connections), bytes(options.bytes))
                assert client.drive(to, everything, 60.0, again=False).failures == 0
            for place in places.values():
                with place.alone():
                    pass
            for connections in options.connections:
                for method in ("PUT", "GET"):
                    name = f"S3 {method} x{connections}, data events {recording}"
                    requests = {
                        way: s3_requests(to, method, connections, bytes(options.bytes)) for way, to in buckets.items()
                    }
                    yield from compare(client, name, buckets, places, requests, options)
                _, operation, version, parameters = CALLS[RECORDED]
                asked = {
                    way: json_requests(to, operation, version, parameters, connections) for way, to in queues.items()
                }
                yield from compare(client, f"{RECORDED} x{connections}", queues, places, asked, options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="a round, each way")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--recording", nargs="+", default=["none", "all"])
    parser.add_argument("--bytes", type=int, default=1024)
    parser.add_argument("--rivals", nargs="+", default=["mitmproxy", *map(name_of, RIVALS)])
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C does it: nothing stays behind
    print(HEAD)
    with tempfile.TemporaryDirectory() as name, client_process() as client:
        for figure in figures(Path(name), client, options):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
