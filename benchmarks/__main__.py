"""Every benchmark, briefly, as one table.

    make bench        or        python -m benchmarks [WORD ...]

Only those whose names begin with a WORD, if any is given. The scripts that start a whole Cairn give figures
themselves; of what the rooms' own scripts print, the lines that say most are taken. For a figure to quote, run its
script alone, for longer, on a quiet machine.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import cpu_count, getloadavg
from pathlib import Path

from benchmarks import alarm, events, freshness, gateway, intake, memory
from benchmarks.figures import HEAD, Figure
from benchmarks.load import Client, client_process

HERE = Path(__file__).parent
_V = r"(?P<value>[\d,.]+)"
_A = r"(?P<against>[\d,.]+)"


@dataclass(frozen=True)
class Taken:
    """What of a script's output becomes a figure."""

    name: str
    pattern: str
    """With a group `value`, and one `against` if its floor or rival is printed too. Of several matches, the largest."""
    unit: str
    against: str = ""
    goal: str = ""
    after: str = ""
    """Only what follows this text counts."""

    def figure(self, output: str) -> Figure:
        matches = [
            {name: float(text.replace(",", "")) for name, text in found.groupdict().items()}
            for found in re.finditer(self.pattern, output.partition(self.after)[2] if self.after else output, re.M)
        ]
        best = max(matches, key=lambda found: found["value"])
        return Figure(self.name, best["value"], self.unit, self.against, best.get("against"), self.goal)


SCRIPTS: Mapping[str, tuple[Sequence[str], Sequence[Taken]]] = {
    "journal": (
        ("--seconds", "0.5"),
        (
            Taken(
                "journal, batches of 100",
                rf"^floor +{_A} [^\n]*\njournal +{_V} ",
                "events/s",
                "parse, append, fsync",
                "0.5",
            ),
            Taken("journal, single events, 32 callers", rf"^single +{_V} events/s from 32", "events/s"),
        ),
    ),
    "history": (
        ("--events", "200000"),
        (
            Taken("history, intake with sealing", rf"^intake +{_V} events/s", "events/s"),
            Taken(
                "LookupEvents, worst attribute's p99",
                rf"^  [A-Z]\w+ +p50.*?p99 +{_V}  max",
                "ms",
                goal="5 ms",
                after="1,000 events/s coming in",
            ),
        ),
    ),
    "delivery": (
        ("--events", "50000"),
        (
            Taken(
                "log files, 1 trail",
                rf"^floor +{_A} [^\n]*\n1 trail +{_V} ",
                "events/s",
                "decode, hash, gzip",
                "30,000/s",
            ),
            Taken("log files, memory", rf"^memory.* {_V} MB", "MB"),
        ),
    ),
    "filters": (
        ("--seconds", "0.5"),
        (
            Taken(
                "metric filters, 100 on a group",
                rf"^sink +{_V} events/s\nnaive +{_A} ",
                "events/s",
                "pattern by pattern",
                "20,000/s",
            ),
        ),
    ),
    "event_patterns": (
        ("--seconds", "0.5", "--rules", "1000"),
        (
            Taken(
                "event patterns, 1,000 rules on a bus",
                rf"^ +1,000 rules, [\d.]+ match: cairn +{_V} events/s +moto +{_A} ",
                "events/s",
                "moto",
                "50",
            ),
        ),
    ),
    "logs": (
        ("--seconds", "0.4"),
        (
            Taken(
                "PutLogEvents' store, 100 events a put",
                rf"^floor +{_A} [^\n]*\nput +{_V} ",
                "events/s",
                "parse, SQLite insert",
            ),
            Taken("log events read by time", rf"^read +{_V} events/s", "events/s"),
        ),
    ),
    "records": ((), (Taken("records composed, S3 GetObject", rf"^compose s3 GetObject +{_V} /s", "calls/s"),)),
    "sigv4": (
        ("--seconds", "0.5", "--megabytes", "64"),
        (
            Taken(
                "signatures verified",
                rf"^verify, header +{_V} /s\n(?:.*\n)*botocore signs +{_A} /s",
                "calls/s",
                "botocore signs",
            ),
        ),
    ),
    "wire": (
        (
            "--seconds",
            "0.3",
        ),
        (
            Taken("S3 PutObject parsed", rf"^S3 PutObject +\S+ +\S+ +{_V} +{_A} ", "calls/s", "moto's parser"),
            Taken("ListUsers' reply read", rf"^ListUsers +\S+ +{_V} +{_A} ", "calls/s", "botocore's parser"),
        ),
    ),
    "s3": (
        ("--seconds", "3"),
        (
            Taken("S3 GET, owners and policies", rf"^GET direct +{_A} /s\nGET through +{_V} /s", "calls/s", "none"),
            Taken(
                "S3 PUT, owners, checksum, durable name",
                rf"^PUT direct +{_A} /s\n(?:.*\n)PUT durable +{_V} /s",
                "calls/s",
                "none",
            ),
        ),
    ),
}


def of_script(name: str) -> Iterator[Figure]:
    arguments, taken = SCRIPTS[name]
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=HERE.parent).stdout
    for what in taken:
        yield what.figure(output)


def of_cairn(name: str, folder: Path, client: Client) -> Iterator[Figure]:
    """Those that start a whole one."""
    if name == "gateway":
        brief = ["--seconds", "0.7", "--rounds", "2"]
        return itertools.chain(
            gateway.figures(folder, client, gateway.options_of([*brief, "--gateways", "1"])),
            gateway.figures(folder, client, gateway.options_of([*brief, "--gateways", "2", "--connections", "16"])),
        )
    if name == "intake":
        return intake.figures(folder, client, intake.options_of(["--seconds", "1", "--rounds", "2"]))
    if name == "alarm":
        return alarm.figures(folder, alarm.options_of(["--calls", "3"]))
    if name == "events":
        return itertools.chain(
            events.figures(folder, events.options_of(["--to", "group"])),
            events.figures(folder, events.options_of(["--to", "queue"])),
        )
    if name == "freshness":
        return freshness.figures(folder, freshness.options_of([]))
    return memory.figures(folder, client, memory.options_of(["--seconds", "1"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD")
    words = tuple(parser.parse_args().words)
    known = ("gateway", "intake", "freshness", "alarm", "events", "memory", *SCRIPTS)
    names = [name for name in known if name.startswith(words or "")]
    print(f"{cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load {getloadavg()[0]:.1f}")
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder, client_process() as client:
        for name in names:
            found = of_script(name) if name in SCRIPTS else of_cairn(name, Path(folder), client)
            for figure in found:
                print(figure, flush=True)


if __name__ == "__main__":
    main()
