"""What the gateway costs: small S3 GET and PUT, and JSON calls, through a whole Cairn and to the engine directly.

    python -m benchmarks.gateway [--seconds 1] [--rounds 3] [--connections 1 16] [--gateways 1 2]

Direct is the same SeaweedFS (or moto) with its own credentials. Both take turns in one run, since machines differ.
CPU is what each process used per request; it says more than rates where the machine is shared.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.figures import HEAD, Figure
from benchmarks.load import Client, Measured, Target, client_process, cpu_seconds, together
from tests.running import Cairn

from cairn.account.moto.wire_names import ACCOUNT, OPERATION, SECRET
from cairn.wire.signing import Credentials

BUCKET = "benchmark"
KEYS = 5
TABLE, QUEUE = "benchmark", "benchmark"

Requests = Sequence[Sequence[bytes]]


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Cairn]:
    """A whole Cairn with what the loads need."""
    cairn = Cairn(folder, environment)
    cairn.start()
    try:
        cairn.client("s3").create_bucket(Bucket=BUCKET)
        cairn.client("sqs").create_queue(QueueName=QUEUE)
        cairn.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield cairn
    finally:
        cairn.stop()


def targets(cairn: Cairn, service: str) -> dict[str, Target]:
    """The way through the gateway, and the direct one."""
    administrator, runtime = cairn.folder.administrator(), cairn.folder.runtime()
    key = Credentials(administrator.access_key_id, administrator.secret_access_key)
    if service == "s3":
        engine = Credentials(runtime.s3_access_key_id, runtime.s3_secret_access_key)
        direct = urlsplit(runtime.s3_url)
    else:
        engine, direct = key, urlsplit(runtime.moto_url)
    extra = ((SECRET, runtime.moto_secret), (ACCOUNT, administrator.account)) if service != "s3" else ()
    return {
        "through": Target("127.0.0.1", cairn.port, key, service),
        "direct": Target(direct.hostname or "", direct.port or 0, engine, service, extra),
    }


def s3_requests(target: Target, method: str, connections: int, content: bytes) -> Requests:
    body = content if method == "PUT" else b""
    return [
        [target.request(method, f"/{BUCKET}/{number}/key-{key}", body) for key in range(KEYS)]
        for number in range(connections)
    ]


def json_requests(target: Target, operation: str, version: str, parameters: Any, connections: int) -> Requests:
    headers = [("content-type", f"application/x-amz-json-{version}"), ("x-amz-target", operation)]
    if target.headers:
        headers.append((OPERATION, operation.partition(".")[2]))
    return [[target.request("POST", "/", json.dumps(parameters).encode(), headers)]] * connections


CALLS = {
    "dynamodb GetItem": (
        "dynamodb",
        "DynamoDB_20120810.GetItem",
        "1.0",
        {"TableName": TABLE, "Key": {"id": {"S": "1"}}},
    ),
    "sqs ListQueues": ("sqs", "AmazonSQS.ListQueues", "1.0", {}),
    "sqs TagQueue": (
        "sqs",
        "AmazonSQS.TagQueue",
        "1.0",
        {"QueueUrl": f"http://localhost/000000000000/{QUEUE}", "Tags": {"a": "b"}},
    ),
}
"""JSON calls: a data event, a read, and a write, whose intent and outcome are both durable before its reply."""


def compare(
    cairn: Cairn, client: Client, name: str, ways: Mapping[str, Requests], service: str, options: Any
) -> Iterator[Figure]:
    """Both ways in turns: rates, and what the way through adds to a call's time."""
    groups = processes(cairn)
    engine = "buckets" if service == "s3" else "moto"
    rounds: dict[str, list[Measured]] = {way: [] for way in ways}
    cpu: dict[tuple[str, str], float] = {}
    for number in range(options.rounds + 1):
        for way, requests in ways.items():
            before = {group: sum(map(cpu_seconds, pids)) for group, pids in groups.items()}
            found = client.drive(targets(cairn, service)[way], requests, options.seconds if number else 0.3)
            assert found.failures == 0, f"{found.failures} calls of {name} failed {way}"
            if number:  # the first round only warms
                rounds[way].append(found)
                for group, pids in groups.items():
                    cpu[way, group] = cpu.get((way, group), 0.0) + sum(map(cpu_seconds, pids)) - before[group]
    through, direct = together(rounds["through"]), together(rounds["direct"])

    def spent(way: str, group: str, measured: Measured) -> str:
        return f"{cpu[way, group] / len(measured.latencies_ms) * 1e6:.0f}"

    note = (
        f"CPU us a call: gateway {spent('through', 'gateway', through)}, "
        f"journal {spent('through', 'journal', through)}, worker {spent('through', 'worker', through)}, "
        f"{engine} {spent('through', engine, through)} (direct {spent('direct', engine, direct)})"
    )
    goal = "" if service != "s3" else "0.6" if "none" in name else "0.4"
    yield Figure(name, through.rate, "calls/s", "direct", direct.rate, goal, note)
    for share in (0.5, 0.99):
        added = through.percentile(share) - direct.percentile(share)
        note = f"{through.percentile(share):.2f} ms, direct {direct.percentile(share):.2f} ms"
        yield Figure(
            f"  p{share * 100:.0f} added",
            added,
            "ms",
            goal="1 ms" if share == 0.5 and len(ways["direct"]) == 1 else "",
            note=note,
        )


def figures(folder: Path, client: Client, options: Any) -> Iterator[Figure]:
    """Every load, of every number of gateways, recording off and on."""
    for gateways, recording in itertools.product(options.gateways, options.recording):
        environment = {"CAIRN_RECORDING_DATA_EVENTS": recording, "CAIRN_SERVER_GATEWAYS": str(gateways)}
        with running(folder / f"{recording}-{gateways}", **environment) as cairn:
            label = f"data events {recording}, {gateways} gw"
            yield from s3_figures(cairn, client, label, options)
            if gateways == 1:
                yield from json_figures(cairn, client, label, options)


def s3_figures(cairn: Cairn, client: Client, label: str, options: Any) -> Iterator[Figure]:
    ways = targets(cairn, "s3")
    put_all = s3_requests(ways["direct"], "PUT", max(options.connections), bytes(options.bytes))
    assert client.drive(ways["direct"], put_all, 60.0, again=False).failures == 0
    for method, connections in itertools.product(("PUT", "GET"), options.connections):
        requests = {way: s3_requests(to, method, connections, bytes(options.bytes)) for way, to in ways.items()}
        yield from compare(cairn, client, f"S3 {method} x{connections}, {label}", requests, "s3", options)


def json_figures(cairn: Cairn, client: Client, label: str, options: Any) -> Iterator[Figure]:
    for name, (service, operation, version, parameters) in CALLS.items():
        for connections in options.connections:
            ways = targets(cairn, service)
            requests = {way: json_requests(to, operation, version, parameters, connections) for way, to in ways.items()}
            yield from compare(cairn, client, f"{name} x{connections}, {label}", requests, service, options)


def processes(cairn: Cairn) -> Mapping[str, list[int]]:
    """Process ids by what they are."""
    found: dict[str, list[int]] = {}
    for pid in cairn.children():
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        line = " ".join(words)
        for name, sign in (
            ("gateway", "cairn gateway "),
            ("worker", "cairn worker "),
            ("journal", "nats-server"),
            ("buckets", "weed "),
            ("moto", "moto.server"),
        ):
            if sign in line:
                found.setdefault(name, []).append(pid)
    return found


def options_of(arguments: Sequence[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="a round, each way")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--gateways", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--recording", nargs="+", default=["none", "all"])
    parser.add_argument("--bytes", type=int, default=1024)
    return parser.parse_args(arguments)


def main() -> None:
    options = options_of()
    print(HEAD)
    with tempfile.TemporaryDirectory() as name, client_process() as client:
        for figure in figures(Path(name), client, options):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
