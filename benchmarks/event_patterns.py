"""How fast the rules of an event bus are matched: events a second on one core, with 1 to 10,000 rules, beside moto.

python -m benchmarks.event_patterns [--records FOLDER of genuine log files] [--seconds 2] [--rules 1 100 1000 10000]

An event is decoded from its JSON and all rules are asked for it. The floor decodes alone. moto asks rule by rule, and
gets the event decoded already; it sees fewer events where there are many rules, since it takes long.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.filters import NAMES
from benchmarks.filters import rate as fastest
from benchmarks.filters import records as made_up
from moto.events.models import EventPattern as MotoPattern

from cairn.eventbridge.patterns import compile_rules, parse_pattern

RULES = (1, 100, 1_000, 10_000)
MOTO_ASKS_MAX = 40_000
"""How often moto is asked a pattern in one pass."""


def patterns(count: int, sent: Sequence[bytes]) -> list[str]:
    """As accounts have them: most name a service and some calls; others look at who calls, from where, with what. Half
    of the names are those of calls that are there."""
    dice = random.Random(count)
    details = [msgspec.json.decode(event)["detail"] for event in sent]
    there = sorted({(each["eventSource"].partition(".")[0], each["eventName"]) for each in details})
    return [json.dumps(_pattern(dice, there, number)) for number in range(count)]


def _pattern(dice: random.Random, there: Sequence[tuple[str, str]], number: int) -> dict[str, Any]:
    service, call = dice.choice(there)
    envelope: dict[str, Any] = {"source": [f"aws.{service}"], "detail-type": ["AWS API Call via CloudTrail"]}
    calls = dice.sample(NAMES, dice.randint(1, 4)) + [call] * (number % 2)
    kind = number % 20
    if kind < 12:
        return envelope | {"detail": {"eventSource": [f"{service}.amazonaws.com"], "eventName": calls}}
    more: dict[int, dict[str, Any]] = {
        12: {"eventName": [{"prefix": f"{calls[0][:6]}"}], "awsRegion": [f"eu-west-{dice.randint(1, 99)}"]},
        13: {"errorCode": [{"exists": True}], "userIdentity": {"arn": [{"suffix": f"/role-{number}"}]}},
        14: {"userIdentity": {"sessionContext": {"sessionIssuer": {"userName": [f"role-{number}"]}}}},
        15: {"requestParameters": {"roleArn": [{"wildcard": f"arn:aws:iam::*:role/app-{number}-*"}]}},
        16: {"eventName": calls, "userIdentity": {"type": [{"anything-but": ["AWSService", "Root"]}]}},
        17: {"sourceIPAddress": [{"cidr": f"10.{number % 250}.0.0/16"}], "eventName": calls},
        18: {"$or": [{"eventName": calls}, {"errorCode": [{"prefix": "AccessDenied"}], "awsRegion": ["eu-north-1"]}]},
        19: {"requestParameters": {"maxResults": [{"numeric": [">", number, "<=", number + 5]}]}},
    }
    return envelope | {"detail": more[kind]}


def events(folder: Path | None) -> list[bytes]:
    """What trails send to buses, of genuine records or of some that look so."""
    return [
        json.dumps(
            {
                "version": "0",
                "id": record["eventID"],
                "detail-type": "AWS API Call via CloudTrail",
                "source": "aws." + record["eventSource"].partition(".")[0],
                "account": "111122223333",
                "time": record["eventTime"],
                "region": record["awsRegion"],
                "resources": [],
                "detail": record,
            }
        ).encode()
        for record in map(json.loads, made_up(folder))
    ]


def measure(count: int, sent: Sequence[bytes], seconds: float) -> tuple[float, float, float, float]:
    """Seconds to compile, matches an event, events a second, and moto's."""
    texts = patterns(count, sent)
    parsed = {number: parse_pattern(text) for number, text in enumerate(texts)}
    begin = time.process_time()
    matcher = compile_rules(parsed)
    compiled = time.process_time() - begin
    matches = sum(len(matcher.match_text(event)) for event in sent)

    def cairn() -> None:
        for event in sent:
            matcher.match_text(event)

    rivals = [MotoPattern.load(text) for text in texts]
    step = max(1, len(sent) * count // MOTO_ASKS_MAX)
    decoded = [json.loads(event) for event in itertools.islice(sent, 0, None, step)]

    def moto() -> None:
        for event in decoded:
            for rival in rivals:
                rival.matches_event(event)

    return compiled, matches / len(sent), fastest(cairn, len(sent), seconds), fastest(moto, len(decoded), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--rules", type=int, nargs="+", default=list(RULES))
    options = parser.parse_args()
    sent = events(options.records)

    def floor() -> None:
        for event in sent:
            msgspec.json.decode(event)

    print(f"{len(sent):,} events of {sum(map(len, sent)) / len(sent):,.0f} bytes")
    print(f"floor {fastest(floor, len(sent), options.seconds):>12,.0f} events/s decoded")
    for count in options.rules:
        compiled, matches, ours, motos = measure(count, sent, options.seconds)
        print(
            f"{count:>6,} rules, {matches:.2f} match: cairn {ours:>9,.0f} events/s   moto {motos:>9,.1f}   "
            f"ratio {ours / motos:>8,.1f}   compiled in {1000 * compiled:,.0f} ms"
        )


if __name__ == "__main__":
    main()
