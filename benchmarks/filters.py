"""How fast metric filters look at log events: events a second on one core, 100 filters on one log group.

python benchmarks/filters.py [--records FOLDER of genuine log files] [--seconds 2]

The work is the sink's without its disk: unpack puts, decode each record, ask the filters, sum up the data of metrics.
The floor unpacks and decodes alone. The naive way asks each pattern by itself, and each decodes the record anew.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from cairn.cloudwatch.logs import GroupId, LogBatch, LogEvent
from cairn.cloudwatch.logs.events import pack, unpack_events
from cairn.cloudwatch.metric_filters.definition import Definition, MetricFilter
from cairn.cloudwatch.metric_filters.evaluation import Filter, GroupFilters, Tally
from cairn.cloudwatch.patterns import Message, compile_pattern

FILTERS = 100
EVENTS_A_PUT = 50
GROUP = GroupId("111122223333", "us-east-1", "trail")

NAMES = [
    f"{verb}{noun}"
    for verb in ("Create", "Delete", "Put", "Attach", "Detach", "Update", "Get", "List", "Describe", "Run", "Stop")
    for noun in ("User", "Role", "RolePolicy", "Trail", "Bucket", "BucketPolicy", "Key", "Vpc", "Route", "Instances")
]
OTHERS = (
    '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }',
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
    '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) || ($.eventName = ScheduleKeyDeletion)) }",
    "{ $.requestParameters.instanceType = *.8xlarge }",
    '{ $.sourceIPAddress != 10.* && $.userIdentity.type = "IAMUser" && $.eventName = Delete* }',
    "AccessDenied -s3",
)


def patterns() -> list[str]:
    """As accounts have them: most of them list names of calls; some look for refusals, root, sign-ins, texts."""
    dice = random.Random(1)
    listed = [
        "{ " + " || ".join(f"($.eventName = {name})" for name in dice.sample(NAMES, dice.randint(3, 16))) + " }"
        for _ in range(FILTERS - len(OTHERS))
    ]
    return [*OTHERS, *listed]


def records(folder: Path | None) -> list[str]:
    """Genuine ones, or some that look so."""
    if folder is not None:
        found = [json.loads(path.read_bytes())["Records"] for path in sorted(folder.glob("*.json"))]
        return [json.dumps(record, separators=(",", ":")) for record in itertools.chain(*found)]
    dice = random.Random(2)
    return [json.dumps(_record(dice), separators=(",", ":")) for _ in range(2_000)]


def _record(dice: random.Random) -> dict[str, object]:
    refused = {"errorCode": "AccessDenied", "errorMessage": "no"} if dice.random() < 0.02 else {}
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROA{dice.getrandbits(60)}:session",
            "arn": f"arn:aws:sts::111122223333:assumed-role/role-{dice.randint(1, 20)}/session",
            "accountId": "111122223333",
            "accessKeyId": f"ASIA{dice.getrandbits(60)}",
            "sessionContext": {"attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"}},
        },
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": dice.choice(NAMES),
        "awsRegion": "us-east-1",
        "sourceIPAddress": f"192.0.2.{dice.randint(1, 250)}",
        "userAgent": "aws-cli/2.13 Python/3.11",
        "requestParameters": {f"name{number}": "value" * dice.randint(1, 8) for number in range(6)},
        "responseElements": {f"name{number}": dice.getrandbits(60) for number in range(6)},
        "requestID": f"{dice.getrandbits(120):032x}",
        "eventID": f"{dice.getrandbits(120):032x}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
    } | refused


def puts(messages: Sequence[str]) -> list[bytes]:
    """Packed, a minute of events in all."""
    events = [
        LogEvent(1_700_000_000_000 + 60_000 * number // len(messages), text) for number, text in enumerate(messages)
    ]
    return [pack(events[first : first + EVENTS_A_PUT]) for first in range(0, len(events), EVENTS_A_PUT)]


def rate(work: Callable[[], None], events: int, seconds: float) -> float:
    """Events a second of the processor's time, by the best of its passes."""
    best, ends = 0.0, time.perf_counter() + seconds
    while not best or time.perf_counter() < ends:
        begin = time.process_time()
        work()
        best = max(best, events / (time.process_time() - begin))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    options = parser.parse_args()
    messages = records(options.records)
    packed = puts(messages)
    texts = patterns()
    compiled = [compile_pattern(text) for text in texts]

    def floor() -> None:
        for content in packed:
            for event in unpack_events(content):
                msgspec.json.decode(event.message)

    def sink() -> None:
        filters, tally = GroupFilters([_filter(number, text) for number, text in enumerate(texts)]), Tally()
        for seq, content in enumerate(packed):
            filters.look_at(LogBatch(seq, GROUP, 1, "stream", 1_700_000_000_000, unpack_events(content)), tally)
        for datum in tally.data():
            datum.summary()

    def naive() -> None:
        for content in packed:
            for event in unpack_events(content):
                for pattern in compiled:
                    pattern.matches(Message(event.message))

    counted, tally = GroupFilters([_filter(number, text) for number, text in enumerate(texts)]), Tally()
    for content in packed:
        counted.look_at(LogBatch(0, GROUP, 1, "stream", 1_700_000_000_000, unpack_events(content)), tally)
    matches = sum(sum(datum.counts) for datum in tally.data())
    size = sum(map(len, messages)) / len(messages)
    print(
        f"{len(messages):,} records of {size:,.0f} characters, {FILTERS} filters, {matches / len(messages):.1f} match"
    )
    for name, work in (("floor", floor), ("sink", sink), ("naive", naive)):
        print(f"{name:<8}{rate(work, len(messages), options.seconds):>12,.0f} events/s")


def _filter(number: int, pattern: str) -> Filter:
    definition = Definition(
        name=f"f{number}", pattern=pattern, regexes=0, namespace="Security", metric=f"m{number}", value="1"
    )
    return Filter(MetricFilter(row=number, group=GROUP, group_row=1, definition=definition, created_ms=0, since=0))


if __name__ == "__main__":
    main()
